"use strict";
// "Exit this page", faster: cover the page at once, go without a trace in this tab's history, and
// end the session on the way. Without this file the button is a form that does the same, slower.
// Pressing Shift three times within five seconds does it from the keyboard.

(() => {
  const form = document.querySelector("[data-exit]");
  if (!form) return;
  const away = form.dataset.exit;
  const presses = 3;
  const within = 5000;

  let said = null;
  let count = 0;
  let timer = 0;

  const say = (words) => {
    if (!said) {
      said = document.createElement("div");
      said.className = "vh";
      said.setAttribute("role", "status");
      document.body.append(said);
    }
    said.textContent = words;
  };

  const leave = () => {
    const veil = document.createElement("div");
    veil.className = "veil";
    document.documentElement.append(veil);
    document.title = form.dataset.blank;
    say(form.dataset.leaving);
    // keepalive: the request outlives the page. Nobody waits for its answer.
    fetch(form.action, { method: "POST", keepalive: true }).catch(() => {});
    window.location.replace(away);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    leave();
  });
  for (const link of document.querySelectorAll("[data-exit-link]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      leave();
    });
  }

  const forget = () => {
    count = 0;
    if (said) said.textContent = "";
  };

  document.addEventListener("keyup", (event) => {
    if (event.key !== "Shift") {
      // A capital letter is not a call for help.
      window.clearTimeout(timer);
      count = 0;
      return;
    }
    count += 1;
    if (count === 1) timer = window.setTimeout(forget, within);
    if (count < presses) {
      say(count === 1 ? form.dataset.two : form.dataset.one);
      return;
    }
    window.clearTimeout(timer);
    leave();
  });

  // Coming back by the Back button must not show an empty sheet.
  window.addEventListener("pageshow", () => {
    for (const veil of document.querySelectorAll(".veil")) veil.remove();
    forget();
  });
})();
