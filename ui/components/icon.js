// One of the icons, beside what it stands for.
import { icon } from "icons";

export default {
  props: { name: String, size: Number },
  render() {
    return icon(this.name, this.size);
  },
};
