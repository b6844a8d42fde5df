// Short messages at the bottom of the page. The two lists exist before there is any message, so
// that screen readers announce what is put into them. They have a render function: a template would
// have to be compiled on every page.
import { h } from "vue";
import { icon } from "icons";
import { newlyKept, newlySent, toldKept } from "live_socket";

const MOST = 3;
const STAY = 6_000; // ms
const STAY_WITH_ACTION = 10_000; // ms
const STAY_FOR_WHAT_IS_KEPT = 60_000; // ms
const ICONS = { success: "done", error: "alert", info: "info" };

export default {
  emits: ["action"],
  data() {
    return { toasts: [] };
  },
  mounted() {
    this.raise();
    this.tellKept();
    // NiceGUI's own notice of a lost connection is outside of every landmark, and has no name.
    document.getElementById("popup")?.setAttribute("role", "status");
  },
  unmounted() {
    document.removeEventListener("visibilitychange", this.seeKept);
    for (const toast of this.toasts) clearTimeout(toast.timer);
  },
  render() {
    const alarming = this.toasts.filter((toast) => toast.tone === "error");
    const calm = this.toasts.filter((toast) => toast.tone !== "error");
    return h("section", { class: "toasts", popover: "manual", "aria-label": "Messages" }, [
      this.messages("status", calm),
      this.messages("alert", alarming),
    ]);
  },
  methods: {
    messages(role, toasts) {
      const list = { class: "toast-list", role, "aria-atomic": "false" };
      return h("div", list, toasts.map(this.message));
    },
    message(toast) {
      const dismiss = () => this.dismiss(toast);
      const box = {
        key: toast.id,
        class: `toast toast-${toast.tone}`,
        onMouseenter: () => this.hold(toast),
        onMouseleave: () => this.release(toast),
        onFocusin: () => this.hold(toast),
        onFocusout: () => this.release(toast),
        onKeydown: (event) => event.key === "Escape" && dismiss(),
      };
      const act = { class: "toast-action", type: "button", onClick: () => this.act(toast) };
      const close = { class: "toast-close", type: "button", "aria-label": "Dismiss", onClick: dismiss };
      return h("div", box, [
        icon(ICONS[toast.tone], 16, { class: "toast-icon" }),
        h("span", { class: "toast-text" }, toast.message),
        toast.action && h("button", act, toast.action),
        h("button", close, [icon("close", 14)]),
      ]);
    },
    show(toast) {
      if (document.querySelector("dialog[open]")) this.raise();
      this.toasts.push(toast);
      for (const old of this.toasts.slice(0, -MOST)) this.dismiss(old);
      this.release(toast);
    },
    // A dialog that was half filled in when the page had to be loaded again isn't open any more.
    tellKept() {
      const [titles, sent] = [newlyKept(), newlySent()].map((all) => all.join("”, “"));
      if (!titles && !sent) return;
      const typed = titles && ` What you had typed is kept: open “${titles}” again.`;
      const lost = sent && ` No answer came to “${sent}”: look whether it was done before you try again.`;
      const message = `This page was loaded again.${typed}${lost}`;
      const toast = { id: "kept", message, tone: "info" };
      this.toasts.push(toast);
      document.addEventListener("visibilitychange", this.seeKept);
      this.seeKept();
    },
    // In a hidden tab it waits to be seen.
    seeKept() {
      if (document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", this.seeKept);
      const toast = this.toasts.find(({ id }) => id === "kept");
      if (!toast) return;
      toldKept();
      toast.timer = setTimeout(() => this.dismiss(toast), STAY_FOR_WHAT_IS_KEPT);
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
  },
};
