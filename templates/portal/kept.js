"use strict";
// Keeps the pages of help readable without a network. Its reach is their folder: no other page of
// this site ever passes through here. What it keeps was asked for without a cookie.

const KEPT = "help-{{ mark }}";
const PAGES = [{% for page in pages %}"{{ page|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
const FILES = [{% for file in files %}"{{ file|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
const PATIENCE = 4000;

const keep = async () => {
  const cache = await caches.open(KEPT);
  await Promise.all([...PAGES, ...FILES].map(async (path) => {
    const answer = await fetch(path, { credentials: "omit", cache: "reload" });
    if (!answer.ok || answer.redirected) throw new Error(path);
    await cache.put(path, answer);
  }));
  await self.skipWaiting();
};

const clear = async () => {
  for (const name of await caches.keys()) {
    if (name.startsWith("help-") && name !== KEPT) await caches.delete(name);
  }
  await self.clients.claim();
};

const find = async (path) => (await caches.open(KEPT)).match(path);

// The network first, since numbers change; what is kept if it fails or takes too long.
const page = async (request, path) => {
  const asked = fetch(request);
  const slow = new Promise((_done, fail) => { setTimeout(() => fail(new Error("slow")), PATIENCE); });
  try {
    const answer = await Promise.race([asked, slow]);
    if (answer.status < 500) return answer;
  } catch {
    // below
  }
  return (await find(path)) || asked;
};

const file = async (request, path) => (await find(path)) || fetch(request);

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(clear()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (PAGES.includes(url.pathname)) event.respondWith(page(request, url.pathname));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(file(request, url.pathname));
  }
});
