// The mark of a task's status: a dashed ring, a half ring, a barred ring, a filled check.
import { icon } from "icons";

const NAMES = { not_started: "ring", in_progress: "half", blocked: "barred", done: "filled" };
const FILLED = { fill: "currentColor", "fill-rule": "evenodd", stroke: "none" };

export function mark(status) {
  const name = NAMES[status] ?? "ring";
  const look = ["half", "filled"].includes(name) ? FILLED : {};
  return icon(name, 16, { class: `task-mark task-mark-${status}`, ...look });
}
