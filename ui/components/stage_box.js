// The views of a screen in a box on a page, drawn by the same scripts (ui/wall/scripts).
const BUTTONS = { roll_call: "Roll call", people: "People", pocs: "POCs", trouble: "Trouble" };
const SECOND = 1000;

export default {
  props: { shown: Object, script: String, sheet: String, hatch: String },
  data: () => ({ view: "roll_call" }),
  template: `
    <div class="stage-tabs" role="group" aria-label="What the box shows">
      <button v-for="(name, key) in buttons" :key="key" type="button" class="btn btn-quiet btn-small"
        :aria-pressed="String(view === key)" @click="choose(key)">{{ name }}</button>
    </div>
    <div ref="box" class="stage-box"></div>`,
  computed: { buttons: () => BUTTONS },
  async mounted() {
    const root = this.$refs.box.attachShadow({ mode: "open" });
    await Promise.all([this.draw(root), this.load()]);
    if (!this.$refs.box) return;
    this.stage = new window.rollcallWall.Stage(root.querySelector(".stage"), "section");
    this.shift = this.shown.now * SECOND - Date.now();
    this.show(this.shown);
    this.ticking = setInterval(() => this.tick(), SECOND);
  },
  unmounted() {
    clearInterval(this.ticking);
  },
  methods: {
    // A shadow tree, so that the styles of the wall and of the app don't mix.
    draw(root) {
      root.innerHTML = `${this.hatch}<div class="wall-box"><div class="stage"></div></div>`;
      const sheet = { rel: "stylesheet", href: this.sheet };
      const link = Object.assign(document.createElement("link"), sheet);
      root.prepend(link);
      return new Promise((resolve) => (link.onload = link.onerror = resolve));
    },
    load() {
      if (window.rollcallWall?.Stage) return undefined;
      const script = Object.assign(document.createElement("script"), { src: this.script });
      return new Promise((resolve, reject) => {
        script.onload = resolve;
        script.onerror = reject;
        document.head.append(script);
      });
    },
    choose(key) {
      this.view = key;
      this.set();
    },
    set() {
      this.stage.set({ ...this.screen, views: [this.view] });
      this.stage.show(this.view, this.views[this.view]);
    },
    tick() {
      this.stage.tick(Math.floor((Date.now() + this.shift) / SECOND));
    },
    // -- called by the server
    show({ views, ...screen }) {
      if (!this.stage) return;
      this.views = views;
      this.screen = { ...screen, zone: screen.zone || undefined };
      this.stage.now ||= screen.now;
      this.set();
    },
  },
};
