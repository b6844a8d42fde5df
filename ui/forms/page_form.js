// A form that is part of its page, in cards, and is saved as a whole. The server decides what is
// wrong; the browser only says early what it can know by itself.
import { EMPTY, fieldsIn, plain } from "form_fields";
import { formState } from "form_state";
import { askWhile, listen, pageName, takeKept } from "live_socket";

const INSERTS = `
  <div v-if="card.inserts" class="inserts" role="group" :aria-label="card.inserts">
    <span class="field-label" aria-hidden="true">{{ card.inserts }}</span>
    <button v-for="word in inserts" :key="word" type="button" class="chip insert mono"
            :aria-label="'Insert ' + word" @mousedown.prevent @click="insert(word)">{{ word }}</button>
  </div>`;

export default {
  mixins: [formState],
  template: `
  <form class="page-form" novalidate @submit.prevent="send" @focusin="entered">
    <div v-if="change" class="banner banner-warning" role="status">{{ change }}</div>
    <div v-if="general" class="banner banner-danger" role="alert">{{ general }}</div>
    <div class="page-form-cards">
      <section v-for="card in cards" :key="card.key" class="card" :class="'card-' + card.key">
        <h2 v-if="card.title">{{ card.title }}</h2>
        ${fieldsIn("card.fields")}
        ${INSERTS}
        <slot :name="card.key"></slot>
      </section>
      <slot name="beside"></slot>
    </div>
    <div class="page-form-actions">
      <span class="muted" role="status">{{ isDirty ? "Not saved yet." : note }}</span>
      <slot name="actions"></slot>
      <button type="button" class="btn btn-quiet" :disabled="!isDirty || null" @click="discard">Discard</button>
      <button type="submit" class="btn btn-primary" :aria-disabled="busy ? 'true' : null" :aria-busy="busy ? 'true' : null">{{ submit }}</button>
    </div>
  </form>`,
  props: { cards: Array, saved: Object, offered: Array, submit: String, note: String },
  emits: ["submit", "check", "changed"],
  data() {
    return {
      inserts: this.offered,
      before: {},
    };
  },
  created() {
    this.fields = this.cards.flatMap((card) => card.fields);
    this.lostWords = "Look whether it was saved before you try again.";
    this.show(this.saved);
  },
  mounted() {
    this.stop = listen({}, { onReconnect: this.awaitAnswer });
    const typed = () => ({ name: "page", values: this.keepable() });
    const sent = () => this.busy && pageName();
    this.stopAsking = askWhile(() => this.isDirty, typed, sent);
    this.takeUp(takeKept("page"));
  },
  unmounted() {
    this.stop();
    this.stopAsking();
    clearTimeout(this.lost);
    this.forgetChecks();
  },
  computed: {
    isDirty() {
      return JSON.stringify(this.typed(this.values)) !== JSON.stringify(this.typed(this.before));
    },
  },
  methods: {
    // -- called by the server
    // The saved values. Values that were typed meanwhile stay, and the person is told so.
    follow(saved) {
      if (JSON.stringify(this.whole(saved)) === JSON.stringify(this.before)) return;
      if (!this.isDirty) return this.show(saved);
      this.before = this.whole(saved);
      this.change = "Somebody else has changed these settings meanwhile. Saving puts yours in their place.";
    },
    show(saved, offered, draft) {
      this.forgetChecks();
      this.before = this.whole(saved);
      this.values = this.whole({ ...saved, ...draft });
      if (offered) this.inserts = offered;
      Object.assign(this, { errors: {}, notes: {}, general: "", change: "" });
    },

    // -- the person's
    whole(values) {
      const of = (field) => values[field.name] ?? EMPTY[field.kind] ?? "";
      return Object.fromEntries(this.fields.map((field) => [field.name, of(field)]));
    },
    typed(values) {
      return this.fields.map((field) => plain(values[field.name]));
    },
    discard() {
      this.show(this.before);
      this.$emit("changed", this.plainValues());
    },
    send() {
      if (this.busy) return;
      this.forgetChecks();
      this.busy = true;
      this.general = "";
      this.$emit("submit", this.plainValues());
    },
    edited(field) {
      this.errors[field.name] = "";
      this.forgetCheck(field);
      this.checkSoon(field);
    },
    left(field) {
      this.showWrong(field);
    },
    check(field) {
      const seq = this.nextCheck(field);
      this.$emit("changed", this.plainValues());
      this.$emit("check", { field: field.name, values: this.plainValues(), seq });
    },
    // Notes the text that had the focus last: placeholders are inserted into it.
    entered(event) {
      const field = this.fields.find((one) => this.idOf(one) === event.target.id);
      if (field && ["text", "lines"].includes(field.kind)) this.writing = field;
    },
    insert(word) {
      const field = this.writing ?? this.fields.findLast(({ kind }) => kind === "lines");
      const control = this.controlOf(field);
      if (!this.writing) control.selectionStart = control.selectionEnd = control.value.length;
      control.setRangeText(word, control.selectionStart, control.selectionEnd, "end");
      control.focus();
      this.values[field.name] = control.value;
      this.edited(field);
    },

    // -- for the template of the fields
    uploading() {},
    search() {},
  },
};
