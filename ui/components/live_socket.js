// Listens to the page's socket. NiceGUI makes it after the components are mounted; live.js tells at
// that moment, before anything can have arrived. `handlers` maps socket events to functions.
// `onReconnect` runs after each connection except the first, `onMissed` if something was missed
// before the first, or when the server says that something was, `all` or only in one room; and
// `onDisconnect` after each loss. Returns a function that stops listening.
export function listen(
  handlers,
  { onReconnect = () => {}, onMissed = onReconnect, onDisconnect = () => {} } = {},
) {
  let stop = () => window.removeEventListener("rollcall_socket", start);
  const start = () => {
    const socket = window.socket;
    let connected = socket.connected;
    if (window.rollcallMissed) onMissed();
    const all = {
      ...handlers,
      rollcall_missed: onMissed,
      connect: () => {
        if (connected) onReconnect();
        connected = true;
      },
      disconnect: onDisconnect,
    };
    for (const [event, handler] of Object.entries(all)) socket.on(event, handler);
    stop = () => {
      for (const [event, handler] of Object.entries(all)) socket.off(event, handler);
    };
  };
  if (window.socket) start();
  else window.addEventListener("rollcall_socket", start, { once: true });
  return () => stop();
}

// Has the browser ask before the page is left for another one, as long as something `isHalfTyped` and
// not `sent`. Returns what ends it. (live.js: the end of a session asks nobody.)
// A restart of the server asks nobody either: the page loads again by itself, and what `typed` gives
// is kept for it under its `name`: { name, title, values }. What `sent` names then is on its way
// without an answer: its person is told so, instead of the `title`, once the page is back.
export function askWhile(isHalfTyped, typed, sent = () => "") {
  const ask = (event) => isHalfTyped() && !sent() && event.preventDefault();
  const keep = ({ detail }) => {
    const title = sent();
    if (title) detail[`sent ${title}`] = { sent: title };
    if (!typed || !isHalfTyped()) return;
    const { name, ...rest } = typed();
    detail[name] = title ? { values: rest.values, unanswered: true } : rest;
  };
  window.addEventListener("rollcall_leaving", ask);
  window.addEventListener("rollcall_restart", keep);
  return () => {
    window.removeEventListener("rollcall_leaving", ask);
    window.removeEventListener("rollcall_restart", keep);
  };
}

// What a page calls itself before the names of what it is in.
export function pageName() {
  return document.title.split(" · ")[0];
}

const KEPT = "rollcall-kept";
const KEPT_FOR = 12 * 60 * 60 * 1000; // ms: a night (as in public.js)

// What this person had half typed on this page when the server restarted or their session expired, by
// name. What was kept for another page, or another person, or too long ago, is dropped.
function kept() {
  const all = JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
  const isHere = all.path === location.pathname && all.whose === document.documentElement.dataset.me;
  if (isHere && Date.now() - all.at < KEPT_FOR) return all;
  sessionStorage.removeItem(KEPT);
  return { forms: {} };
}

// The titles of what was kept, until the person has been told.
export function newlyKept() {
  const all = kept();
  return all.told ? [] : Object.values(all.forms).flatMap(({ title }) => title ?? []);
}

// The titles of forms that were sent and not answered before the page was loaded again.
export function newlySent() {
  const all = kept();
  return all.told ? [] : Object.values(all.forms).flatMap(({ sent }) => sent ?? []);
}

// Later loads don't say again what was kept.
export function toldKept() {
  const all = kept();
  if (all.path) sessionStorage.setItem(KEPT, JSON.stringify({ ...all, told: true }));
}

// What was kept under this name, once: the `values`, and whether they were sent and stayed
// `unanswered`.
export function takeKept(name) {
  const all = kept();
  const { [name]: taken, ...forms } = all.forms;
  if (taken) sessionStorage.setItem(KEPT, JSON.stringify({ ...all, forms }));
  return taken;
}

// What was typed since a text was sent, while its answer was on its way: how the next one begins.
export function typedSince(sent, words) {
  return words.startsWith(sent) ? words.slice(sent.length) : words;
}
