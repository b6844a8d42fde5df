// The comments on a POC, the oldest first, with a field for a new one below. Who may read a comment
// is chosen before it is posted, and shown in words: internal ones have a lock, shared ones the
// customer's name.
import { h } from "vue";
import { avatar, mixedChip } from "avatar";
import { keepFocus } from "kept_focus";
import { Composer } from "composer";
import { listen } from "live_socket";
import { MOMENT, written } from "written";

const NEAR_END = 80; // px from the page's end within which new comments are scrolled into view
const READ_PAUSE = 200; // ms from a change of people until the comments are read again

export default {
  props: {
    comments: String, // JSON
    hasEarlier: Boolean,
    me: String,
    mayChange: Boolean,
    people: Array,
    customer: String,
    readers: Number,
  },
  data() {
    return {
      byId: new Map(),
      earlier: false,
      shared: false,
      known: this.people,
      found: null, // the comment to which the address leads
    };
  },
  created() {
    this.show(JSON.parse(this.comments), this.hasEarlier);
    this.found = [...this.byId.values()].find((comment) => comment.found)?.id;
  },
  mounted() {
    this.stop = listen(
      { rollcall_comment: this.patch, rollcall_person: this.patchPerson },
      { onReconnect: () => this.$emit("missed") },
    );
    if (this.found) this.toFound();
    else if (this.byId.size) this.toEnd();
  },
  unmounted() {
    this.stop();
    clearTimeout(this.reading);
  },
  methods: {
    // Called by the server. While it read them, others may have been posted, edited or removed here.
    show(comments, hasEarlier) {
      const byId = new Map(this.byId);
      for (const comment of comments) {
        const known = byId.get(comment.id);
        if (!known || known.version <= comment.version) byId.set(comment.id, comment);
      }
      this.byId = byId;
      this.earlier = hasEarlier;
    },
    showEarlier(comments, hasEarlier) {
      this.byId = new Map([...comments.map((comment) => [comment.id, comment]), ...this.byId]);
      this.earlier = hasEarlier;
    },
    showPeople(people) {
      this.known = people;
    },
    // What is meant for the team alone mustn't follow a shared comment to the customer: who reads the
    // next one is chosen anew.
    posted() {
      this.shared = false;
      this.$refs.composer.posted();
    },
    refused(why) {
      this.$refs.composer.refused(why);
    },
    patch(comment) {
      const known = this.byId.get(comment.id);
      if (known && known.version >= comment.version) return;
      const isEarlier = [...this.byId.keys()].every((id) => comment.id < id);
      if (!known && this.earlier && isEarlier) return; // read with others that changed
      const { scrollHeight } = document.documentElement;
      const follows = !known && window.innerHeight + window.scrollY > scrollHeight - NEAR_END;
      this.byId = new Map(this.byId).set(comment.id, comment);
      keepFocus(this);
      if (follows) this.toEnd();
    },
    toEnd() {
      this.$nextTick(() => this.$el.lastElementChild?.scrollIntoView({ block: "end" }));
    },
    toFound() {
      this.$nextTick(() => {
        const row = this.$el.querySelector(`[data-row="${this.found}"]`);
        row.scrollIntoView({ block: "center" });
        row.focus({ preventScroll: true });
      });
    },
    // An author was activated, deactivated or renamed. Emails tell those apart whose names look alike:
    // with the name of one, be it an author or not, those of others may come or go.
    patchPerson({ id, name, active, picture, email, mixed }) {
      const all = [...this.byId.values()];
      const known = all.find((comment) => comment.author_id === id);
      if (known ? known.author !== name : email || all.some((comment) => comment.email)) this.readSoon();
      const comments = all.map((comment) =>
        comment.author_id === id
          ? { ...comment, author: name, author_active: active, picture, email, mixed }
          : comment,
      );
      this.byId = new Map(comments.map((comment) => [comment.id, comment]));
    },
    // Once for many people in a row: an act on many changes them in a moment.
    readSoon() {
      this.reading ??= setTimeout(() => {
        this.reading = null;
        this.$emit("missed");
      }, READ_PAUSE);
    },
  },
  render() {
    const all = [...this.byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return h("div", { class: "comments" }, [
      this.earlier &&
        h(
          "button",
          {
            type: "button",
            class: "btn",
            onClick: () => this.$emit("act", { act: "earlier" }),
          },
          "Show earlier comments",
        ),
      all.length
        ? h("ol", { class: "comment-list" }, all.map((comment) => one(this, comment)))
        : h("div", { class: "card empty" }, [
            h("h2", "No comments yet"),
            h("p", { class: "muted" }, "What the team should know of this POC is said here."),
          ]),
      this.mayChange && composer(this),
    ]);
  },
};

function one(view, comment) {
  const removed = comment.removed_by;
  const about = { id: comment.id, version: comment.version };
  const isFound = view.found === comment.id;
  const classes = ["card comment", { shared: comment.shared, found: isFound }];
  const attributes = { "data-row": comment.id, class: classes, tabindex: isFound ? -1 : null };
  return h("li", { key: comment.id, ...attributes }, [
    h("div", { class: "comment-head" }, [
      avatar(comment.author_id ?? comment.author, comment.author, { picture: comment.picture }),
      h("strong", { dir: "auto" }, comment.author),
      mixedChip(comment.mixed),
      comment.email && h("bdi", { class: "small muted" }, comment.email),
      comment.from_customer && h("span", { class: "chip chip-customer" }, "Customer"),
      !comment.author_active && h("span", { class: "chip chip-inactive" }, "Inactive"),
      h("time", { class: "small muted", datetime: comment.at }, moment(comment.at)),
      comment.edited && !removed && h("span", { class: "small muted" }, "edited"),
      h(
        "span",
        { class: comment.shared ? "chip chip-customer" : "chip chip-outline" },
        comment.shared ? `Shared with ${view.customer}` : "Internal",
      ),
      view.mayChange &&
        !removed &&
        comment.author_id === view.me &&
        h("span", { class: "actions" }, [
          act(view, "Edit", { act: "edit", ...about }),
          act(view, "Remove", { act: "remove", ...about }),
        ]),
    ]),
    removed
      ? h("p", { class: "muted" }, [
          "Removed by ",
          h("bdi", comment.removed_by), // else a name from right to left takes the day along
          `, ${dayOf(comment.removed_at)}. It was ${comment.shared ? "shared" : "internal"}.`,
        ])
      : h("div", { class: "comment-body", dir: "auto", innerHTML: comment.html }),
  ]);
}

function act(view, label, values) {
  const attributes = { type: "button", class: "btn btn-quiet", onClick: () => view.$emit("act", values) };
  return h("button", attributes, label);
}

function composer(view) {
  const attributes = {
    ref: "composer",
    class: ["card", { shared: view.shared }],
    rows: 4,
    people: view.known,
    help: "Markdown. @ mentions a member of this POC. Who reads it can’t be changed later.",
    onPost: (body) => view.$emit("act", { act: "post", body, shared: view.shared }),
  };
  return h(Composer, attributes, () =>
    h("fieldset", { class: "composer-who" }, [
      h("legend", { class: "visually-hidden" }, "Who reads it"),
      choice(view, false, "Internal"),
      choice(view, true, `Shared with ${view.customer}`),
      view.shared && h("span", { class: "small composer-readers" }, readers(view)),
    ]),
  );
}

function choice(view, value, label) {
  const attributes = { type: "radio", name: "shared", checked: view.shared === value };
  return h("label", [
    h("input", { ...attributes, onChange: () => (view.shared = value) }),
    ` ${label}`,
  ]);
}

// Who may read shared comments.
function readers({ readers: count, customer }) {
  if (!count) return `Nobody at ${customer} can open this POC yet. The team reads this.`;
  return `${count === 1 ? "1 person" : `${count} people`} at ${customer} and the team read this.`;
}

function dayOf(iso) {
  return new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "long" });
}

function moment(iso) {
  return written(new Date(iso), MOMENT);
}
