// Listens to the page's socket. NiceGUI makes it after the components are mounted; live.js says so
// at that moment, before anything can have arrived on it. `handlers` maps socket events to
// functions; `onReconnect` runs after each connection but the first, `onMissed` where something was
// missed before that, `onDisconnect` after each loss. Returns what ends it.
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
