// An image that can be replaced or removed. The file's bytes go to the server in pieces.
const PIECE = 36_000; // bytes; a third more as text, and a socket message takes 64 KB

export default {
  template: `
  <div class="image-picker">
    <img v-if="shown" class="image-shown" :class="{ 'is-round': round }" :src="shown" :alt="label">
    <span v-else class="image-shown image-none" :class="{ 'is-round': round }" aria-hidden="true">{{ initials }}</span>
    <div class="image-acts">
      <label class="btn btn-small" :class="{ 'is-busy': bytes }" :aria-busy="bytes ? 'true' : null">
        {{ shown ? 'Replace' : 'Choose' }}
        <input ref="input" class="visually-hidden" type="file" :aria-label="(shown ? 'Replace: ' : 'Choose: ') + label"
               accept="image/png,image/jpeg,image/webp"
               :aria-describedby="$attrs.id + '-hint'" @change="chosen">
      </label>
      <button v-if="shown" type="button" class="btn btn-quiet btn-small" :aria-label="'Remove: ' + label"
              @click="$emit('remove')">Remove</button>
    </div>
    <p class="image-hint" :class="error ? 'field-error' : 'field-help'" :id="$attrs.id + '-hint'"
       aria-live="polite">{{ error || hint }}</p>
  </div>`,
  props: { label: String, url: String, initials: String, hint: String, round: Boolean, most: Number, tooLong: String },
  emits: ["piece", "remove"],
  data() {
    return { shown: this.url, bytes: null, error: "" };
  },
  methods: {
    // -- called by the server
    more() {
      if (!this.bytes) return;
      const piece = this.bytes.subarray(this.sent, this.sent + PIECE);
      this.sent += PIECE;
      const last = this.sent >= this.bytes.length;
      this.$emit("piece", { data: encoded(piece), last });
    },
    refused(why) {
      this.error = why;
      this.bytes = null;
    },
    show(url) {
      this.shown = url;
      this.error = "";
      this.bytes = null;
    },

    // -- the person's
    async chosen(event) {
      const file = event.target.files[0];
      event.target.value = ""; // so that the same file can be chosen again once it is corrected
      if (!file || this.bytes) return;
      this.error = "";
      if (file.size > this.most) return this.refused(this.tooLong);
      try {
        this.bytes = new Uint8Array(await file.arrayBuffer());
      } catch {
        return this.refused("This file can’t be read. It may have been moved or changed: choose it once more.");
      }
      this.sent = 0;
      this.more();
    },
  },
};

function encoded(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8_192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  }
  return btoa(text);
}
