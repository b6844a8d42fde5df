// One dialog for every short form and every question. The server decides what is wrong; the browser
// only says early what it can know by itself.
import { listen } from "live_socket";

const CHECK_PAUSE = 300; // ms of quiet before a value is sent to be checked
const NAME = "{name}"; // where a text names whom the dialog is about
const LOST_AFTER = 3_000; // ms after a reconnection until an answer counts as lost

const CONTROL = `
  <select v-if="field.kind === 'select'" v-bind="control(field)" v-model="values[field.name]"
          @change="edited(field)" @blur="left(field)">
    <option value="">Choose…</option>
    <option v-for="[value, label] in field.options" :key="value" :value="value">{{ label }}</option>
  </select>
  <div v-else-if="field.kind === 'password'" class="field-reveal">
    <input v-bind="control(field)" :type="revealed[field.name] ? 'text' : 'password'"
           autocapitalize="none" spellcheck="false" v-model="values[field.name]"
           @input="edited(field)" @blur="left(field)">
    <button type="button" class="reveal" :aria-pressed="revealed[field.name] ? 'true' : 'false'"
            :aria-label="'Show ' + field.label.toLowerCase()"
            @click="revealed[field.name] = !revealed[field.name]">{{ revealed[field.name] ? 'Hide' : 'Show' }}</button>
  </div>
  <input v-else v-bind="control(field)" :type="field.kind" :spellcheck="false"
         :autocapitalize="field.kind === 'email' ? 'none' : null" dir="auto"
         v-model="values[field.name]" @input="edited(field)" @blur="left(field)">`;

const FIELDS = `
  <div class="dialog-fields" v-if="fields.length">
    <div v-for="field in fields" :key="field.name" class="field">
      <label :for="idOf(field)">{{ field.label }}<span v-if="!field.required" class="field-optional"> (optional)</span></label>
      ${CONTROL}
      <p class="field-message" :id="idOf(field) + '-message'" aria-live="polite"
         :class="message(field).kind">{{ message(field).text }}</p>
    </div>
  </div>`;

const NAMED = (text) => `<template v-for="(part, index) in named(${text})" :key="index"
    ><bdi v-if="index % 2">{{ part }}</bdi><template v-else>{{ part }}</template></template>`;

const ABOUT = `
  <p v-if="about" class="dialog-about">
    <bdi v-if="!heading.includes(NAME)">{{ about.name }}</bdi>
    <bdi class="muted">{{ about.detail }}</bdi>
    <span v-if="about.note" class="dialog-note">{{ about.note }}</span>
  </p>`;

const LINK = `
  <div class="dialog-link" v-if="link">
    <p role="status">{{ link.text }}</p>
    <div class="copy">
      <input ref="link" type="text" readonly aria-label="Link" :value="link.url"
             @focus="$event.target.select()">
      <button ref="copy" type="button" class="btn" @click="copy">{{ copied ? 'Copied' : 'Copy' }}</button>
    </div>
    <span class="visually-hidden" role="status">{{ copied ? 'Copied' : '' }}</span>
  </div>`;

const ACTIONS = `
  <div class="dialog-actions">
    <template v-if="link">
      <button v-if="!fields.length" type="submit" class="btn" v-bind="busyState">{{ submit }}</button>
      <button type="button" class="btn btn-primary" @click="close">Done</button>
    </template>
    <template v-else>
      <button type="button" class="btn" @click="close">{{ cancel }}</button>
      <button type="submit" class="btn" :class="tone === 'danger' ? 'btn-danger' : 'btn-primary'"
              v-bind="busyState">{{ submit }}</button>
    </template>
  </div>`;

