// A button that opens a menu (WAI-ARIA Authoring Practices): arrows, Home and End go through it,
// Escape and a click elsewhere close it.
import { h } from "vue";
import { listen } from "live_socket";

export default {
  props: {
    label: String,
    items: Array, // of each: its value, its label
    some: Object, // by an item's value: whether there is anything that it is about
    event: String, // tells that anew
  },
  data() {
    return { open: false, now: this.some };
  },
  watch: {
    some(some) {
      this.now = some;
    },
  },
  mounted() {
    this.stop = this.event && listen({ [this.event]: ({ some }) => (this.now = some) });
    document.addEventListener("click", this.outside);
  },
  unmounted() {
    this.stop?.();
    document.removeEventListener("click", this.outside);
  },
  render() {
    const button = {
      ref: "button",
      type: "button",
      class: "btn menu-button",
      "aria-haspopup": "menu",
      "aria-expanded": String(this.open),
      onClick: () => (this.open ? this.close() : this.show(0)),
      onKeydown: (event) => {
        if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
        event.preventDefault();
        this.show(event.key === "ArrowDown" ? 0 : -1);
      },
    };
    return h("div", { class: "menu menu-end", onFocusout: this.left }, [
      h("button", button, this.label),
      this.open &&
        h(
          "div",
          { ref: "panel", class: "menu-panel", role: "menu", "aria-label": this.label, onKeydown: this.pressed },
          this.items.filter(([value]) => this.now?.[value] !== false).map(([value, label]) =>
            h(
              "button",
              {
                key: value,
                type: "button",
                class: "menu-item",
                role: "menuitem",
                tabindex: -1,
                onClick: () => this.choose(value),
              },
              label,
            ),
          ),
        ),
    ]);
  },
  methods: {
    show(at) {
      this.open = true;
      this.$nextTick(() => this.entries().at(at)?.focus());
    },
    close() {
      this.open = false;
      this.$refs.button.focus();
    },
    entries() {
      return [...(this.$refs.panel?.children ?? [])];
    },
    choose(value) {
      this.close();
      this.$emit("choose", value);
    },
    pressed(event) {
      const entries = this.entries();
      const at = entries.indexOf(document.activeElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
      if (to !== undefined) {
        event.preventDefault();
        entries.at(to % entries.length).focus();
      } else if (event.key === "Escape") {
        event.preventDefault();
        this.close();
      }
    },
    left(event) {
      if (event.relatedTarget && !this.$el.contains(event.relatedTarget)) this.open = false;
    },
    outside(event) {
      if (!this.$el.contains(event.target)) this.open = false;
    },
  },
};
