// A link, and the button that copies it.

export default {
  template: `
  <div class="dialog-link">
    <p role="status">{{ text }}</p>
    <div class="copy">
      <input ref="link" type="text" readonly aria-label="Link" :value="url"
             @focus="$event.target.select()">
      <button ref="copy" type="button" class="btn" @click="copy">{{ copied ? 'Copied' : 'Copy' }}</button>
    </div>
    <span class="visually-hidden" role="status">{{ copied ? 'Copied' : '' }}</span>
  </div>`,
  props: { text: String, url: String },
  data() {
    return { copied: false };
  },
  watch: {
    url: "focus",
  },
  mounted() {
    this.focus();
  },
  methods: {
    focus() {
      this.copied = false;
      this.$nextTick(() => this.$refs.copy.focus());
    },
    async copy() {
      const input = this.$refs.link;
      try {
        await navigator.clipboard.writeText(this.url);
      } catch {
        // There is no clipboard without https. The old way works if the link is selected.
        input.focus();
        input.select();
        document.execCommand("copy");
        this.$refs.copy.focus();
      }
      this.copied = true;
      setTimeout(() => (this.copied = false), 4_000);
    },
  },
};
