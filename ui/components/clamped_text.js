// A text of which its first lines show, and all of it to whoever wants it. Screen readers have all of
// it in any case.
import { h } from "vue";

export const ClampedText = {
  props: { name: String, words: String },
  data() {
    return { isLong: false, isOpen: false };
  },
  mounted() {
    this.sizes = new ResizeObserver(() => this.measure());
    this.sizes.observe(this.$refs.words);
  },
  updated() {
    this.measure();
  },
  unmounted() {
    this.sizes.disconnect();
  },
  methods: {
    measure() {
      const { scrollHeight, clientHeight } = this.$refs.words;
      if (!this.isOpen) this.isLong = scrollHeight > clientHeight + 1; // a part of a pixel is none
    },
  },
  render() {
    const id = `text-${this.name.replaceAll(" ", "-")}`; // ids have no spaces
    const about = h("span", { class: "visually-hidden" }, ` of ${this.name}`);
    const toggle = () => (this.isOpen = !this.isOpen);
    return [
      h("p", { ref: "words", id, class: ["lines", { clamped: !this.isOpen }], dir: "auto" }, this.words),
      this.isLong &&
        h(
          "button",
          {
            type: "button",
            class: "btn btn-quiet btn-small",
            "aria-expanded": String(this.isOpen),
            "aria-controls": id,
            onClick: toggle,
          },
          [this.isOpen ? "Show less" : "Show all", about],
        ),
    ];
  },
};
