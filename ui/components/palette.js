// "Go to or do": finds people, pages and acts while one types. Ctrl+K or ⌘K opens it.
import { h } from "vue";
import { icon } from "icons";
import { hue, initials } from "table_rows";

const PAUSE = 120; // ms of quiet before words are sent
const NAME = "Go to or do";
const FIELD = "A person, a page or an act";
const LIST = "palette-list";
const SIGNS = { POCs: "page", Templates: "page", Organisations: "people" };

export default {
  emits: ["find"],
  data: () => ({
    isOpen: false,
    words: "",
    groups: [], // of the last answer: {label, offers}
    at: 0, // the number of the offer that Enter takes
    person: null, // the person who was marked last: their acts are offered, too
    isLoading: false,
    error: "",
  }),
  created() {
    this.seq = 0;
    this.hasty = null; // the Enter that came before the answer
  },
  mounted() {
    document.addEventListener("keydown", this.pressed);
  },
  unmounted() {
    document.removeEventListener("keydown", this.pressed);
    clearTimeout(this.typing);
  },
  computed: {
    // The offers: what was found by name, then the acts on the marked person.
    shown() {
      const { person, groups } = this;
      if (!person?.acts.length) return groups;
      const first = groups.findIndex(({ label }) => label === "Pages" || label === "Acts");
      const at = first < 0 ? groups.length : first;
      return groups.toSpliced(at, 0, { label: `Acts on ${person.label}`, offers: person.acts });
    },
    offers() {
      return this.shown.flatMap(({ offers }) => offers);
    },
  },
  render() {
    return this.isOpen ? palette(this) : null;
  },
  methods: {
    pressed(event) {
      const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
      if (key.toLowerCase() !== "k" || !(ctrlKey || metaKey) || altKey || shiftKey) return;
      event.preventDefault(); // some browsers open their own search with it
      if (this.isOpen) this.$refs.dialog.close();
      else if (!document.querySelector("dialog[open]")) this.open();
    },
    open() {
      Object.assign(this, { isOpen: true, words: "", groups: [], at: 0, person: null });
      this.hasty = null;
      this.ask();
    },
    typed(words) {
      this.seq += 1; // what is shown, or on its way, is about other words
      Object.assign(this, { words, isLoading: true });
      this.hasty = null;
      clearTimeout(this.typing);
      this.typing = setTimeout(this.ask, PAUSE);
    },
    ask() {
      this.seq += 1;
      this.isLoading = true;
      this.$emit("find", { words: this.words, seq: this.seq });
    },
    found(seq, groups, error) {
      if (seq !== this.seq || !this.isOpen) return;
      Object.assign(this, { groups, error, isLoading: false, person: null });
      this.mark(0);
      if (this.hasty) this.take(this.offers[0], this.hasty);
      this.hasty = null;
    },
    mark(at) {
      this.at = at;
      const offer = this.offers[at];
      if (offer?.acts) this.person = offer;
      this.$nextTick(() => document.getElementById(`palette-${at}`)?.scrollIntoView({ block: "nearest" }));
    },
    move(step) {
      const count = this.offers.length;
      this.hasty = null;
      if (count) this.mark((this.at + step + count) % count);
    },
    key(event) {
      const steps = { ArrowDown: 1, ArrowUp: -1 };
      if (event.isComposing) return;
      if (steps[event.key]) this.move(steps[event.key]);
      else if (event.key !== "Enter") return;
      else if (this.isLoading) this.hasty = event; // it means the first of what is coming
      else this.take(this.offers[this.at], event);
      event.preventDefault();
    },
    take(offer, { ctrlKey, metaKey }) {
      if (!offer) return;
      this.$refs.dialog.close();
      if (ctrlKey || metaKey) window.open(offer.url, "_blank", "noopener");
      else location.assign(offer.url);
    },
  },
};

function palette(own) {
  const attributes = {
    ref: "dialog",
    class: "dialog palette",
    "aria-label": NAME,
    onClose: () => (own.isOpen = false),
    onClick: ({ target, currentTarget }) => target === currentTarget && currentTarget.close(),
    onVnodeMounted: ({ el }) => el.showModal(),
  };
  return h("dialog", attributes, [
    h("div", { class: "palette-field" }, [icon("search", 16), field(own), h("kbd", "Esc")]),
    list(own),
    h("p", { class: "visually-hidden", role: "status" }, said(own)),
    h("div", { class: "palette-keys", "aria-hidden": "true" }, [
      h("span", [h("kbd", "↑"), h("kbd", "↓"), "choose"]),
      h("span", [h("kbd", "↵"), "open"]),
      h("span", [h("kbd", "Ctrl"), h("kbd", "↵"), "in a new tab"]),
    ]),
  ]);
}

function field(own) {
  return h("input", {
    type: "text",
    role: "combobox",
    autofocus: true,
    autocomplete: "off",
    spellcheck: "false",
    maxlength: 200,
    placeholder: FIELD,
    value: own.words,
    "aria-label": FIELD,
    "aria-autocomplete": "list",
    "aria-expanded": String(own.offers.length > 0),
    "aria-controls": LIST,
    "aria-activedescendant": own.offers.length ? `palette-${own.at}` : null,
    onInput: ({ target }) => own.typed(target.value),
    onKeydown: own.key,
  });
}

function said({ isLoading, error, offers }) {
  if (isLoading) return "";
  if (error) return error;
  return offers.length === 1 ? "1 result" : `${offers.length} results`;
}

function list(own) {
  let at = -1;
  const groups = own.shown.map(({ label, offers }, number) =>
    h("div", { key: label, role: "group", "aria-labelledby": `palette-group-${number}` }, [
      h("div", { id: `palette-group-${number}`, class: "palette-group" }, label),
      offers.map((offer) => item(own, label, offer, (at += 1))),
    ]),
  );
  const none = own.error || (own.isLoading ? "" : "Nothing is called so. Try fewer letters.");
  return h("div", { class: "palette-list" }, [
    h("div", { id: LIST, role: "listbox", "aria-label": NAME }, groups),
    groups.length ? null : h("p", { class: "palette-none muted" }, none),
  ]);
}

function item(own, group, offer, at) {
  const attributes = {
    id: `palette-${at}`,
    key: offer.url,
    role: "option",
    class: "palette-offer",
    "aria-selected": String(at === own.at),
    onMousemove: () => at !== own.at && own.mark(at),
    onClick: (event) => own.take(offer, event),
  };
  return h("div", attributes, [
    offer.id ? avatar(offer) : icon(offer.sign ?? SIGNS[group] ?? "open", 16),
    h("bdi", { class: "palette-name" }, marked(offer.label, own.words)),
    offer.note ? h("span", { class: "palette-note" }, offer.note) : null,
  ]);
}

function avatar({ id, label, online }) {
  return h("span", { class: "avatar", style: { "--hue": hue(id) }, "aria-hidden": "true" }, [
    initials(label),
    online ? h("span", { class: "online" }) : null,
  ]);
}

// Marks the typed letters in the name, if the name has exactly these.
function marked(name, words) {
  const word = words.trim().split(/\s+/u)[0];
  const at = word ? name.toLowerCase().indexOf(word.toLowerCase()) : -1;
  if (at < 0) return name;
  const end = at + word.length;
  return [name.slice(0, at), h("mark", name.slice(at, end)), name.slice(end)];
}
