"use strict";
// "Whom would you like to meet?": chosen here and kept here. Nothing is asked of the server and
// nothing is sent before the form itself, which then says only whom this visit may be with.

(() => {
  const KEY = "rather-not";

  const read = () => {
    try {
      const kept = JSON.parse(window.localStorage.getItem(KEY) || "[]");
      return new Set(Array.isArray(kept) ? kept : []);
    } catch {
      return new Set();
    }
  };

  const keep = (people) => {
    try {
      if (people.size) window.localStorage.setItem(KEY, JSON.stringify([...people]));
      else window.localStorage.removeItem(KEY);
    } catch {
      // A browser that keeps nothing: it holds for this page.
    }
  };

  const start = () => {
    const unwanted = read();
    for (const box of document.querySelectorAll("input[type=checkbox][name=only]")) {
      if (unwanted.has(box.value.replaceAll("-", ""))) box.checked = false;
    }

    const panel = document.querySelector("[data-whom]");
    const form = panel && panel.closest("form");
    if (!form) return;
    panel.hidden = false;
    const tags = [...panel.querySelectorAll("[data-tag]")];
    const people = [...panel.querySelectorAll("[data-person]")];
    const none = panel.querySelector("[data-whom-none]");
    for (const box of people) box.checked = unwanted.has(box.dataset.person);

    const allowed = () => {
      const wanted = tags.filter((box) => box.checked).map((box) => box.dataset.tag);
      return people.filter((box) => {
        const has = box.dataset.tags.split("\n");
        return !box.checked && (!wanted.length || wanted.some((tag) => has.includes(tag)));
      }).map((box) => box.dataset.person);
    };

    const show = () => {
      const may = new Set(allowed());
      let shown = 0;
      for (const slot of form.querySelectorAll("[data-who]")) {
        const fits = may.has(slot.dataset.who);
        slot.hidden = !fits;
        if (fits) shown += 1;
        else slot.querySelector("input").checked = false;
      }
      for (const day of form.querySelectorAll("[data-day]")) {
        day.hidden = !day.querySelector("[data-who]:not([hidden])");
      }
      none.hidden = shown > 0;
    };

    panel.addEventListener("change", () => {
      keep(new Set(people.filter((box) => box.checked).map((box) => box.dataset.person)));
      show();
    });
    form.addEventListener("submit", () => {
      for (const old of form.querySelectorAll("input[data-only]")) old.remove();
      const may = allowed();
      if (may.length === people.length) return;
      for (const person of may) {
        const field = document.createElement("input");
        field.type = "hidden";
        field.name = "only";
        field.value = person;
        field.dataset.only = "";
        form.append(field);
      }
    });
    show();
    if (unwanted.size) panel.open = true;
  };

  document.addEventListener("DOMContentLoaded", start);
})();