export default {
  template: `
  <dialog ref="dialog" class="dialog" :aria-labelledby="$attrs.id + '-title'"
          :aria-describedby="lines.length || about ? $attrs.id + '-body' : null" @close="closed">
    <form class="dialog-form" novalidate @submit.prevent="send" @keydown.enter="entered">
      <h2 ref="title" class="dialog-title" :id="$attrs.id + '-title'" tabindex="-1">${NAMED("heading")}</h2>
      <div v-if="lines.length || about" class="dialog-body" :id="$attrs.id + '-body'">
        ${ABOUT}
        <p v-for="(line, index) in lines" :key="index">${NAMED("line")}</p>
      </div>
      <div v-if="general" class="banner banner-danger" role="alert">{{ general }}</div>
      <template v-if="!link">${FIELDS}</template>
      ${LINK}
      ${ACTIONS}
    </form>
  </dialog>`,
  props: {
    title: String,
    body: Array,
    fields: Array,
    submit: String,
    cancel: String,
    tone: String,
    checks: Boolean,
    opening: Object,
  },
  emits: ["submit", "check", "closed"],
  data() {
    return {
      heading: this.title,
      lines: this.body,
      about: null,
      values: {},
      errors: {},
      notes: {},
      revealed: {},
      general: "",
      link: null,
      copied: false,
      busy: false,
    };
  },
  created() {
    this.NAME = NAME;
    this.checkSeq = 0;
    this.latest = {}; // per field: the number of its newest check
    this.checked = {}; // per field: the value that was sent last
    this.timers = {};
    this.reset({});
  },
  mounted() {
    this.stop = listen({}, { onReconnect: this.reconnected, onMissed: () => {} }); // shows no rows
    this.open(this.opening);
  },
  unmounted() {
    this.stop();
    this.forget();
  },
  computed: {
    // Not `disabled`: the button keeps the focus while it is busy.
    busyState() {
      return this.busy ? { "aria-disabled": "true", "aria-busy": "true" } : {};
    },
  },
  methods: {
    // -- called by the server
    open({ values, body, title, about }) {
      this.about = about;
      this.heading = title ?? this.title;
      this.lines = body ?? this.body;
      this.reset(values ?? {});
      this.$nextTick(() => {
        if (!this.$refs.dialog.open) this.$refs.dialog.showModal();
        this.$refs.dialog.scrollTop = 0;
        (this.controlOf(this.fields[0]) ?? this.$refs.title).focus();
      });
    },
    close() {
      this.$refs.dialog.close();
    },
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
    showNotes(notes) {
      this.notes = { ...notes };
    },
    // What became of one check; an answer to what isn't in the field any more is ignored.
    showChecked(name, seq, error, note) {
      if (this.latest[name] !== seq) return;
      if (error !== null) this.errors[name] = error;
      if (note !== null) this.notes[name] = note;
    },
    showLink(text, url) {
      this.done();
      this.general = "";
      this.copied = false;
      this.link = { text, url };
      this.$nextTick(() => this.$refs.copy.focus());
    },

    // -- the form
    reset(values) {
      this.forget();
      const named = (of) => Object.fromEntries(this.fields.map((field) => [field.name, of(field)]));
      this.values = named((field) => values[field.name] ?? field.value);
      this.errors = {};
      this.notes = {};
      this.general = "";
      this.link = null;
      this.copied = false;
    },
    closed() {
      this.forget();
      this.$emit("closed");
    },
    forget() {
      this.done();
      this.forgetChecks();
      this.checked = {};
      this.revealed = {};
    },
    forgetChecks() {
      for (const timer of Object.values(this.timers)) clearTimeout(timer);
      this.latest = {};
    },
    send() {
      if (this.busy) return;
      this.busy = true;
      this.general = "";
      this.forgetChecks();
      this.$emit("submit", { ...this.values, "about:id": this.about?.id });
    },
    entered(event) {
      // In a question without fields the title has the focus; Enter is then a yes.
      if (event.target === this.$refs.title && !event.repeat) this.send();
    },
    edited(field) {
      const text = this.values[field.name];
      if (!this.checks || !text) this.errors[field.name] = "";
      this.notes[field.name] = "";
      this.latest[field.name] = 0;
      clearTimeout(this.timers[field.name]);
      if (!this.checks || !text.trim()) return;
      this.timers[field.name] = setTimeout(() => this.check(field), CHECK_PAUSE);
    },
    left(field) {
      if (!this.$refs.dialog?.open) return;
      const text = this.values[field.name];
      const local = this.knownError(field, text);
      if (local) this.errors[field.name] = local;
      else if (this.checks && text.trim() && this.checked[field.name] !== text) this.check(field);
    },
    knownError(field, text) {
      if (field.required && !text.trim()) return `${field.label} is required.`;
      const length = [...text].length;
      return field.maxlength && length > field.maxlength
        ? `${field.label} can have ${field.maxlength} characters at most.`
        : "";
    },
    check(field) {
      clearTimeout(this.timers[field.name]);
      const value = this.values[field.name];
      this.checkSeq += 1;
      this.latest[field.name] = this.checkSeq;
      this.checked[field.name] = value;
      this.$emit("check", { field: field.name, value, seq: this.checkSeq });
    },
    reconnected() {
      if (!this.busy) return;
      this.lost = setTimeout(() => {
        if (!this.busy) return;
        this.done();
        this.general =
          "The connection was lost before an answer came. Look whether it was done before you try again.";
      }, LOST_AFTER);
    },

    // -- what the template asks
    // A text around each place where it names whom the dialog is about; the names have odd numbers.
    named(text) {
      if (!this.about) return [text];
      return text.split(NAME).flatMap((part, at) => (at ? [this.about.name, part] : [part]));
    },
    idOf(field) {
      return `${this.$attrs.id}-${field.name}`;
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
        "aria-describedby": `${this.idOf(field)}-message`,
      };
    },
    message(field) {
      const error = this.errors[field.name];
      if (error) return { kind: "field-error", text: error };
      const note = this.notes[field.name];
      if (note) return { kind: "field-note", text: note };
      return { kind: "field-help", text: field.help };
    },
    async copy() {
      const input = this.$refs.link;
      try {
        await navigator.clipboard.writeText(this.link.url);
      } catch {
        // No clipboard without https: the old way, which works where the link is selected.
        input.focus();
        input.select();
        document.execCommand("copy");
        this.$refs.copy.focus();
      }
      this.copied = true;
      setTimeout(() => (this.copied = false), 4_000);
    },
  },
};
