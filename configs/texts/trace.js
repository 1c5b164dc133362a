"use strict";
(() => {
  const root = document.documentElement;
  const items = [...document.querySelectorAll(".item")];
  const tools = document.querySelector(".tools");
  const find = document.getElementById("find");
  const found = document.getElementById("found");
  const fold = document.getElementById("fold");
  const buttons = [...document.querySelectorAll("[data-show]")];
  let show = "all";
  let place = -1;

  function renew() {
    const words = find.value.trim().toLowerCase();
    let count = 0;
    for (const item of items) {
      const on = (show === "all" || item.classList.contains(show)) && (!words || item.textContent.toLowerCase().includes(words));
      item.classList.toggle("off", !on);
      count += on;
    }
    found.textContent = show === "all" && !words ? "" : `${count} of ${items.length}`;
  }

  function go(step) {
    const seen = items.filter((item) => !item.classList.contains("off"));
    if (!seen.length) return;
    const here = seen.indexOf(items[place]);
    const next = seen[Math.min(Math.max(here + step, 0), seen.length - 1)];
    place = items.indexOf(next);
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "start" });
  }

  function open(where, on) {
    for (const one of where.querySelectorAll("details")) one.open = on;
  }

  function foldAll() {
    const on = fold.getAttribute("aria-pressed") !== "true";
    fold.setAttribute("aria-pressed", String(on));
    fold.textContent = on ? "close all" : "open all";
    open(document, on);
  }

  function theme() {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  }

  function openHere() {
    const item = document.activeElement.closest?.(".item") || items[place];
    if (item) open(item, !item.querySelector("details[open]"));
  }

  const keys = { j: () => go(1), k: () => go(-1), o: openHere, e: foldAll, t: theme, "/": () => find.focus() };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === find) {
      if (event.key === "Escape") find.blur();
      return;
    }
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  for (const button of buttons) {
    button.addEventListener("click", () => {
      show = button.dataset.show;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      renew();
    });
  }
  let waiting = 0;
  find.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(renew, 120);
  });
  fold.addEventListener("click", foldAll);
  document.getElementById("theme").addEventListener("click", theme);
  addEventListener("beforeprint", () => open(document, true));
  tools.hidden = false;
})();
