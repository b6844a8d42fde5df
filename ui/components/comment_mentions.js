// Mentions in a comment. After an @ the POC's active members are offered, filtered by what is typed
// next: arrows mark one, Enter or Tab inserts the name, Escape closes the list. The comment's text
// alone says who is mentioned.
import { h, nextTick } from "vue";

const MOST = 8; // people offered at once
const TYPED = /(?:^|[^\p{L}\p{N}@])@([\p{L}\p{M}\p{N}.'’-]*(?: [\p{L}\p{M}\p{N}.'’-]*){0,3})$/u;

const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function found(view) {
  if (!view.mention) return [];
  const words = folded(view.mention.words);
  const matches = ({ name, detail }) =>
    folded(name).startsWith(words) ||
    folded(name).split(" ").some((word) => word.startsWith(words)) ||
    detail.startsWith(words);
  return view.people.filter(matches).slice(0, MOST);
}

// Finds out from the text before the caret whether a mention is being typed.
export function typed(view, area) {
  const before = area.value.slice(0, area.selectionStart);
  const match = TYPED.exec(before);
  const words = match?.[1];
  const isWhole = words && view.people.some(({ name }) => words === name || words.startsWith(`${name} `));
  view.mention = match && !isWhole ? { words, from: before.length - words.length, at: 0 } : null;
}

export function forget(view) {
  view.mention = null;
}

// The text field's attributes while people are offered.
export function mentioning(view) {
  const people = found(view);
  const marked = people[view.mention?.at];
  return {
    "aria-autocomplete": "list",
    "aria-haspopup": "listbox",
    "aria-controls": people.length ? "comment-people" : null,
    "aria-activedescendant": marked ? `mention-${marked.id}` : null,
  };
}

// Handles a key while people are offered; returns whether it was used.
export function pressed(view, event) {
  const people = found(view);
  if (!people.length || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false;
  const at = Math.min(view.mention.at, people.length - 1);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) view.mention = { ...view.mention, at: (at + step + people.length) % people.length };
  else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) take(view, people[at]);
  else if (event.key === "Escape") forget(view);
  else return false;
  event.preventDefault();
  return true;
}

function take(view, person) {
  const { from, words } = view.mention;
  const area = view.$refs.words;
  const after = view.words.slice(from + words.length);
  const before = `${view.words.slice(0, from)}${person.name} `;
  view.words = before + after.replace(/^ /, "");
  forget(view);
  nextTick(() => {
    area.focus();
    area.setSelectionRange(before.length, before.length);
  });
}

export function list(view) {
  const people = found(view);
  const at = Math.min(view.mention?.at ?? 0, people.length - 1);
  return [
    h("span", { class: "visually-hidden", role: "status" }, status(view, people)),
    people.length > 0 &&
      h(
        "ul",
        { class: "people-list mention-list", role: "listbox", id: "comment-people", "aria-label": "Mention" },
        people.map((person, index) =>
          h(
            "li",
            {
              key: person.id,
              id: `mention-${person.id}`,
              role: "option",
              class: { "is-active": index === at },
              "aria-selected": String(index === at),
              onPointerdown: (event) => event.preventDefault(),
              onClick: () => take(view, person),
            },
            [h("bdi", person.name), h("bdi", { class: "muted" }, person.detail)],
          ),
        ),
      ),
  ];
}

function status(view, people) {
  if (!view.mention) return "";
  return people.length === 1 ? "1 person to mention" : `${people.length} people to mention`;
}
