// Recovery codes, shown once: to copy, to download, or to print.
const SHOWN = 4_000; // ms that "Copied" stays

export default {
  template: `
  <div class="codes-sheet">
    <p v-for="line in about" :key="line" class="codes-about">{{ line }}</p>
    <ul class="recovery-codes"><li v-for="code in codes" :key="code"><code>{{ code }}</code></li></ul>
    <div class="actions">
      <button type="button" class="btn" @click="copy">{{ copied ? 'Copied' : 'Copy' }}</button>
      <button type="button" class="btn" @click="download">Download</button>
      <button type="button" class="btn" @click="print">Print</button>
    </div>
    <span class="visually-hidden" role="status">{{ copied ? 'Copied' : '' }}</span>
  </div>`,
  props: { codes: Array, about: Array, file: String },
  data: () => ({ copied: false }),
  mounted() {
    addEventListener("afterprint", this.printed);
  },
  unmounted() {
    removeEventListener("afterprint", this.printed);
    this.printed();
    clearTimeout(this.timer);
  },
  methods: {
    text() {
      return [...this.about, "", ...this.codes, ""].join("\n");
    },
    async copy() {
      try {
        await navigator.clipboard.writeText(this.text());
      } catch {
        this.copyTheOldWay(); // no clipboard without https
      }
      this.copied = true;
      this.timer = setTimeout(() => (this.copied = false), SHOWN);
    },
    copyTheOldWay() {
      const from = document.activeElement;
      const field = document.createElement("textarea");
      field.value = this.text();
      this.$el.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
      from?.focus();
    },
    download() {
      const url = URL.createObjectURL(new Blob([this.text()], { type: "text/plain" }));
      const link = document.createElement("a");
      link.href = url;
      link.download = this.file;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 0);
    },
    // The stylesheet hides the rest of the page (90-media.css).
    print() {
      document.body.dataset.prints = "codes";
      window.print();
    },
    printed() {
      delete document.body.dataset.prints;
    },
  },
};
