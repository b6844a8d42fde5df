// A sentence whose times are those of the reader's own clock.
import { h } from "vue";
import { localised } from "local_times";

export default {
  props: { tag: String, sentence: String },
  render() {
    return h(this.tag, localised(this.sentence));
  },
};
