// A sentence whose times are in the reader's time zone.
import { h } from "vue";
import { localised } from "local_times";

export default {
  props: { tag: String, sentence: String },
  render() {
    return h(this.tag, localised(this.sentence));
  },
};
