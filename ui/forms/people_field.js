// A field to choose one person or several. The server finds people while one types. It is a
// combobox (WAI-ARIA Authoring Practices), and its list is drawn above the dialog.

import { avatar } from "avatar";

const TYPING = 200; // ms without input until the search is sent
const GREYED = 2_000; // ms for which somebody who can't be chosen any more stays in the list
const GAP = 4; // px between the field and its list

const face = ({ person }) => avatar(person.id, person.name, { ...person, look: "avatar-small" });
face.props = ["person"];

export default {
  components: { face },
  template: `
  <div class="people-field">
    <ul v-if="many && chosen.length" class="people-chosen" :aria-label="field.label">
      <li v-for="person in chosen" :key="person.id" class="chip">
        <span class="people-who"><bdi>{{ person.name }}</bdi> <bdi v-if="person.detail">{{ person.detail }}</bdi></span>
        <button type="button" :aria-label="'Remove ' + inWords(person)" @click="remove(person)">×</button>
      </li>
    </ul>
    <input ref="input" type="text" role="combobox" dir="auto" spellcheck="false" v-bind="control"
           :aria-describedby="describedBy" aria-autocomplete="list" :aria-expanded="open ? 'true' : 'false'"
           :aria-controls="control.id + '-people'"
           :aria-activedescendant="open && shown[active] ? idOf(shown[active]) : null"
           v-model="text" @input="typed" @click="show" @focus="entered" @blur="leave"
           @keydown="pressed">
    <p v-if="email" class="field-help" :id="control.id + '-email'"><bdi>{{ email }}</bdi></p>
    <ul ref="list" class="people-list" :role="shown.length ? 'listbox' : 'group'" popover="manual" :id="control.id + '-people'"
        :aria-label="field.label">
      <li v-for="(person, index) in shown" :key="person.id" :id="idOf(person)" role="option"
          :class="{ 'is-active': index === active }" :aria-selected="isChosen(person)"
          :aria-disabled="person.gone ? 'true' : null"
          @pointerdown.prevent @pointermove="active = index" @click="choose(person)">
        <face :person="person"></face>
        <bdi>{{ person.name }}</bdi><bdi class="muted">{{ person.gone ? 'Inactive' : person.detail }}</bdi>
        <span v-if="person.note" class="people-note">{{ person.note }}</span>
      </li>
      <li v-if="answer && !shown.length" class="muted" role="presentation">Nobody active is called so.</li>
      <li v-if="answer?.hasMore" class="muted" role="presentation">Type on to find others.</li>
    </ul>
    <span class="visually-hidden" role="status">{{ status }}</span>
  </div>`,
  props: { field: Object, control: Object, modelValue: [Object, Array], answer: Object },
  emits: ["update:modelValue", "search", "blur"],
  data() {
    return { text: "", words: "", open: false, active: 0, leaving: [], told: "" };
  },
  created() {
    this.tidy();
  },
  mounted() {
    for (const event of ["scroll", "resize"]) window.addEventListener(event, this.place, true);
  },
  unmounted() {
    clearTimeout(this.typing);
    clearTimeout(this.greyed);
    for (const event of ["scroll", "resize"]) window.removeEventListener(event, this.place, true);
  },
  watch: {
    modelValue: "tidy",
    answer(now, before) {
      const here = new Set((now?.people ?? []).map((person) => person.id));
      const left = this.open ? (before?.people ?? []).filter((person) => !here.has(person.id)) : [];
      // Only people whom the same words found before: otherwise these are results of another
      // search.
      this.leaving = before?.words === now?.words ? left : [];
      if (this.isWaiting && !this.isStale) this.chooseActive();
      this.active = Math.min(this.active, Math.max(this.shown.length - 1, 0));
      clearTimeout(this.greyed);
      this.greyed = setTimeout(() => (this.leaving = []), GREYED);
      this.$nextTick(this.place);
    },
  },
  computed: {
    many() {
      return this.field.kind === "people";
    },
    chosen() {
      return [this.modelValue ?? []].flat();
    },
    // Tells whoever is chosen from others of the same name.
    email() {
      return this.many ? "" : this.modelValue?.detail;
    },
    describedBy() {
      const described = this.control["aria-describedby"];
      return this.email ? `${this.control.id}-email ${described}` : described;
    },
    shown() {
      const gone = this.leaving.map((person) => ({ ...person, gone: true }));
      const all = [...(this.answer?.people ?? []), ...gone];
      return this.many ? all.filter((person) => !this.isChosen(person)) : all;
    },
    // Whether the list is for other words than those in the field.
    isStale() {
      return this.answer?.words !== this.words;
    },
    status() {
      if (!this.open) return this.told;
      if (!this.answer) return "";
      return this.shown.length === 1 ? "1 person" : `${this.shown.length} people`;
    },
  },
  methods: {
    // The text is the chosen person's name, unless something is being typed.
    tidy() {
      this.text = this.many ? "" : (this.modelValue?.name ?? "");
    },
    idOf(person) {
      return `${this.control.id}-${person.id}`;
    },
    inWords({ name, detail }) {
      return detail ? `${name}, ${detail}` : name;
    },
    isChosen(person) {
      return this.chosen.some((one) => one.id === person.id);
    },
    look() {
      clearTimeout(this.typing);
      this.$emit("search", this.words);
    },
    // An error about the choice stays visible.
    entered() {
      if (!this.control["aria-invalid"]) this.show();
    },
    show() {
      if (this.open) return;
      this.open = true;
      this.told = "";
      this.active = 0;
      this.words = "";
      this.look();
      this.$refs.list.showPopover?.();
      this.place();
    },
    hide() {
      this.open = false;
      this.isWaiting = false;
      this.$refs.list.hidePopover?.();
    },
    // Below the field, or above it if there is more room.
    place() {
      if (!this.open) return;
      const field = this.$refs.input.getBoundingClientRect();
      const { style, scrollHeight } = this.$refs.list;
      const below = window.innerHeight - field.bottom - 2 * GAP;
      const above = field.top - 2 * GAP;
      const isBelow = below >= Math.min(scrollHeight, 240) || below >= above;
      style.left = `${field.left}px`;
      style.width = `${field.width}px`;
      style.maxHeight = `${Math.min(isBelow ? below : above, 320)}px`;
      style.top = isBelow ? `${field.bottom + GAP}px` : "auto";
      style.bottom = isBelow ? "auto" : `${window.innerHeight - field.top + GAP}px`;
    },
    typed() {
      this.show();
      clearTimeout(this.typing);
      if (!this.many && this.modelValue) {
        const { text } = this;
        this.$emit("update:modelValue", null);
        this.$nextTick(() => (this.text = text)); // what is typed stays
      }
      this.active = 0;
      this.isWaiting = false;
      this.words = this.text;
      this.typing = setTimeout(this.look, TYPING);
    },
    pressed(event) {
      const { key } = event;
      if (key === "ArrowDown" || key === "ArrowUp") {
        event.preventDefault();
        if (!this.open) this.show();
        else this.move(key === "ArrowDown" ? 1 : -1);
      } else if (key === "Enter" && this.open && !event.isComposing) {
        event.preventDefault();
        event.stopPropagation();
        // Enter may be pressed before the answer arrives: it then chooses from the new results, not
        // from the old list.
        if (this.isStale) this.isWaiting = true;
        else this.chooseActive();
      } else if (key === "Escape" && this.open) {
        event.preventDefault();
        this.hide();
      } else if (key === "Backspace" && this.many && !this.text && this.chosen.length) {
        this.remove(this.chosen.at(-1));
      }
    },
    move(step) {
      const { length } = this.shown;
      if (!length) return;
      this.active = (this.active + step + length) % length;
      this.$nextTick(() =>
        document.getElementById(this.idOf(this.shown[this.active]))?.scrollIntoView({ block: "nearest" }),
      );
    },
    chooseActive() {
      this.isWaiting = false;
      if (this.shown[this.active]) this.choose(this.shown[this.active]);
    },
    choose(person) {
      if (person.gone) return;
      this.hide();
      this.told = this.inWords(person);
      clearTimeout(this.typing);
      this.$emit("update:modelValue", this.many ? [...this.chosen, person] : person);
      this.$nextTick(this.tidy);
    },
    remove(person) {
      this.told = "";
      this.$emit(
        "update:modelValue",
        this.chosen.filter((one) => one.id !== person.id),
      );
      this.$refs.input.focus();
    },
    leave() {
      this.hide();
      this.told = "";
      clearTimeout(this.typing);
      this.tidy();
      this.$emit("blur");
    },
  },
};
