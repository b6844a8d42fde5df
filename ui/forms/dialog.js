// One dialog for every form and every question. The server decides what is wrong; the browser only
// says early what it can know by itself.
import { EMPTY, FIELDS, isGroup, plain, wrongBefore } from "form_fields";
import { listen } from "live_socket";

const CHECK_PAUSE = 300; // ms of quiet before a value is sent to be checked
const FOLLOW_PAUSE = 150; // ms of quiet before what stands beside the form follows it
const NAME = "{name}"; // where a text names whom the dialog is about
const LOST_AFTER = 3_000; // ms after a reconnection until an answer counts as lost

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
  <div v-if="asking" class="dialog-actions dialog-asking">
    <p role="alert">Discard what you filled in?</p>
    <button ref="keep" type="button" class="btn" @click="keep">Keep editing</button>
    <button type="button" class="btn btn-danger" @click="close">Discard</button>
  </div>
  <div v-else class="dialog-actions">
    <template v-if="link">
      <button v-if="!fields.length" type="submit" class="btn" v-bind="busyState">{{ submit }}</button>
      <button v-if="again" type="button" class="btn" @click="$emit('again')">{{ again }}</button>
      <button type="button" class="btn btn-primary" @click="close">Done</button>
    </template>
    <template v-else>
      <button type="button" class="btn" @click="leave">Cancel</button>
      <button type="submit" class="btn" :class="tone === 'danger' ? 'btn-danger' : 'btn-primary'"
              v-bind="busyState">{{ submit }}</button>
    </template>
  </div>`;

export default {
  template: `
  <dialog ref="dialog" class="dialog" :class="{ 'dialog-wide': wide }"
          :aria-labelledby="$attrs.id + '-title'"
          :aria-describedby="lines.length || about ? $attrs.id + '-body' : null"
          @close.self="closed" @cancel.self.prevent="leave" @keydown.esc="escaped">
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
    <aside v-if="wide && !link" class="dialog-aside"><slot></slot></aside>
  </dialog>`,
  props: {
    title: String,
    body: Array,
    fields: Array,
    submit: String,
    again: String,
    tone: String,
    wide: Boolean,
    opening: Object,
  },
  emits: ["submit", "check", "changed", "again", "closed"],
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
      asking: false,
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
      this.follow();
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
    // What became of one check; an answer to what isn't in the field any more is ignored.
    showChecked(name, seq, error, note) {
      if (this.latest[name] !== seq) return;
      this.errors[name] = error;
      this.notes[name] = note;
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
      this.values = named((field) => values[field.name] ?? EMPTY[field.kind] ?? "");
      this.before = this.typed();
      this.errors = {};
      this.notes = {};
      this.general = "";
      this.link = null;
      this.copied = false;
      this.asking = false;
    },
    closed() {
      this.forget();
      this.$emit("closed");
    },
    forget() {
      this.done();
      this.forgetChecks();
      clearTimeout(this.following);
      this.checked = {};
      this.revealed = {};
    },
    forgetChecks() {
      for (const timer of Object.values(this.timers)) clearTimeout(timer);
      this.latest = {};
    },
    // What somebody would miss. (A password that the browser filled in isn't.)
    typed() {
      const fields = this.fields.filter((field) => field.kind !== "password");
      return JSON.stringify(fields.map((field) => plain(this.values[field.name])));
    },
    leave() {
      if (this.link || this.typed() === this.before) {
        this.close();
        return;
      }
      this.asking = true;
      this.left_at = document.activeElement;
      this.$nextTick(() => this.$refs.keep.focus());
    },
    keep() {
      this.asking = false;
      this.left_at?.focus();
    },
    escaped(event) {
      if (event.isComposing || event.defaultPrevented) return;
      event.preventDefault();
      if (this.asking) this.keep();
      else this.leave();
    },
    send() {
      if (this.busy || this.asking) return;
      this.busy = true;
      this.general = "";
      this.forgetChecks();
      this.$emit("submit", { ...this.plainValues(this.fields), "about:id": this.about?.id });
    },
    entered(event) {
      // In a question without fields the title has the focus; Enter is then a yes.
      if (event.target === this.$refs.title && !event.repeat) this.send();
    },
    edited(field) {
      const value = this.values[field.name];
      const isText = typeof value === "string";
      this.asking = false;
      if (!field.early || !value || !isText) this.errors[field.name] = "";
      this.notes[field.name] = "";
      this.latest[field.name] = 0;
      clearTimeout(this.timers[field.name]);
      this.follow();
      if (!field.early || (isText && !value.trim())) return;
      this.timers[field.name] = setTimeout(() => this.check(field), CHECK_PAUSE);
    },
    left(field) {
      if (!this.$refs.dialog?.open) return;
      const value = this.values[field.name];
      const wrong = wrongBefore(field, value);
      if (wrong) this.errors[field.name] = wrong;
      else if (field.early && value && value !== this.checked[field.name]) this.check(field);
    },
    check(field) {
      clearTimeout(this.timers[field.name]);
      this.checkSeq += 1;
      this.latest[field.name] = this.checkSeq;
      this.checked[field.name] = this.values[field.name];
      const values = this.plainValues(this.fields.filter((field) => field.early));
      this.$emit("check", { field: field.name, values, seq: this.checkSeq });
    },
    follow() {
      if (!this.wide) return;
      clearTimeout(this.following);
      this.following = setTimeout(
        () => this.$emit("changed", this.plainValues(this.fields.filter((field) => field.early))),
        FOLLOW_PAUSE,
      );
    },
    plainValues(fields) {
      return Object.fromEntries(fields.map(({ name }) => [name, plain(this.values[name])]));
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
    isGroup,
    isDescribed(field) {
      return field.kind === "choice" && !field.as_list && field.options.some((o) => o.description);
    },
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
