// What the plain pages do beyond HTML: show a password, judge it while it is typed, send a form
// only once.
"use strict";
(() => {
  const PAUSE = 300; // ms after the last key until the password is judged
  const KEPT = "rollcall-email";
  const TYPED = "rollcall-kept"; // live.js
  const TYPED_FOR = 12 * 60 * 60 * 1000; // ms (as in live_socket.js)
  const WORDS = ["Too weak", "Too weak", "Fair", "Good", "Strong"];

  // A page that the browser kept in memory must not be shown again as it was: its link may be used
  // by now. It is hidden before it is kept, and loaded again (its form isn't sent again) when it
  // returns.
  addEventListener("pagehide", () => (document.documentElement.style.display = "none"));
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.replace(location.href);
  });

  // If the browser refuses our cookie, the sign-in would lead back here without an explanation.
  if (!navigator.cookieEnabled && document.querySelector("form[method=post]")) {
    const words = Object.assign(document.createElement("div"), {
      className: "banner banner-danger",
      role: "alert",
      textContent:
        "This browser keeps no cookies here. Rollcall needs one to sign you in: allow cookies for " +
        "this site, and load the page again.",
    });
    document.querySelector("h1").after(words);
  }

  for (const button of document.querySelectorAll(".reveal")) {
    const input = document.getElementById(button.getAttribute("aria-controls"));
    button.addEventListener("click", () => {
      const shown = input.type === "password";
      input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
      button.textContent = shown ? "Hide" : "Show";
    });
  }

  // An email that was typed is filled in on the page that a link leads to. It is kept in this tab's
  // memory, because urls are kept in histories and logs.
  const memory = (act) => {
    try {
      return act(sessionStorage);
    } catch {
      return null; // a browser without storage: it has to be typed again
    }
  };
  const email = document.querySelector("input[name=email]");
  const kept = memory((storage) => storage.getItem(KEPT));
  memory((storage) => storage.removeItem(KEPT));
  // What was half typed waits for its writer if their session expired, and is nobody else's: it goes
  // with the end of a session for any other reason, and after a night.
  const dropTyped = () => memory((storage) => storage.removeItem(TYPED));
  const url = new URL(location.href);
  const why = url.searchParams.get("why");
  // Why somebody was signed out is said once: by the next load it may be so no more.
  if (why) {
    url.searchParams.delete("why");
    history.replaceState(history.state, "", url);
  }
  const typed = memory((storage) => JSON.parse(storage.getItem(TYPED)));
  if ((why && why !== "expired") || (email && !document.querySelector('input[name=next]:not([value=""])')))
    dropTyped();
  else if (typed) setTimeout(dropTyped, Math.max(0, typed.at + TYPED_FOR - Date.now()));
  if (email && kept && !email.value) {
    email.value = kept;
    // The email's autofocus may come later; it does nothing if another field has the focus.
    const untouched = [email, document.body].includes(document.activeElement);
    if (untouched) document.getElementById("password")?.focus();
  }
  for (const link of document.querySelectorAll("a[data-keeps-email]")) {
    link.addEventListener("click", () => {
      const typed = link.dataset.email || email?.value;
      if (typed) memory((storage) => storage.setItem(KEPT, typed));
    });
  }

  for (const input of document.querySelectorAll("input[data-minimum]")) {
    const meter = document.querySelector(".meter");
    const text = document.querySelector(".meter-text");
    let timer;
    let asked = 0;
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(judge, PAUSE);
    });

    async function judge() {
      const number = ++asked;
      if (!input.value) {
        delete meter.dataset.score;
        text.textContent = "";
        return;
      }
      const answer = await ask().catch(() => null); // no meter; the server checks it anyway
      if (!answer || number !== asked) return;
      meter.dataset.score = String(answer.score);
      text.textContent = answer.accepted ? WORDS[answer.score] : answer.message;
    }

    async function ask() {
      const words = JSON.parse(input.dataset.ownWords);
      const typed = ["organisation", "first_name", "last_name", "email"]
        .map((id) => document.getElementById(id)?.value)
        .filter(Boolean);
      const response = await fetch("/password/strength", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ password: input.value, own_words: [...words, ...typed].slice(0, 6) }),
      });
      return response.ok ? response.json() : null;
    }
  }

  // A passkey: requested when its button is pressed, and sent in the form's hidden field.
  const takesPasskeys = Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);
  for (const form of takesPasskeys ? document.querySelectorAll("form.passkey") : []) {
    const error = form.querySelector("[role=alert]");
    for (const part of [form, document.querySelector(".passkey-or")]) part?.removeAttribute("hidden");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (form.querySelector("button").getAttribute("aria-busy") === "true") return;
      error.hidden = true;
      const problem = await answer().catch(explain);
      if (!problem) return form.submit();
      form.querySelector("button").removeAttribute("aria-busy");
      error.textContent = problem;
      error.hidden = false;
    });

    async function answer() {
      const response = await fetch(form.action);
      if (!response.ok) return "The server didn't answer as expected. Reload the page and try again.";
      const options = PublicKeyCredential.parseRequestOptionsFromJSON(await response.json());
      const credential = await navigator.credentials.get({ publicKey: options });
      form.elements.credential.value = JSON.stringify(credential.toJSON());
      return "";
    }

    function explain(error) {
      if (error.name === "NotAllowedError") return "No passkey was given. Try again, or use another way.";
      return "The browser couldn't ask for a passkey. Try again, or use another way.";
    }
  }

  for (const form of document.querySelectorAll("form")) {
    const button = form.querySelector("button[type=submit]");
    form.addEventListener("submit", (event) => {
      if (button.getAttribute("aria-busy") === "true") event.preventDefault();
      button.setAttribute("aria-busy", "true");
    });
    addEventListener("pageshow", () => button.removeAttribute("aria-busy"));
  }
})();
