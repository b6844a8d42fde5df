// The surroundings of a signed-in page: skip link, header, navigation, the person's menu, main part.
// One element on the server, however many links it shows.
export default {
  template: `
    <div class="app">
      <a class="skip-link" href="#main">Skip to content</a>
      <header class="shell">
        <a class="brand" :href="home">
          <img class="brand-logo" src="/static/logo.svg" alt="" width="24" height="24">
          <span class="brand-name">Rollcall</span>
        </a>
        <span class="tenant-name" dir="auto" :title="place">{{ place }}</span>
        <nav class="nav" aria-label="Main">
          <a v-for="item in navigation" :key="item.href" class="nav-link" :href="item.href"
             :aria-current="item.current ? 'page' : null">{{ item.name }}</a>
        </nav>
        <details class="user-menu" ref="menu" @keydown.esc="close" @focusout="left">
          <summary class="user-menu-button" :aria-label="person.name + ', your menu'">
            <span class="user-menu-name" dir="auto">{{ person.name }}</span>
          </summary>
          <div class="user-menu-panel">
            <div class="user-menu-who">
              <div class="user-menu-email">{{ person.email }}</div>
              <div class="user-menu-role">{{ person.role }}</div>
            </div>
            <a v-for="item in menu" :key="item.href" class="menu-item" :href="item.href">{{ item.name }}</a>
            <form method="post" :action="sign_out">
              <button class="menu-item" type="submit">Sign out</button>
            </form>
          </div>
        </details>
      </header>
      <main class="main" id="main" tabindex="-1"><slot></slot></main>
    </div>`,
  props: {
    home: String,
    place: String,
    navigation: Array,
    person: Object,
    menu: Array,
    sign_out: String,
  },
  mounted() {
    document.addEventListener("click", this.outside);
  },
  unmounted() {
    document.removeEventListener("click", this.outside);
  },
  methods: {
    close() {
      this.$refs.menu.open = false;
      this.$refs.menu.querySelector("summary").focus();
    },
    left(event) {
      if (event.relatedTarget && !this.$refs.menu.contains(event.relatedTarget)) {
        this.$refs.menu.open = false;
      }
    },
    outside(event) {
      if (!this.$refs.menu.contains(event.target)) this.$refs.menu.open = false;
    },
  },
};
