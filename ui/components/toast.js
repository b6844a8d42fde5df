// Short messages at the bottom of the page. The two lists are there before any message is, so that
// screen readers hear what is put into them.
const MOST = 3;
const STAY = 6_000; // ms
const STAY_WITH_ACTION = 10_000; // ms

const LIST = (role, list) => `
  <div class="toast-list" role="${role}" aria-atomic="false">
    <div v-for="toast in ${list}" :key="toast.id" class="toast" :class="'toast-' + toast.tone"
         @mouseenter="hold(toast)" @mouseleave="release(toast)"
         @focusin="hold(toast)" @focusout="release(toast)" @keydown.esc="dismiss(toast)">
      <svg class="toast-icon" width="16" height="16" viewBox="0 0 16 16" fill="none"
           stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"
           aria-hidden="true">
        <circle cx="8" cy="8" r="6.4"/><path :d="icon(toast.tone)"/></svg>
      <span class="toast-text">{{ toast.message }}</span>
      <button v-if="toast.action" class="toast-action" type="button" @click="act(toast)">{{ toast.action }}</button>
      <button class="toast-close" type="button" aria-label="Dismiss" @click="dismiss(toast)">
        <svg width="14" height="14" viewBox="0 0 16 16" fill="none" stroke="currentColor"
             stroke-width="1.7" stroke-linecap="round" aria-hidden="true"><path d="M3.5 3.5l9 9m0-9l-9 9"/></svg>
      </button>
    </div>
  </div>`;

export default {
  template: `
  <section class="toasts" popover="manual" aria-label="Messages">
    ${LIST("status", "calm")}
    ${LIST("alert", "alarming")}
  </section>`,
  emits: ["action"],
  data() {
    return { toasts: [] };
  },
  mounted() {
    this.raise();
    // NiceGUI's own word about a lost connection is outside of every landmark, and nameless.
    document.getElementById("popup")?.setAttribute("role", "status");
  },
  unmounted() {
    for (const toast of this.toasts) clearTimeout(toast.timer);
  },
  computed: {
    calm() {
      return this.toasts.filter((toast) => toast.tone !== "error");
    },
    alarming() {
      return this.toasts.filter((toast) => toast.tone === "error");
    },
  },
  methods: {
    show(toast) {
      if (document.querySelector("dialog[open]")) this.raise();
      this.toasts.push(toast);
      for (const old of this.toasts.slice(0, -MOST)) this.dismiss(old);
      this.release(toast);
    },
    // Puts the messages above a dialog that was opened after them.
    raise() {
      if (!this.$el.showPopover) return;
      if (this.$el.matches(":popover-open")) this.$el.hidePopover();
      this.$el.showPopover();
    },
    hold(toast) {
      clearTimeout(toast.timer);
    },
    release(toast) {
      clearTimeout(toast.timer);
      const stay = toast.action ? STAY_WITH_ACTION : STAY;
      toast.timer = setTimeout(() => this.dismiss(toast), stay);
    },
    dismiss(toast) {
      clearTimeout(toast.timer);
      this.toasts = this.toasts.filter((other) => other.id !== toast.id);
    },
    act(toast) {
      this.$emit("action", toast.id);
      this.dismiss(toast);
    },
    icon(tone) {
      if (tone === "success") return "M5.2 8.3l2 2 3.6-4";
      return tone === "error" ? "M8 4.8v3.8M8 11v.1" : "M8 7.4v3.8M8 5v.1";
    },
  },
};
