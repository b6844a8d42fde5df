// Links to the sections of a page, of which one is shown. On a narrow screen they are one row,
// scrolled so that the current one is visible.
import { showOpen } from "open_tab";

export default {
  template: `
  <nav class="settings-nav" :aria-label="label">
    <a v-for="link in links" :key="link.href" class="settings-link" :href="link.href"
       :aria-current="link.current ? 'page' : null">{{ link.name }}</a>
  </nav>`,
  props: { label: String, links: Array },
  mounted() {
    showOpen(this.$el);
  },
};
