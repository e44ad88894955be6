"use strict";
// The desk left alone: a word a minute before it closes, and then nothing of it stays on the
// screen. The server ends the session by its own clock; this only clears what is already shown.
// Without this file the page leads away by itself (base.html of the care side).

(() => {
  const desk = document.querySelector("[data-idle]");
  if (!desk) return;
  const closes = Number(desk.dataset.idle) * 1000;
  const warning = document.querySelector("[data-idle-warning]");
  const ends = Date.now() + closes;

  const look = () => {
    const left = ends - Date.now();
    if (left <= 0) {
      document.documentElement.hidden = true;
      window.location.replace(desk.dataset.closed);
      return;
    }
    if (warning) warning.hidden = left > 60_000;
  };

  window.setInterval(look, 5_000);
  // A computer that slept has no intervals: look as soon as somebody is back.
  document.addEventListener("visibilitychange", look);
  // Back, after signing out: never from the browser's memory.
  window.addEventListener("pagehide", () => {
    document.documentElement.hidden = true;
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
    else document.documentElement.hidden = false;
  });
})();
