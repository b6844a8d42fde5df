// The field for a new comment, of the team and of a customer alike. `people` are those who can be
// mentioned; the slot has what is chosen for the comment. It emits `post` with the words, and stays
// as it is until it is told that they are `posted` or `refused`.
import { h } from "vue";
import { askWhile, takeKept, typedSince } from "live_socket";
import { forget, list, mentioning, pressed, typed } from "comment_mentions";

const UNANSWERED = "This was sent, but no answer came. Look whether it was posted before you send it again.";

export const Composer = {
  props: {
    people: { type: Array, default: () => [] },
    placeholder: String, // instead of a label that is seen
    help: String,
    rows: Number,
  },
  emits: ["post"],
  data() {
    return {
      words: "",
      error: "",
      sending: false,
      sent: "",
      mention: null, // what is typed after an @, and which of the people found is marked
    };
  },
  mounted() {
    const half = () => ({ name: "comment", values: this.words });
    const sent = () => this.sending && "Comment";
    this.stopAsking = askWhile(() => this.words.trim(), half, sent);
    const kept = takeKept("comment");
    this.words = kept?.values ?? "";
    if (kept?.unanswered) this.error = UNANSWERED;
  },
  unmounted() {
    this.stopAsking();
  },
  methods: {
    posted() {
      this.sending = false;
      this.error = "";
      this.words = typedSince(this.sent, this.words);
      if (this.mention) this.$nextTick(() => typed(this, this.$refs.words));
    },
    refused(why) {
      this.sending = false;
      this.error = why;
    },
    post() {
      if (this.sending) return;
      this.sending = true;
      this.sent = this.words;
      this.$emit("post", this.words);
    },
  },
  render() {
    const submit = (event) => {
      event.preventDefault();
      this.post();
    };
    return h("form", { class: "composer", onSubmit: submit }, [
      h("label", { for: "comment-body", class: { "visually-hidden": this.placeholder } }, "Comment"),
      h("div", { class: "composer-words" }, [field(this), this.people.length > 0 && list(this)]),
      h("p", { class: "small muted", id: "comment-help" }, this.help),
      h("p", { class: "field-error", id: "comment-error", role: "alert" }, this.error),
      this.$slots.default?.(),
      h(
        "button",
        { type: "submit", class: "btn btn-primary", "aria-disabled": String(this.sending) },
        "Comment",
      ),
    ]);
  },
};

function field(view) {
  return h("textarea", {
    ref: "words",
    id: "comment-body",
    rows: view.rows,
    value: view.words,
    dir: "auto",
    placeholder: view.placeholder,
    "aria-invalid": view.error ? "true" : null,
    "aria-describedby": "comment-help comment-error",
    ...(view.people.length > 0 && mentioning(view)),
    onInput: ({ target }) => {
      view.words = target.value;
      typed(view, target);
    },
    onClick: ({ target }) => typed(view, target),
    onBlur: () => forget(view),
    onKeydown: (event) => {
      if (pressed(view, event)) return;
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) view.post();
    },
  });
}
