// A sentence whose times are in the reader's time zone.
import { h } from "vue";
import { breaking } from "breaking";
import { localised } from "local_times";

export default {
  props: { tag: String, sentence: String },
  render() {
    const parts = localised(this.sentence);
    return h(this.tag, parts.flatMap((part) => (typeof part === "string" ? breaking(part) : [part])));
  },
};
