"use strict";
// The page that follows "Exit this page": go on without leaving this one in the history.
document.addEventListener("DOMContentLoaded", () => {
  const link = document.querySelector("[data-leave]");
  if (link) window.location.replace(link.href);
});
