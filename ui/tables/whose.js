// Somebody in a list in which people are let in and shut out: the name as it is drawn there, what
// tells them from others of that look, and what else there is to say. Controls that are named by
// somebody's name are described by the email, whose element has the id `emailOf(key)`.
import { h } from "vue";
import { mixedChip } from "avatar";
import { breaking } from "breaking";

export const emailOf = (key) => `email-${key}`;

export function whose(name, { email, mixed }, more, key) {
  const id = key ? emailOf(key) : null;
  return h("div", { class: "who-words" }, [
    h("div", [name, " ", mixedChip(mixed)]),
    email && h("bdi", { id, class: "isolate small muted" }, breaking(email)),
    more,
  ]);
}
