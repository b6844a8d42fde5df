// What a signed-in page does when it must close, is refused, or loses its connection.
// Loaded with `defer` in the head, so that it runs before NiceGUI makes the socket.
//
// Style these (aria-hidden is NiceGUI's doing, with a delay of 2 s in its own style sheet):
//   #popup.connection-lost                        the notice; a live region (role=status)
//   #popup.connection-lost[aria-hidden="false"]   while it is visible
//   .connection-lost-title, .connection-lost-text its text; empty while it is hidden
//   .page-closed                                  a paragraph alone on an emptied page, with a link
"use strict";
(() => {
  const LOST_AFTER = 2000; // ms without a connection until the notice; most losses are shorter
  const SPREAD = 3000; // ms over which visible pages load again after a restart of the server
  const SPREAD_HIDDEN = 20000; // the same for pages in hidden tabs
  const LEAVES_WITHIN = 5000; // ms until a form that was sent must have led to another page
  const ANSWERS = 2; // plain answers between failed sockets until a proxy is to blame
  const HELD = 10; // plain answers beside an upgrade that passed, until a proxy may hold what follows
  const SLOW = 3000; // ms after which a first try that is neither taken nor refused is looked into
  const AT_ONCE = 3; // times that a page loads again within a minute before it pauses
  const LOADING = document.getElementById("esm-fallback"); // removed once the scripts are loaded

  // A browser may deny its storage, and NiceGUI would fail at the first use of it. This replacement
  // lives as long as the page.
  const notes = {
    getItem(name) {
      return this[name] ?? null;
    },
    setItem(name, value) {
      this[name] = value;
    },
    removeItem(name) {
      delete this[name];
    },
  };
  try {
    sessionStorage.setItem("rollcall_try", "");
    sessionStorage.removeItem("rollcall_try");
  } catch {
    Object.defineProperty(window, "sessionStorage", { value: notes });
  }

  // Shows what to do if the page arrives only in part, instead of waiting for ever.
  const failed = ({ target }) => {
    if (!LOADING.isConnected || target.tagName !== "SCRIPT") return;
    const again = Object.assign(document.createElement("a"), { href: "", textContent: "Try again" });
    LOADING.replaceChildren("A part of this page didn’t arrive. ", again);
  };
  addEventListener("error", failed, true);

  let socket;
  let popup;
  let lostTimer;
  let answers = 0;
  let held = 0; // the same beside a socket that is open, and says nothing
  let isClosing = false;
  let isOver = false; // the session or the server ended: nothing holds this page
  let isLeaving = false;

  // A link back to a list leads to the same filters and the same row (table_hands.js).
  document.addEventListener("click", ({ target }) => {
    const link = target instanceof Element ? target.closest("a.back-link") : null;
    if (!link) return;
    try {
      const key = `rollcall-list:${link.pathname}`;
      const list = JSON.parse(sessionStorage.getItem(key));
      if (!list) return;
      link.search = list.search;
      sessionStorage.setItem(key, JSON.stringify({ ...list, back: true }));
    } catch {
      // Without a storage it leads to the beginning of the list.
    }
  });

  // NiceGUI makes the socket when it mounts the page. Ours are the first handlers on it.
  Object.defineProperty(window, "socket", {
    configurable: true,
    enumerable: true,
    get: () => socket,
    set: (made) => {
      socket = made;
      attach();
      window.dispatchEvent(new Event("rollcall_socket")); // the components listen from here on
    },
  });

  function attach() {
    socket.on("rollcall_cut", ({ url }, answer) => {
      const target = new URL(url, location.href);
      // Who was away for too long goes on where they were, and with what they had half typed; who was
      // shut out doesn't.
      if (target.searchParams.get("why") === "expired" && target.pathname.endsWith("/login")) {
        target.searchParams.set("next", location.pathname + location.search);
        keep();
      } else {
        sessionStorage.removeItem("rollcall-kept"); // what an earlier expiry had left
      }
      isClosing = isOver = true;
      hide();
      answer();
      const go = () => {
        if (target.origin === location.origin) location.replace(target);
        else location.reload();
      };
      // After signing out in this tab the form's own answer leads on, perhaps to the organisation's
      // page.
      if (isLeaving) setTimeout(go, LEAVES_WITHIN);
      else go();
    });
    socket.on("rollcall_missed", () => (window.rollcallMissed = true)); // for later components
    socket.on("connect", found);
    socket.on("disconnect", (reason) => {
      lost();
      if (reason === "io server disconnect") {
        isOver = true;
        hide(); // the server ended this page without a notice
        reload();
      }
    });
    socket.on("connect_error", refused);
    // A proxy that swallows upgrades lets each try wait for socket.io's whole time-out.
    const slow = setInterval(() => {
      lost();
      probe(false);
    }, SLOW);
    const stop = () => clearInterval(slow);
    socket.once("connect", stop);
    socket.once("connect_error", stop);
    // NiceGUI would reload at once on some of these errors, and again and again.
    const on = socket.on;
    socket.on = function (event, handler) {
      return event === "connect_error" ? this : on.call(this, event, handler);
    };
    queueMicrotask(() => delete socket.on);
  }

  function refused(error) {
    lost();
    if (socket.active) {
      probe(error.message !== "timeout"); // socket.io tries again by itself
      return;
    }
    if (error.message === "signed out") {
      isOver = true;
      hide();
      reload();
    } else if (error.message === "try later") {
      setTimeout(connectAgain, 5000 + Math.random() * 5000);
    } else if (document.hidden) {
      setTimeout(reload, Math.random() * SPREAD_HIDDEN);
      document.addEventListener("visibilitychange", reload);
    } else {
      setTimeout(reload, Math.random() * SPREAD);
    }
  }

  // If plain requests are answered but no socket opens, a proxy blocks websockets: surely where they
  // are refused. Where nothing answers, the server may be too busy, and probably is if the upgrade
  // has passed, unless that goes on.
  async function probe(isRefused) {
    const hasPassed = socket.io.engine?.transport?.ws?.readyState === WebSocket.OPEN;
    if (lostTimer && (hasPassed ? held >= HELD : answers >= ANSWERS)) {
      const busy = "If the server is only busy, this page goes on by itself. If it stays so, tell ";
      say(
        "This page can’t open a live connection",
        "Nothing that you do here reaches Rollcall, and what you see may be out of date. " +
          `${isRefused ? "Tell " : busy}whoever runs Rollcall: let the proxy pass WebSocket ` +
          "upgrades (docs/proxy.md shows how), and set ROLLCALL_PUBLIC_URL to this site’s address.",
      );
      show();
    }
    const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => undefined);
    answers = answer?.ok && !hasPassed ? answers + 1 : 0;
    held = answer?.ok && hasPassed ? held + 1 : 0;
  }

  function connectAgain() {
    if (socket.connected || isClosing) return;
    socket.io.opts.query.next_message_id = window.nextMessageId;
    socket.disconnect().connect();
  }

  function hide() {
    document.documentElement.style.display = "none";
  }

  // Loads this page again: the server decides whether it is shown, or the sign-in page.
  function reload() {
    if (isClosing) return;
    isClosing = true;
    keep();
    const now = Date.now();
    const key = "rollcall_reloads";
    const recent = JSON.parse(sessionStorage.getItem(key) ?? "[]").filter((at) => now - at < 60000);
    sessionStorage.setItem(key, JSON.stringify([...recent, now]));
    if (recent.length < AT_ONCE) {
      location.reload();
      return;
    }
    const again = Object.assign(document.createElement("a"), { href: "", textContent: "Try again" });
    const text = document.createElement("p");
    text.className = "page-closed";
    text.setAttribute("role", "status");
    text.append("Rollcall can’t show this page right now. ", again);
    document.body.replaceChildren(text);
    document.documentElement.style.display = "";
    setTimeout(() => location.reload(), Math.min(5000 * 2 ** (recent.length - AT_ONCE), 60000));
  }

  // Keeps what is half typed for the page that comes (live_socket.js), instead of asking about it:
  // this page can't send anything any more.
  function keep() {
    if (isOver) return;
    const forms = {};
    dispatchEvent(new CustomEvent("rollcall_restart", { detail: forms }));
    const whose = document.documentElement.dataset.me;
    const kept = { path: location.pathname, whose, at: Date.now(), forms };
    if (Object.keys(forms).length) sessionStorage.setItem("rollcall-kept", JSON.stringify(kept));
    isOver = true;
  }

  function lost() {
    if (lostTimer || isClosing) return;
    lostTimer = setTimeout(() => {
      if (popup.children[0].textContent) return; // another notice already says more
      say("Connection lost", "Trying to reconnect. What you see may be out of date.");
      show();
    }, LOST_AFTER);
  }

  function found() {
    clearTimeout(lostTimer);
    lostTimer = undefined;
    answers = held = 0;
    say("", "");
    popup.ariaHidden = "true";
    if (popup.popover) popup.hidePopover(); // the next time it is above what is open then
  }

  // Above an open dialog, too: whoever sends it has to know why no answer comes.
  function show() {
    popup.ariaHidden = "false";
    if (!popup.showPopover) return;
    popup.popover = "manual";
    if (popup.matches(":popover-open")) popup.hidePopover();
    popup.showPopover();
  }

  // A dialog that opens later, such as the palette, would stand above it.
  const opened = ({ target, newState }) => {
    const isDialog = target instanceof HTMLDialogElement && newState === "open";
    if (isDialog && popup.children[0].textContent) show();
  };
  document.addEventListener("toggle", opened, true);

  function say(title, text) {
    const [first, second] = popup.children;
    first.textContent = title;
    second.textContent = text;
  }

  popup = document.getElementById("popup");
  popup.classList.add("connection-lost");
  popup.setAttribute("role", "status");
  popup.children[0].className = "connection-lost-title";
  popup.children[1].className = "connection-lost-text";
  say("", "");

  // A page that the browser kept in memory must not be shown again as it was: it is hidden before
  // it is kept, and loaded again when it returns. The server is told that nobody sees it any more.
  addEventListener("pagehide", () => {
    hide();
    socket?.disconnect();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });

  // Whoever goes elsewhere is asked by the browser while something is half typed; a cut asks nobody.
  addEventListener("beforeunload", (event) => {
    if (isOver || dispatchEvent(new Event("rollcall_leaving", { cancelable: true }))) return;
    event.preventDefault();
    event.returnValue = true; // older engines look at this alone
  });

  addEventListener("submit", (event) => {
    isLeaving = !event.defaultPrevented;
  });

  // After the device slept, don't wait for socket.io's next try.
  const wake = () => {
    if (!document.hidden && socket?.active && !socket.connected) connectAgain();
  };
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
})();
