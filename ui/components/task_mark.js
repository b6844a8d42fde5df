// The mark of a task's status, which says it to those who point at it or listen.
import { h } from "vue";
import { mark } from "task_marks";

export default {
  props: { status: String, label: String },
  render() {
    return h("span", { class: "task-sign", title: this.label }, [
      mark(this.status),
      h("span", { class: "visually-hidden" }, this.label),
    ]);
  },
};
