// Prints the page.
import { h } from "vue";

export default {
  render() {
    return h("button", { type: "button", class: "btn", onClick: () => window.print() }, "Print");
  },
};
