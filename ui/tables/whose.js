// Somebody in a list in which people are let in and shut out: the name as it is drawn there, what
// tells them from others of that look, and what else there is to say.
import { h } from "vue";
import { mixedChip } from "avatar";
import { breaking } from "breaking";

export function whose(name, { email, mixed }, more) {
  return h("div", { class: "who-words" }, [
    h("div", [name, " ", mixedChip(mixed)]),
    email && h("bdi", { class: "isolate small muted" }, breaking(email)),
    more,
  ]);
}
