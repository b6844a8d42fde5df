// Uploads: files that are dropped anywhere on the page, pasted, or chosen. They are sent one after
// the other, each in its own request, which shows its progress and can be cancelled.
import { h } from "vue";
import { askWhile } from "live_socket";

const MB = 1024 * 1024;
const BROKEN = "The connection broke off, or the file can’t be read. Nothing was kept.";
let number = 0;

export default {
  props: { url: String, used: Number, most: Number, most_of_file: Number },
  data() {
    return { uploads: [], over: false, said: "" };
  },
  mounted() {
    this.handlers = {
      paste: (event) => this.take(event, event.clipboardData),
      drop: (event) => this.take(event, event.dataTransfer),
      dragover: this.dragged,
      dragleave: (event) => event.relatedTarget || (this.over = false),
    };
    for (const [name, handler] of Object.entries(this.handlers)) document.addEventListener(name, handler);
    this.stopAsking = askWhile(() => this.uploads.some(isOnItsWay));
  },
  unmounted() {
    for (const [name, handler] of Object.entries(this.handlers)) document.removeEventListener(name, handler);
    this.stopAsking();
    this.request?.abort();
  },
  methods: {
    dragged(event) {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      this.over = true;
    },
    take(event, data) {
      this.over = false;
      if (!data?.files.length) return; // pasted text goes into the field as usual
      event.preventDefault();
      const folders = new Set([...data.items].map((item) => item.webkitGetAsEntry?.())
        .filter((entry) => entry?.isDirectory).map((entry) => entry.name));
      this.add([...data.files], folders);
    },
    add(files, folders = new Set()) {
      for (const file of files) {
        const upload = { key: ++number, file, name: file.name || "file", sent: 0, error: "", state: "waits" };
        if (folders.has(file.name)) refuse(upload, "A folder can’t be uploaded. Make a .zip of it.");
        else if (file.size > this.most_of_file) {
          const [size, most] = [mb(file.size), mb(this.most_of_file)];
          const has = size === most ? `a little more than ${most}` : size;
          refuse(upload, `This has ${has} MB. A file may have ${most} MB at most.`);
        } else if (!file.size) refuse(upload, "This is empty: there is nothing to keep.");
        this.uploads.push(upload);
      }
      this.next();
    },
    next() {
      if (this.request) return;
      const upload = this.uploads.find(({ state }) => state === "waits");
      if (!upload) return;
      upload.state = "sends";
      this.said = `Uploading ${upload.name}`;
      const request = (this.request = new XMLHttpRequest());
      request.open("POST", this.url);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.setRequestHeader("X-File-Name", encodeURIComponent(wellFormed(upload.name)));
      request.upload.onprogress = (event) => (upload.sent = event.loaded);
      request.onload = () => this.answered(upload, request);
      request.onerror = () => this.ended(upload, BROKEN);
      request.onabort = () => this.ended(upload, null);
      request.send(upload.file);
    },
    answered(upload, request) {
      const plain = request.getResponseHeader("Content-Type")?.startsWith("text/plain");
      if (request.status === 201) this.ended(upload, "");
      else this.ended(upload, plain ? request.responseText : "This couldn’t be uploaded. Nothing was kept.");
    },
    // `error` is empty after success, and null after a cancellation.
    ended(upload, error) {
      this.request = null;
      if (error) refuse(upload, error);
      else this.forget(upload);
      this.said = error ? `${upload.name}: ${error}` : error === null ? `${upload.name} is cancelled.` : `${upload.name} is uploaded.`;
      this.next();
    },
    cancel(upload) {
      if (upload.state === "sends") this.request.abort();
      else this.forget(upload);
      this.$refs.choose.focus();
    },
    again(upload) {
      Object.assign(upload, { state: "waits", error: "", sent: 0 });
      this.next();
    },
    forget(upload) {
      this.uploads = this.uploads.filter(({ key }) => key !== upload.key);
    },
    chosen(event) {
      this.add([...event.target.files]);
      event.target.value = ""; // so that the same file can be chosen again once it is corrected
    },
  },
  render() {
    const room = `${mb(this.most_of_file)} MB each; ${mb(this.used)} of ${mb(this.most)} MB used.`;
    return h("div", { class: ["file-drop", { over: this.over }] }, [
      h("p", { class: "visually-hidden", role: "status" }, this.said),
      this.uploads.length
        ? h("ul", { class: "file-uploads", role: "list" }, this.uploads.map((upload) => row(this, upload)))
        : null,
      h("div", { class: "file-drop-foot" }, [
        h("p", { class: "small muted" },
          `Drop or paste files here. ${room} New files are internal until you share them.`),
        h("label", { class: "btn btn-small" }, [
          "Choose files",
          h("input", { ref: "choose", type: "file", multiple: true, class: "visually-hidden", onChange: this.chosen }),
        ]),
      ]),
    ]);
  },
};

const isOnItsWay = ({ state }) => state === "sends" || state === "waits";
const wellFormed = (text) => text.toWellFormed?.() ?? text.replace(/[\ud800-\udfff]/g, "");

function refuse(upload, error) {
  Object.assign(upload, { state: "failed", error });
}

function mb(bytes) {
  return (bytes / MB).toLocaleString("en-GB", { maximumFractionDigits: bytes < 10 * MB ? 1 : 0 });
}

function row(view, upload) {
  const { name, file, sent, state, error } = upload;
  const words = state === "waits" ? "waits" : sent < file.size ? `${mb(sent)} of ${mb(file.size)} MB` : "is being kept";
  const failed = state === "failed";
  const button = (label, onClick) =>
    h("button", { type: "button", class: "btn btn-quiet", "aria-label": `${label} ${name}`, onClick }, label);
  return h("li", { key: upload.key }, [
    h("div", { class: "file-upload" }, [
      h("span", { class: "small" }, [h("span", { dir: "auto" }, name), failed ? "" : ` · ${words}`]),
      h("span", { class: "actions" }, [
        failed && error === BROKEN && button("Try again", () => view.again(upload)),
        button(failed ? "Dismiss" : "Cancel", () => view.cancel(upload)),
      ]),
    ]),
    failed
      ? h("p", { class: "field-error" }, error)
      : h("progress", { class: "bar", max: file.size, value: sent, "aria-label": `Uploading ${name}` }),
  ]);
}
