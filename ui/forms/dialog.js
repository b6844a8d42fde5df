// One dialog for every form and every question. The server decides what is wrong; the browser only
// says early what it can know by itself.
import { EMPTY, FIELDS, inWords, isSame, plain, readable } from "form_fields";
import { formState } from "form_state";
import { askWhile, listen, takeKept } from "live_socket";
import CopyLink from "copy_link";
import FileField from "file_field";
import PeopleField from "people_field";

const FOLLOW_PAUSE = 150; // ms without input until the part beside the form follows it
const RENEWAL = 300; // at most this many ms until people are searched again
const NAME = "{name}"; // marks in a text the names of the people whom the dialog is about
const STALE_PAUSE = 200; // ms from a change of these people until the server is asked
const CHANGED = "This has just changed.";
const CUT_AFTER = 2_000; // ms without a connection until that is said, as on the page (live.js)
const CUT = "Connection lost. Trying to reconnect. What you see may be out of date.";

const NAMED = (text) => `<template v-for="(part, index) in named(${text})" :key="index"
    ><bdi v-if="index % 2">{{ part }}</bdi><template v-else>{{ part }}</template></template>`;

const ABOUT = `
  <p v-if="about" class="dialog-about">
    <bdi v-if="!heading.includes(NAME)">{{ about.name }}</bdi>
    <bdi class="muted">{{ about.detail }}</bdi>
    <span v-if="about.note" class="dialog-note">{{ about.note }}</span>
  </p>`;

// The values of the fields, for those who may only read them.
const FACTS = `
  <dl v-if="reading" class="facts">
    <div v-for="field in fields" :key="field.name" class="fact">
      <dt>{{ field.label }}</dt>
      <dd class="lines" dir="auto">{{ readable(field, values[field.name]) || 'None' }}</dd>
    </div>
  </dl>`;

