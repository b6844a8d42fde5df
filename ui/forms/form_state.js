// What every form keeps and does, whether it is a dialog or stands on its page: its values and what
// is wrong with them, its checks, and how its fields are described. A component that has this mixin
// has `fields`, and says in `lostWords` what to look for when no answer came.
import { isGroup, plain, wrongBefore } from "form_fields";

const CHECK_PAUSE = 300; // ms of quiet before a value is sent to be checked
const PRESSED = "button, [role=option]";
const ENDS_OF_A_PRESS = ["pointerup", "pointercancel"];
const LOST_AFTER = 3_000; // ms after a reconnection until a missing answer counts as lost

export const formState = {
  data: () => ({
    values: {},
    errors: {},
    notes: {},
    scores: {}, // per field with a new password: its strength, from 0 to 4
    found: {}, // per field of people: what the last search found
    revealed: {},
    general: "",
    change: "", // what has changed since the form was opened
    busy: false,
  }),
  created() {
    this.checkSeq = 0;
    this.latest = {}; // per field: the number of its newest check
    this.timers = {};
    this.isPressed = false; // a button, or a person of a list, is held down with the mouse
    this.held = []; // what to show once it is released
    this.press = ({ button, target }) => (this.isPressed = !button && !!target.closest(PRESSED));
    this.letGo = () => setTimeout(this.released); // the click event must come first
  },
  mounted() {
    window.addEventListener("pointerdown", this.press, true);
    for (const end of ENDS_OF_A_PRESS) window.addEventListener(end, this.letGo, true);
  },
  unmounted() {
    window.removeEventListener("pointerdown", this.press, true);
    for (const end of ENDS_OF_A_PRESS) window.removeEventListener(end, this.letGo, true);
  },
  methods: {
    // -- called by the server
    done() {
      this.busy = false;
      clearTimeout(this.lost);
    },
    showErrors(errors, general) {
      this.done();
      this.forgetChecks();
      this.errors = { ...errors };
      this.notes = {};
      this.general = general;
      const wrong = this.fields.find((field) => errors[field.name]);
      if (wrong) this.$nextTick(() => this.controlOf(wrong)?.focus());
    },
    // The result of one check. It is ignored if the field's value has changed since.
    showChecked(name, seq, error, note, score) {
      this.say(() => {
        if (this.latest[name] !== seq) return;
        this.scores[name] = score;
        this.errors[name] = error;
        this.notes[name] = note;
      });
    },

    // -- the form
    // An error line that appears or disappears moves the button below it, and people who are found
    // move those of the list. This waits while one is pressed: a press is lost if what is pressed
    // moves away under it.
    say(it) {
      if (this.isPressed) this.held.push(it);
      else it();
    },
    released() {
      this.isPressed = false;
      for (const it of this.held.splice(0)) it();
    },
    plainValues(fields = this.fields) {
      return Object.fromEntries(fields.map(({ name }) => [name, plain(this.values[name])]));
    },
    // What outlives a restart of the server: neither passwords nor files.
    keepable() {
      const fields = this.fields.filter(({ kind }) => !["password", "file"].includes(kind));
      return Object.fromEntries(fields.map(({ name }) => [name, this.values[name]]));
    },
    takeUp(kept) {
      if (!kept) return;
      const { values, unanswered } = kept;
      for (const { name } of this.fields) if (name in values) this.values[name] = values[name];
      const sent = unanswered ? `was sent, but no answer came. ${this.lostWords}` : "not sent yet.";
      this.change = `This page was loaded again. What you had typed is here, and ${sent}`;
    },
    // Number a check of a field's value, so that the answers of earlier checks are ignored.
    nextCheck(field) {
      clearTimeout(this.timers[field.name]);
      this.checkSeq += 1;
      this.latest[field.name] = this.checkSeq;
      return this.checkSeq;
    },
    checkSoon(field) {
      this.timers[field.name] = setTimeout(() => this.check(field), CHECK_PAUSE);
    },
    // Drop a field's error and its running check: they were for another value.
    forgetCheck(field) {
      this.notes[field.name] = "";
      this.latest[field.name] = 0;
      clearTimeout(this.timers[field.name]);
    },
    forgetChecks() {
      for (const timer of Object.values(this.timers)) clearTimeout(timer);
      this.latest = {};
    },
    // Tells whether the browser knows by itself that a field is wrong.
    showWrong(field) {
      const wrong = wrongBefore(field, this.values[field.name]);
      if (wrong) this.say(() => (this.errors[field.name] = wrong));
      return Boolean(wrong);
    },
    awaitAnswer() {
      if (!this.busy) return;
      this.lost = setTimeout(() => {
        if (!this.busy) return;
        this.done();
        this.general = `The connection was lost before an answer came. ${this.lostWords}`;
      }, LOST_AFTER);
    },

    // -- for the template of the fields
    isGroup,
    isAsked({ only_with: choice }) {
      return !choice || this.values[choice[0]] === choice[1];
    },
    isDescribed(field) {
      return field.kind === "choice" && !field.as_list && field.options.some((o) => o.description);
    },
    idOf(field) {
      return `${this.$attrs.id}-field-${field.name}`;
    },
    controlOf(field) {
      return field ? document.getElementById(this.idOf(field)) : null;
    },
    control(field) {
      return {
        id: this.idOf(field),
        name: field.name,
        autocomplete: field.autocomplete,
        class: { "is-empty": !this.values[field.name] },
        "aria-required": field.required ? "true" : null,
        "aria-invalid": this.errors[field.name] ? "true" : null,
        "aria-describedby": this.describedBy(field),
      };
    },
    group(field, role) {
      return {
        role,
        "aria-labelledby": `${this.idOf(field)}-label`,
        "aria-required": field.required && role === "radiogroup" ? "true" : null,
        "aria-describedby": this.describedBy(field),
      };
    },
    describedBy(field) {
      const message = `${this.idOf(field)}-message`;
      return this.isDescribed(field) ? `${message} ${this.idOf(field)}-descriptions` : message;
    },
    message(field) {
      const error = this.errors[field.name];
      if (error) return { kind: "field-error", text: error };
      const note = this.notes[field.name];
      if (note) return { kind: "field-note", text: note };
      return { kind: "field-help", text: field.hint };
    },
  },
};
