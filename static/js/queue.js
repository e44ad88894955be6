"use strict";
// The console on bad wifi. What is pressed without a connection is kept on this phone, in order,
// and sent when there is one again. Every action may arrive twice: the server does it once.
// What needs an answer (whom to call) says that it needs a connection.

(() => {
  const KEY = "unsent";
  const LASTS = 12 * 3600 * 1000;
  const WAIT = 8000;
  let sending = false;

  const read = () => {
    try {
      const kept = JSON.parse(window.localStorage.getItem(KEY) || "[]");
      return Array.isArray(kept) ? kept.filter((one) => Date.now() - one.at < LASTS) : [];
    } catch {
      return [];
    }
  };

  const write = (queue) => {
    try {
      if (queue.length) window.localStorage.setItem(KEY, JSON.stringify(queue));
      else window.localStorage.removeItem(KEY);
      return true;
    } catch {
      return false;
    }
  };

  const note = () => document.querySelector("[data-queue-note]");

  const say = (kind) => {
    const box = note();
    if (!box) return;
    const count = read().length;
    box.hidden = !kind;
    for (const words of box.querySelectorAll("[data-say]")) {
      words.hidden = words.dataset.say !== kind;
    }
    const number = box.querySelector("[data-count]");
    if (number) number.textContent = String(count);
  };

  const post = async ({ action, body }) => {
    const stop = new AbortController();
    const timer = window.setTimeout(() => stop.abort(), WAIT);
    try {
      return await window.fetch(action, {
        method: "POST",
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
        body,
        credentials: "same-origin",
        signal: stop.signal,
      });
    } finally {
      window.clearTimeout(timer);
    }
  };

  // Returns "sent", "refused" (somebody got there first), "signed-out" or "offline".
  const send = async (entry) => {
    try {
      const answer = await post(entry);
      if (new URL(answer.url).pathname.startsWith("/accounts/")) return "signed-out";
      if (answer.status >= 500) return "offline";
      return answer.ok ? "sent" : "refused";
    } catch {
      return "offline";
    }
  };

  const replay = async () => {
    if (sending || !read().length) return;
    sending = true;
    let refused = false;
    try {
      while (read().length) {
        const entry = read()[0];
        const outcome = await send(entry);
        if (outcome === "offline" || outcome === "signed-out") {
          say(outcome === "offline" ? "kept" : "signed-out");
          return;
        }
        refused = refused || outcome === "refused";
        write(read().filter((one) => one.id !== entry.id));
      }
    } finally {
      sending = false;
    }
    if (refused) say("refused");
    else window.location.assign(window.location.pathname);
  };

  // What can follow without a connection: a start is followed by a finish.
  const goOn = (form) => {
    const button = form.querySelector("button");
    if (form.dataset.thenAction) {
      form.action = form.dataset.thenAction;
      button.textContent = form.dataset.thenWords;
      delete form.dataset.thenAction;
    } else {
      button.disabled = true;
    }
  };

  const keep = (form) => {
    const fields = new URLSearchParams(new FormData(form));
    const action = new URL(form.action).pathname;
    const entry = { id: crypto.randomUUID(), at: Date.now(), action, body: fields.toString() };
    if (!write([...read(), entry])) return false;
    if (form.dataset.queue === "walk-in") {
      form.dataset.thenAction = form.dataset.finish.replace(
        form.dataset.blank, fields.get("request_key"));
      form.dataset.queue = "";
    }
    goOn(form);
    say("kept");
    return true;
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.needsNet !== undefined && (!navigator.onLine || read().length)) {
      event.preventDefault();
      say(read().length ? "kept" : "needs-net");
      replay();
      return;
    }
    if (form.dataset.queue === undefined) return;
    if (navigator.onLine && !read().length) return;
    if (keep(form)) event.preventDefault();
    if (navigator.onLine) replay();
  });

  window.addEventListener("online", replay);
  window.setInterval(replay, 15000);
  document.addEventListener("DOMContentLoaded", () => {
    if (read().length) {
      say("kept");
      replay();
    }
  });
})();