const ACTIONS = `
  <div v-if="asking" class="dialog-actions dialog-asking">
    <p role="alert">Discard what you filled in?</p>
    <button ref="keep" type="button" class="btn" @click="keep">Keep editing</button>
    <button type="button" class="btn btn-danger" @click="close">Discard</button>
  </div>
  <div v-else-if="reading" class="dialog-actions">
    <button type="button" class="btn" @click="close">Close</button>
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
  mixins: [formState],
  components: { CopyLink, FileField, PeopleField },
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
      <p v-if="cut" class="visually-hidden" role="status">{{ cut }}</p>
      <div v-if="change" class="banner banner-warning" role="status">{{ change }}</div>
      <div v-if="general" class="banner banner-danger" role="alert">{{ general }}</div>
      ${FACTS}
      <template v-if="!link && !reading">${FIELDS}</template>
      <copy-link v-if="link" :text="link.text" :url="link.url"></copy-link>
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
    follows: Boolean,
    opening: Object,
  },
  emits: ["stale", "submit", "check", "changed", "search", "again", "closed"],
  data() {
    return {
      heading: this.title,
      lines: this.body,
      about: null,
      link: null,
      asking: false,
      reading: "", // the id of what is read
      cut: "", // that there is no connection
    };
  },
  created() {
    this.NAME = NAME;
    this.lostWords = "Look whether it was done before you try again.";
    this.uploads = new Set(); // the fields whose file is being uploaded
    this.number = 0; // of this opening: what is sent is for it alone
    this.searches = {}; // per field: the last search, repeated when people change
    this.checked = {}; // per field: the last value that was sent
    this.reset({});
  },
  mounted() {
    this.stop = listen(
      { rollcall_people: this.peopleChanged, rollcall_user: this.heard, rollcall_task: this.heardOfWork },
      { onReconnect: this.reconnected, onMissed: this.missed, onDisconnect: this.disconnected },
    );
    this.stopAsking = askWhile(
      () => this.$refs.dialog?.open && this.isHalfTyped(),
      () => ({ name: this.nameKept(), title: this.named(this.heading).join(""), values: this.keepable() }),
      () => this.busy && this.named(this.heading).join(""),
    );
    this.open(this.opening);
  },
  unmounted() {
    this.stop();
    this.stopAsking();
    clearTimeout(this.stale);
    clearTimeout(this.renewal);
    clearTimeout(this.cutting);
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
    open({ number, values, body, title, about, reading }) {
      if (number === this.number && this.$refs.dialog?.open) return; // it was clicked on twice
      const goesOn = reading && reading === this.reading && this.$refs.dialog?.open;
      const [before, said] = [this.shown(), this.change];
      this.number = number;
      this.about = about;
      this.reading = reading;
      this.heading = title ?? this.title;
      this.lines = body ?? this.body;
      this.reset(values ?? {});
      this.takeUp(takeKept(this.nameKept()));
      this.$nextTick(() => {
        if (goesOn) {
          this.change = before === this.shown() ? said : CHANGED;
          return; // who reads stays where they are
        }
        if (!this.$refs.dialog.open) this.$refs.dialog.showModal();
        this.$refs.dialog.scrollTop = 0;
        (this.controlOf(this.fields[0]) ?? this.$refs.title).focus();
      });
      this.follow();
    },
    // The people whom it is about have changed; what was typed stays.
    update({ body, about, change }) {
      if (about.id === this.about?.id) Object.assign(this, { about, change, lines: body ?? this.lines });
    },
    // Somebody else changed first what the form would change. What they changed comes into the fields
    // in which nothing was typed; where something was, both are shown. Sent again, what stands here
    // counts.
    takeOver(now, why, body) {
      this.showErrors({}, why);
      this.lines = body ?? this.lines;
      for (const field of this.fields) {
        const { name } = field;
        const [was, is] = [this.opened[name], now[name] ?? EMPTY[field.kind] ?? ""];
        if (isSame(was, is)) continue;
        if (isSame(this.values[name], was)) this.values[name] = is;
        this.notes[name] = isSame(this.values[name], is)
          ? "Somebody else has just changed this."
          : `Somebody else has made it ${inWords(field, is)}. Yours replaces that.`;
        this.opened[name] = is;
      }
      this.before = this.typed(this.opened);
    },
    close() {
      this.$refs.dialog.close();
    },
    // The people whom a search found. A chosen person who can't be chosen any more leaves the
    // field.
    showPeople(...found) {
      this.say(() => this.takePeople(...found));
    },
    takePeople(name, seq, people, hasMore, gone) {
      const search = this.searches[name];
      if (search?.seq !== seq) return;
      this.found[name] = { people, hasMore, words: search.words };
      const chosen = [this.values[name] ?? []].flat();
      const left = chosen.filter((one) => gone.includes(one.id));
      if (!left.length) return;
      this.forgetCheck({ name }); // a check of the earlier value doesn't count for this one
      const stay = chosen.filter((one) => !gone.includes(one.id));
      this.values[name] = Array.isArray(this.values[name]) ? stay : null;
      const names = left.map((one) => one.name).join(", ");
      this.errors[name] = `${names} can’t be chosen any more. Choose somebody else.`;
    },
    showLink(text, url) {
      this.done();
      this.general = "";
      this.link = { text, url };
    },

    // -- the form
    reset(values) {
      this.forget();
      const named = (of) => Object.fromEntries(this.fields.map((field) => [field.name, of(field)]));
      this.values = named((field) => values[field.name] ?? EMPTY[field.kind] ?? "");
      this.opened = { ...this.values };
      this.before = this.typed();
      Object.assign(this, { errors: {}, notes: {}, scores: {}, general: "", change: "" });
      this.link = null;
      this.asking = false;
    },
    // What is read, to see whether it has changed.
    shown() {
      return JSON.stringify([this.lines, this.values]);
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
      this.searches = {};
      this.found = {};
      this.revealed = {};
    },
    // Whether closing loses input. (A password that the browser filled in doesn't count.)
    typed(values = this.values) {
      const fields = this.fields.filter((field) => field.kind !== "password");
      return JSON.stringify(fields.map((field) => plain(values[field.name])));
    },
    isHalfTyped() {
      return !this.link && this.typed() !== this.before;
    },
    // What was kept is for the same thing: another one of the same heading began with other values.
    nameKept() {
      return `${this.heading} ${this.about?.id ?? ""} ${this.before}`;
    },
    leave() {
      if (!this.isHalfTyped()) {
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
      if (this.busy || this.asking || this.reading) return;
      if (this.uploads.size) {
        for (const name of this.uploads)
          this.errors[name] = "Wait until the file is uploaded, or cancel it.";
        return;
      }
      this.busy = true;
      this.general = "";
      this.forgetChecks();
      this.$emit("submit", { ...this.plainValues(), "about:opening": this.number });
    },
    entered(event) {
      // In a question without fields the title has the focus, and Enter means yes.
      if (event.target === this.$refs.title && !event.repeat) this.send();
    },
    edited(field) {
      const value = this.values[field.name];
      const isText = typeof value === "string";
      this.asking = false;
      if (!field.early || !value || !isText) this.errors[field.name] = "";
      if (!value) this.scores[field.name] = null;
      this.forgetCheck(field);
      this.follow();
      if (field.early && !(isText && !value.trim())) this.checkSoon(field);
    },
    left(field) {
      if (!this.$refs.dialog?.open) return;
      const value = this.values[field.name];
      if (this.showWrong(field)) return;
      if (field.early && value && value !== this.checked[field.name]) this.check(field);
    },
    check(field) {
      const seq = this.nextCheck(field);
      this.checked[field.name] = this.values[field.name];
      const values = this.plainValues(this.fields.filter((field) => field.early));
      this.$emit("check", { field: field.name, values, seq });
    },
    follow() {
      if (!this.wide) return;
      clearTimeout(this.following);
      this.following = setTimeout(
        () => this.$emit("changed", this.plainValues(this.fields.filter((field) => field.early))),
        FOLLOW_PAUSE,
      );
    },
    uploading(field, isGoingOn) {
      this.errors[field.name] = "";
      this.uploads[isGoingOn ? "add" : "delete"](field.name);
    },
    search(field, words) {
      const { name } = field;
      this.searchSeq = (this.searchSeq ?? 0) + 1;
      this.searches[name] = { words, seq: this.searchSeq };
      const chosen = [plain(this.values[name]) ?? []].flat();
      this.$emit("search", { field: name, words, chosen, seq: this.searchSeq });
    },
    // Not all pages at once: an import changes many people in a moment.
    peopleChanged() {
      if (this.renewal) return;
      this.renewal = setTimeout(() => {
        this.renewal = undefined;
        for (const field of this.fields.filter(({ kind }) => ["person", "people"].includes(kind)))
          this.search(field, this.searches[field.name]?.words ?? "");
      }, Math.random() * RENEWAL);
    },
    missed() {
      this.peopleChanged();
      if (this.about) this.heard({ now: this.about });
      if (this.reading) this.heardOfWork({ id: this.reading });
    },
    // A row has changed: ask the server for the current text, once for many changes in a row.
    heard({ now }) {
      if (this.follows && now.id === this.about?.id) this.askAnew();
    },
    // The same of what is read.
    heardOfWork({ id }) {
      if (this.follows && id === this.reading) this.askAnew();
    },
    askAnew() {
      clearTimeout(this.stale);
      this.stale = setTimeout(() => this.busy || this.link || this.$emit("stale"), STALE_PAUSE);
    },
    // An open dialog makes all else inert: the page's own notice, which stands above the dialog, tells
    // a screen reader nothing.
    disconnected() {
      clearTimeout(this.cutting);
      this.cutting = setTimeout(() => this.say(() => (this.cut = CUT)), CUT_AFTER);
    },
    reconnected() {
      clearTimeout(this.cutting);
      this.say(() => (this.cut = ""));
      this.missed();
      this.awaitAnswer();
    },

    // -- for the template
    readable,
    // A text, split at the names of the people whom the dialog is about: the names have odd indexes.
    named(text) {
      if (!this.about) return [text];
      return text.split(NAME).flatMap((part, at) => (at ? [this.about.name, part] : [part]));
    },
  },
};
