"use strict";
// What refreshes by itself: elements with data-live and hx-trigger="every 30s, refresh".
// Polling rests while nobody looks, catches up on return, and says so when it cannot reach us.

(() => {
  // Back, after signing out: a page of somebody must not come from the browser's memory.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && document.querySelector("[data-signed-in]")) window.location.reload();
  });

  const live = () => document.querySelectorAll("[data-live]");
  const isLive = (element) => Boolean(element && element.closest && element.closest("[data-live]"));
  let failures = 0;

  const showStale = (isStale) => {
    for (const note of document.querySelectorAll("[data-live-stale]")) note.hidden = !isStale;
  };

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && isLive(event.detail.elt)) event.preventDefault();
  });

  document.addEventListener("visibilitychange", () => {
    if (document.hidden || !window.htmx) return;
    for (const element of live()) window.htmx.trigger(element, "refresh");
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (!isLive(event.detail.elt) || !xhr.responseURL) return;
    const asked = new URL(requestConfig.path, window.location.href).pathname;
    if (new URL(xhr.responseURL).pathname !== asked) {
      // Led elsewhere, such as to the sign-in page: that is a whole page, not a part of this one.
      event.detail.shouldSwap = false;
      window.location.reload();
    }
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    if (!isLive(event.detail.elt)) return;
    failures = event.detail.successful ? 0 : failures + 1;
    showStale(failures >= 2);
  });
})();
