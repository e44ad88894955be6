"use strict";
// On the pages of help alone: ask the browser to keep them for when there is no network.
if ("serviceWorker" in navigator) {
  navigator.serviceWorker
    .register(document.currentScript.dataset.worker, { updateViaCache: "none" })
    .catch(() => {}); // a private window may refuse: the page works as it is
}
