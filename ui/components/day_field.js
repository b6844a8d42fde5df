// A field for one day, which tells each day that is chosen.
import { h } from "vue";

export default {
  props: { label: String, day: String },
  render() {
    return h("div", { class: "field" }, [
      h("label", { for: "day-field" }, this.label),
      h("input", {
        id: "day-field",
        type: "date",
        value: this.day,
        onChange: (event) => event.target.value && this.$emit("day", event.target.value),
      }),
    ]);
  },
};
