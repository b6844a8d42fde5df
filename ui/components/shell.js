// The frame of a signed-in page: skip link, header, navigation, the person's menu, main part. It is
// one element on the server, however many links it shows. It has a render function, because a
// template would have to be compiled in the browser before anything of the page is shown.
import { h } from "vue";
import { keepPlaces } from "kept_place";
import { listen } from "live_socket";
import { showOpen } from "open_tab";
import palette from "palette";
import singleKeys from "single_keys";

const SPREAD = 2_000; // ms over which pages that come back ask what changed meanwhile
const THEMES = [
  ["system", "System"],
  ["light", "Light"],
  ["dark", "Dark"],
];

export default {
  emits: ["find", "missed"],
  props: {
    finds: Boolean,
    home: String,
    logo: String,
    home_title: String,
    home_logo: String,
    inside: String, // for a Platform Admin in an organisation: "open" or "closed"
    navigation: Array,
    person: Object,
    menu: Array,
    tabs: Array,
    zone: String, // the time zone of the dates on the page; empty where there are none
    sign_out: String,
  },
  data() {
    return {
      theme: window.rollcallTheme.chosen,
      undecided: 0, // people without a decision in the open review
      moved: "", // the organisation's time zone by now, if it is another one
      organisation: { name: this.home_title, logo: this.home_logo, closed: this.inside === "closed" },
    };
  },
  created() {
    document.documentElement.dataset.me = this.person.id; // whose half-typed words are taken up
  },
  mounted() {
    // What the page does at its beginning isn't done again when somebody comes back to it.
    const url = new URL(location.href);
    url.searchParams.delete("do");
    if (url.href !== location.href) history.replaceState(history.state, "", url);
    document.addEventListener("click", this.outside);
    window.addEventListener("storage", this.lookAtTheme); // chosen in another tab
    showOpen(this.$refs.links);
    showOpen(this.$refs.tabs);
    const heard = { rollcall_header: this.changed, rollcall_undecided: ({ count }) => this.count(count) };
    // A page that asks for the rows of one room asks for no more: the header has no part in them.
    const onMissed = (what) => (what?.all ?? true) && this.missed();
    this.forgetPlaces = keepPlaces();
    this.unlisten = listen(heard, { onReconnect: this.missed, onMissed });
  },
  unmounted() {
    clearTimeout(this.asking);
    document.removeEventListener("click", this.outside);
    window.removeEventListener("storage", this.lookAtTheme);
    this.forgetPlaces();
    this.unlisten();
  },
  render() {
    const main = h("main", { class: "main", id: "main", tabindex: "-1" }, [
      this.tabs.length ? this.beside() : null,
      this.moved ? this.outdated() : null,
      this.$slots.default?.(),
    ]);
    return h("div", { class: "app" }, [
      h("a", { class: "skip-link", href: "#main" }, "Skip to content"),
      h("header", { class: "shell" }, [this.brand(), this.where(), this.links(), this.own()]),
      this.inside ? this.trail() : null,
      main,
      h(singleKeys, { finds: this.finds, navigation: this.navigation }),
      this.finds ? h(palette, { ref: "palette", onFind: (asked) => this.$emit("find", asked) }) : null,
    ]);
  },
  methods: {
    // -- called by the server
    found(...answer) {
      this.$refs.palette.found(...answer);
    },
    count(undecided) {
      this.undecided = undecided;
    },
    brand() {
      return h("a", { class: "brand", href: this.home }, [
        h("img", { class: "brand-logo", src: this.logo, alt: "", width: 24, height: 24 }),
        h("span", { class: "brand-name" }, "Rollcall"),
      ]);
    },
    where() {
      const { name, logo } = this.organisation;
      return h("span", { class: "tenant-name", title: name }, [
        logo ? h("img", { class: "tenant-logo", src: logo, alt: "", height: 24 }) : null,
        h("bdi", name),
      ]);
    },
    // What changed while the page was away is asked for: many pages come back at once.
    missed() {
      clearTimeout(this.asking);
      this.asking = setTimeout(() => this.$emit("missed"), Math.random() * SPREAD);
    },
    // The organisation's name, logo or time zone has changed, or it was closed or reopened.
    changed({ name, logo, closed, zone }) {
      this.moved = this.zone && zone !== this.zone ? zone : "";
      document.title = document.title.replace(` · ${this.organisation.name} ·`, () => ` · ${name} ·`);
      this.organisation = { name, logo, closed };
    },
    outdated() {
      const again = { type: "button", class: "btn btn-small", onClick: () => location.reload() };
      return h("div", { class: "banner banner-warning banner-box", role: "alert" }, [
        h("span", `The time zone of ${this.organisation.name} is ${this.moved.replaceAll("_", " ")} now. Dates on this page may be of the old one.`),
        h("button", again, "Load again"),
      ]);
    },
    // The organisation in which a Platform Admin works, and the way out of it.
    trail() {
      const above = "/platform/tenants";
      const here = { "aria-current": "page", dir: "auto", class: "trail-here" };
      return h("nav", { class: "trail", "aria-label": "Breadcrumb" }, [
        h("ol", [h("li", h("a", { href: above }, "All organisations")), h("li", here, this.organisation.name)]),
        h("span", { class: "chip chip-accent" }, "You are here as a Platform Admin"),
        this.organisation.closed ? h("span", { class: "chip chip-warning" }, "Closed: nobody can sign in") : null,
        h("a", { class: "trail-out", href: above }, "Leave"),
      ]);
    },
    links() {
      const link = ({ name, href, current }) =>
        h("a", { class: "nav-link", href, "aria-current": current ? "page" : null }, name);
      if (!this.navigation.length) return h("span", { class: "nav" });
      return h("nav", { ref: "links", class: "nav", "aria-label": "Main" }, this.navigation.map(link));
    },
    // The tabs of sibling pages. The page that is open is no link, so a single tab is only a label.
    beside() {
      const tab = ({ name, href, current, counts }) => {
        const content = counts && this.undecided ? [name, undecided(this.undecided)] : name;
        return current
          ? h("span", { class: "tab", "aria-current": "page" }, content)
          : h("a", { class: "tab", href }, content);
      };
      const label = this.navigation.find(({ current }) => current)?.name;
      return h("nav", { ref: "tabs", class: "tabs", "aria-label": label }, this.tabs.map(tab));
    },
    own() {
      const { name, email, role } = this.person;
      const escaped = (event) => event.key === "Escape" && this.close();
      const menu = { class: "user-menu", ref: "menu", onKeydown: escaped, onFocusout: this.left };
      const label = `${name}, your menu`;
      return h("details", menu, [
        h("summary", { class: "user-menu-button", "aria-label": label }, [
          h("span", { class: "user-menu-name", dir: "auto" }, name),
        ]),
        h("div", { class: "user-menu-panel" }, [
          h("div", { class: "user-menu-who" }, [
            h("div", { class: "user-menu-email" }, email),
            h("div", { class: "user-menu-role" }, role),
          ]),
          this.finds ? this.finder() : null,
          this.menu.map((item) => h("a", { class: "menu-item", href: item.href }, item.name)),
          this.themes(),
          h("form", { method: "post", action: this.sign_out }, [
            h("button", { class: "menu-item", type: "submit" }, "Sign out"),
          ]),
        ]),
      ]);
    },
    finder() {
      const chosen = () => {
        this.close();
        this.$refs.palette.open();
      };
      return h("button", { class: "menu-item menu-finder", type: "button", onClick: chosen }, [
        "Go to or do…",
        h("kbd", /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘ K" : "Ctrl K"),
      ]);
    },
    themes() {
      const choice = ([value, label]) =>
        h("label", { key: value }, [
          h("input", {
            type: "radio",
            name: "theme",
            value,
            checked: this.theme === value,
            onChange: () => this.choose(value),
          }),
          h("span", label),
        ]);
      return h("div", { class: "themes", role: "radiogroup", "aria-label": "Theme" }, [
        h("span", { "aria-hidden": "true" }, "Theme"),
        h("div", { class: "themes-choices" }, THEMES.map(choice)),
      ]);
    },
    choose(theme) {
      window.rollcallTheme.choose(theme);
      this.theme = theme;
    },
    lookAtTheme() {
      this.theme = window.rollcallTheme.chosen;
    },
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

function undecided(count) {
  return h("span", { class: "chip chip-accent tab-due" }, [
    count.toLocaleString("en-GB"),
    h("span", { class: "visually-hidden" }, " undecided"),
  ]);
}
