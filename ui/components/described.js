// What a group or a task is about, folded below its title.
import { h } from "vue";

export function described({ title, description }) {
  if (!description) return null;
  const label = { class: "small", "aria-label": `Description of ${title}` };
  return h("details", { class: "described" }, [
    h("summary", label, "Description"),
    h("p", { class: "lines", dir: "auto" }, description),
  ]);
}
