// A screen on a wall: keeps its connection to the server, and says so when it is lost.
//
// What is shown counts as true as long as the server's beat comes, once a second. Nothing here
// trusts this device's clock: only durations are measured, and times come from the server.
"use strict";
(() => {
  const place = document.getElementById("wall");
  if (!place) return;
  const wall = window.rollcallWall;
  const { h, icon } = wall;
  const MARK = 5000; // ms without a beat until the clock is marked
  const LOST = 10000; // ms without a beat until the banner
  const SLEPT = 5000; // a timer of one second that is this many ms late means that the device slept
  const AGAIN = [500, 1000, 2000, 3000, 5000]; // ms until the next try to connect
  const RENEW = 24 * 3600 * 1000; // ms between two requests that renew the cookie
  const FLIP = 3600 * 1000; // ms after which the banner changes sides, against burn-in
  const TAB = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  const stage = new wall.Stage(place);
  const banner = document.getElementById("offline");
  const pairing = document.getElementById("pairing");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  let socket;
  let tries = 0;
  let lastBeat = performance.now();
  let lastTime = 0; // the server's, in seconds
  let code; // { until, seconds } while this screen isn't paired
  let isAsking = false; // for a code
  let renewed = performance.now();
  let drift = 0;
  let wallTick = Date.now();

  function connect() {
    const url = new URL("/wall/socket", location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    url.search = new URLSearchParams({ tab: TAB, size: `${innerWidth * devicePixelRatio}×${innerHeight * devicePixelRatio}`, code: code ? "shown" : "" });
    const made = (socket = new WebSocket(url));
    const patience = setTimeout(() => made.close(), LOST);
    made.onopen = () => clearTimeout(patience);
    made.onmessage = ({ data }) => {
      if (made === socket) hear(JSON.parse(data));
    };
    made.onclose = () => {
      clearTimeout(patience);
      if (made === socket) again();
    };
  }

  function again() {
    socket = undefined;
    const pause = AGAIN[Math.min(tries++, AGAIN.length - 1)];
    setTimeout(connect, pause + Math.random() * pause * 0.5);
  }

  function reconnect() {
    const old = socket;
    if (!old) return;
    socket = undefined;
    old.close();
    connect();
  }

  const hears = {
    beat({ t, build }) {
      upgrade(build);
      tries = 0;
      lastBeat = performance.now();
      lastTime = t;
      found();
      if (!code) stage.tick(t);
    },
    hello(screen) {
      upgrade(screen.build);
      leavePairing();
      document.documentElement.dataset.theme = screen.theme;
      stage.now ||= screen.t;
      lastTime ||= screen.t; // the connection may be lost before the first beat
      stage.set({ ...screen, zone: screen.zone || zone });
    },
    view: ({ v, d }) => stage.show(v, d),
    pair: ({ why, build }) => (upgrade(build), ask(why)),
    paired: claim,
    reload: () => renew(true),
  };

  function hear(message) {
    hears[message.k]?.(message);
  }

  // ---- pairing

  async function ask(why) {
    if (isAsking) return; // where nothing answers, it would ask once more each second
    isAsking = true;
    place.replaceChildren();
    place.hidden = true;
    document.documentElement.dataset.theme = "dark";
    stage.set({ ...stage.screen, views: [] });
    pairing.hidden = false;
    document.getElementById("revoked").hidden = why !== "revoked";
    const given = await offered();
    isAsking = false;
    if (!given) {
      setTimeout(reconnect, 5000);
      return;
    }
    const { code: text, seconds } = given;
    code = { until: performance.now() + seconds * 1000, seconds };
    const shown = document.getElementById("code");
    const [first, second] = text.split("-");
    shown.replaceChildren(first, h("span", { class: "dash" }, "-"), second);
    shown.classList.remove("comes");
    requestAnimationFrame(() => shown.classList.add("comes"));
    pairing.classList.toggle("other-side");
    count();
    reconnect(); // this socket waits for the pairing of this code
  }

  async function offered() {
    try {
      const answer = await fetch("/wall/code", { method: "POST", signal: AbortSignal.timeout(LOST) });
      return answer.ok ? await answer.json() : undefined;
    } catch {
      return undefined; // the next greeting tells anew
    }
  }

  function count() {
    const left = Math.max(0, code.until - performance.now()) / 1000;
    const seconds = Math.ceil(left);
    document.getElementById("countdown").textContent =
      `A new code in ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    document.getElementById("left").style.inlineSize = `${(left / code.seconds) * 100}%`;
    if (!left) ask();
  }

  function leavePairing() {
    code = undefined;
    pairing.hidden = true;
    place.hidden = false;
  }

  async function claim() {
    const answer = await fetch("/wall/claim", { method: "POST" }).catch(() => undefined);
    if (answer?.ok) code = undefined;
    reconnect();
  }

  // ---- staleness

  function watch() {
    const isAfterSleep = Date.now() - wallTick > 1000 + SLEPT;
    wallTick = Date.now();
    if (isAfterSleep) {
      lastBeat = Math.min(lastBeat, performance.now() - LOST); // not the time that the device slept
      reconnect();
    }
    const silence = performance.now() - lastBeat;
    document.documentElement.classList.toggle("waits", silence >= MARK);
    const dot = document.querySelector(".stage:not([hidden]) .beat, #pairing:not([hidden]) .beat");
    dot?.setAttribute("aria-label", silence >= MARK ? "Waiting for the server" : "Live");
    if (silence >= LOST && lastTime) lost(silence);
    if (silence >= MARK && socket && socket.readyState === WebSocket.OPEN) reconnect();
    if (code) count();
    if (performance.now() - renewed > RENEW) renew(false);
    move();
  }

  function lost(silence) {
    banner.classList.toggle("below", Math.floor(silence / FLIP) % 2 === 1);
    if (document.documentElement.classList.contains("lost")) return;
    document.documentElement.classList.add("lost");
    stage.draw(); // there is less room
    const time = wall.clockOf(stage.screen.zone || zone).time(lastTime);
    banner.replaceChildren(
      icon("warn"),
      h("h1", { class: "since" }, `Offline since ${time}`),
      h("p", { class: "seen" }, `What you see is from ${time}. `, h("br"), "Trying again by itself."),
    );
  }

  function found() {
    const { classList } = document.documentElement;
    const wasLost = classList.contains("lost");
    classList.remove("lost", "waits");
    if (!wasLost) return;
    banner.replaceChildren();
    stage.draw();
  }

  // ---- new assets, and the cookie's renewal

  function upgrade(build) {
    if (build && build !== document.documentElement.dataset.build) renew(true);
  }

  // The page is loaded again only once the server has answered for it and its files.
  async function renew(isWanted) {
    renewed = performance.now();
    try {
      const answer = await fetch("/wall", { cache: "no-store" });
      const html = await answer.text();
      if (!answer.ok || !isWanted) return;
      const page = new DOMParser().parseFromString(html, "text/html");
      const needed = [...page.querySelectorAll("script[src], link[rel=stylesheet]")];
      const parts = await Promise.all(needed.map((part) => fetch(part.getAttribute("src") ?? part.getAttribute("href"))));
      if (parts.every((part) => part.ok)) location.reload();
    } catch {
      // The next greeting tries again.
    }
  }

  // ---- against burn-in: everything moves by a few pixels each minute

  function move() {
    drift += 1;
    if (drift % 10) return;
    const angle = (drift / 600) * 2 * Math.PI;
    document.body.style.setProperty("--dx", `${Math.round(Math.sin(angle) * 6)}px`);
    document.body.style.setProperty("--dy", `${Math.round(Math.sin(angle * 1.5) * 4)}px`);
  }

  let resized;
  addEventListener("resize", () => {
    clearTimeout(resized);
    resized = setTimeout(() => {
      stage.draw();
      reconnect(); // the server is told of the new size
    }, 500);
  });
  addEventListener("online", reconnect);
  document.addEventListener("visibilitychange", () => document.hidden || reconnect());
  setInterval(watch, 1000);
  connect();
})();
