// Listens to the page's socket. NiceGUI makes it after the components are mounted; live.js tells at
// that moment, before anything can have arrived. `handlers` maps socket events to functions.
// `onReconnect` runs after each connection except the first, `onMissed` if something was missed
// before the first, and `onDisconnect` after each loss. Returns a function that stops listening.
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

// Has the browser ask before the page is left for another one, as long as `isHalfTyped`. Returns what
// ends it. (live.js: the end of a session asks nobody.)
export function askWhile(isHalfTyped) {
  const ask = (event) => isHalfTyped() && event.preventDefault();
  window.addEventListener("rollcall_leaving", ask);
  return () => window.removeEventListener("rollcall_leaving", ask);
}
