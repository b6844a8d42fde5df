// The views of the wall, in a box of a page: the same drawing (ui/wall/scripts), for one's own eyes.
const BUTTONS = { roll_call: "Roll call", people: "People", pocs: "POCs", trouble: "Trouble" };
const SECOND = 1000;

export default {
  props: { shown: Object, script: String, sheet: String },
  data: () => ({ view: "roll_call" }),
  template: `
    <div class="stage-tabs" role="group" aria-label="What the box shows">
      <button v-for="(name, key) in buttons" :key="key" type="button" class="btn btn-quiet btn-small"
        :aria-pressed="String(view === key)" @click="choose(key)">{{ name }}</button>
    </div>
    <div ref="box" class="stage-box"><div ref="stage" class="stage"></div></div>`,
  computed: { buttons: () => BUTTONS },
  async mounted() {
    await this.load();
    if (!this.$refs.stage) return;
    this.stage = new window.rollcallWall.Stage(this.$refs.stage);
    this.shift = this.shown.now * SECOND - Date.now();
    this.show(this.shown);
    this.ticking = setInterval(() => this.tick(), SECOND);
  },
  unmounted() {
    clearInterval(this.ticking);
  },
  methods: {
    load() {
      if (window.rollcallWall?.Stage) return undefined;
      document.head.append(
        Object.assign(document.createElement("link"), { rel: "stylesheet", href: this.sheet }),
      );
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
