// A field for one day, which emits each day that is chosen.
import { h } from "vue";

export default {
  props: { label: String, day: String },
  data() {
    return { chosen: this.day };
  },
  methods: {
    choose(event) {
      if (!event.target.value) return;
      this.chosen = event.target.value;
      this.$emit("day", this.chosen);
    },
  },
  render() {
    return h("div", { class: "field" }, [
      h("label", { for: "day-field" }, this.label),
      h("input", {
        id: "day-field",
        type: "date",
        value: this.chosen,
        onChange: this.choose,
      }),
    ]);
  },
};
