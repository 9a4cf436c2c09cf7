// What no attribute of htmx says: how fresh the page is, whose time it shows, copying, and marking what moved.
(() => {
  "use strict";
  const SILENT_MS = 3500; // Live.BEAT_S three and a half times: what is stale says so within 4 s
  const LOOK_MS = 250;
  const ZONE = "braid-zone";

  // Says that the page waits until the stream of live.js is first heard.
  const badge = document.getElementById("freshness");
  let heardAt = 0;

  function heard() {
    heardAt = Date.now();
    if (!badge) return;
    badge.className = "badge good";
    badge.textContent = badge.dataset.live;
  }

  function look() {
    if (!badge || !heardAt || Date.now() - heardAt < SILENT_MS) return;
    badge.className = "badge stale";
    badge.textContent = `${badge.dataset.stale} ${shown(new Date(heardAt)).slice(11)}`;
  }

  document.addEventListener("htmx:after:init", () => zones(document), { passive: true });
  document.addEventListener("htmx:after:swap", (event) => {
    const into = event.detail?.ctx?.target ?? event.target;
    zones(into);
    mark(into);
  });
  for (const name of ["beat", "changed", "part-flow-en", "part-flow-zh", "part-letters"]) {
    document.addEventListener(name, heard);
  }
  setInterval(look, LOOK_MS);

  // Times are sent in UTC; the reader may have them in their own zone. The choice is kept.
  function isOwn() { return localStorage.getItem(ZONE) === "own"; }
  function pad(n) { return String(n).padStart(2, "0"); }
  function shown(at) {
    if (!isOwn()) return at.toISOString().slice(0, 19).replace("T", " ") + " UTC";
    const day = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
    return `${day} ${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  }
  function zones(root) {
    for (const time of root.querySelectorAll?.("time[datetime]") ?? []) {
      time.textContent = shown(new Date(time.dateTime));
    }
  }
  const zone = document.getElementById("zone");
  function nameZone() {
    if (zone) zone.textContent = isOwn() ? zone.dataset.own : zone.dataset.utc;
  }
  zone?.addEventListener("click", () => {
    localStorage.setItem(ZONE, isOwn() ? "utc" : "own");
    nameZone();
    zones(document);
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button[data-copies]");
    if (!button) return;
    const lines = [...button.parentElement.querySelectorAll(button.dataset.copies)].map((each) => each.textContent);
    await navigator.clipboard?.writeText(lines.join("\n"));
    button.classList.add("good");
  });

  // A value with data-value that is not what it was before the swap is marked for a moment.
  const before = new Map();
  function remember() {
    for (const each of document.querySelectorAll("[data-value][id]")) before.set(each.id, each.dataset.value);
  }
  function mark(root) {
    for (const each of root.querySelectorAll?.("[data-value][id]") ?? []) {
      if (before.has(each.id) && before.get(each.id) !== each.dataset.value) each.classList.add("moved");
    }
    before.clear();
    remember();
  }
  document.addEventListener("DOMContentLoaded", () => { nameZone(); zones(document); remember(); });
})();
