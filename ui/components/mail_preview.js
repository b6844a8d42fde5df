// A mail as it would arrive. Its HTML is in its own frame, where scripts and links are off.
const FORMS = ["HTML", "Plain text"];

export default {
  template: `
  <section class="card mail-preview" aria-label="Preview">
    <div class="mail-preview-head">
      <h2>Preview</h2>
      <div class="segments" role="group" aria-label="Form of the mail">
        <button v-for="form in forms" :key="form" type="button" class="segment"
                :aria-pressed="String(shown === form)" @click="shown = form">{{ form }}</button>
      </div>
    </div>
    <div v-if="mail" class="mail-preview-body">
      <p class="mail-preview-who">From <bdi>{{ mail.sender }}</bdi> · To <bdi>{{ mail.recipient }}</bdi></p>
      <p class="mail-preview-subject" dir="auto">{{ mail.subject }}</p>
      <iframe v-if="shown === 'HTML'" ref="frame" title="The mail as HTML" sandbox="allow-same-origin"
              :srcdoc="mail.html" @load="fit"></iframe>
      <pre v-else tabindex="0" aria-label="The mail as plain text">{{ mail.text }}</pre>
    </div>
  </section>`,
  props: { mail: Object },
  data: () => ({ shown: "HTML" }),
  computed: { forms: () => FORMS },
  mounted() {
    window.addEventListener("resize", this.fit);
  },
  unmounted() {
    window.removeEventListener("resize", this.fit);
  },
  methods: {
    // The frame is as high as its content.
    fit() {
      const frame = this.$refs.frame;
      const body = frame?.contentDocument?.body;
      if (body) frame.style.height = `${Math.ceil(body.getBoundingClientRect().height)}px`;
    },
  },
};
