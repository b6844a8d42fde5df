// A field for a file. The file is uploaded to the page's url as soon as it is chosen; the answer
// has the file's id. Closing the form cancels an upload.

const FAILED = "The upload failed. Look at your connection, then choose the file again.";

export default {
  template: `
  <div class="file-field">
    <div v-if="name" class="file-chosen">
      <bdi>{{ name }}</bdi>
      <progress v-if="request" max="1" :value="part" :aria-label="'Upload of ' + name"></progress>
      <button type="button" class="btn btn-quiet" @click="drop">{{ request ? 'Cancel upload' : 'Remove file' }}</button>
    </div>
    <input v-show="!name" ref="input" type="file" v-bind="control" :accept="field.accept || null"
           @change="chosen">
    <span class="visually-hidden" role="status">{{ status }}</span>
  </div>`,
  props: { field: Object, control: Object, modelValue: Object },
  emits: ["update:modelValue", "uploading", "failed"],
  data() {
    return { request: null, part: 0, going: "" };
  },
  unmounted() {
    this.request?.abort();
  },
  computed: {
    name() {
      return this.request ? this.going : this.modelValue?.name;
    },
    status() {
      if (this.request) return `${this.going} is being uploaded.`;
      return this.modelValue ? `${this.modelValue.name} is uploaded.` : "";
    },
  },
  methods: {
    chosen() {
      const [file] = this.$refs.input.files;
      if (!file) return;
      const request = new XMLHttpRequest();
      request.upload.onprogress = ({ loaded, total }) => (this.part = total ? loaded / total : 0);
      request.onload = () => this.answered(request, file);
      request.onerror = () => this.ended(FAILED);
      request.open("POST", `${this.field.upload}?name=${encodeURIComponent(file.name)}`);
      request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
      request.responseType = "json";
      this.going = file.name;
      this.part = 0;
      this.request = request;
      this.$emit("uploading", true);
      request.send(file);
    },
    answered({ status, response }, file) {
      if (status !== 200 || !response?.id) {
        this.ended(response?.error ?? FAILED);
        return;
      }
      this.ended();
      this.$emit("update:modelValue", { id: response.id, name: file.name });
    },
    ended(error = "") {
      this.request = null;
      this.$refs.input.value = "";
      this.$emit("uploading", false);
      if (error) this.$emit("failed", error);
    },
    drop() {
      if (this.request) {
        this.request.abort();
        this.ended();
      }
      this.$emit("update:modelValue", null);
      this.$nextTick(() => this.$refs.input.focus());
    },
  },
};
