// Pages of a running run: loads updates every few seconds, changes progress and the newest frame in
// place, and when more has changed reloads the page and returns to where the reader was. See reports/live_updates.py.
"use strict";

(() => {
  const page = document.body.dataset;
  const every = Number(page.refresh) * 1000;
  const REST = 30000; // milliseconds between reloads for what is not worth an interruption
  const QUIET = 4000; // milliseconds since the reader last did anything
  const title = document.title;
  const returned = orbifolio.returned;
  const began = Date.now();
  let touched = 0;
  let asking = false;

  function isBusy() {
    return orbifolio.busy.some((reason) => reason()) || document.activeElement?.matches("input:not([type='range']), textarea, select");
  }

  // For screen readers, only at every quarter of the run.
  const said = orbifolio.make("p", { class: "hidden", role: "status" });
  let quarter = null;
  function say(update) {
    const now = Math.floor(Number(update.share || 0) / 25);
    if (quarter !== null && now !== quarter) said.textContent = `${update.share} percent done. ${update.left}`;
    quarter = now;
  }

  function showProgress(update) {
    const box = document.querySelector("[data-progress]");
    if (update.share) document.title = `${update.share} % · ${title}`;
    if (!box) return;
    box.querySelector("[data-line]").textContent = update.line;
    box.querySelector("[data-left]").textContent = update.left;
    const bar = box.querySelector("progress");
    if (update.share) bar.value = Number(update.share);
    else bar.removeAttribute("value");
    const minutes = update.last ? (Date.now() / 1000 - update.last) / 60 : 0;
    const silence = box.querySelector("[data-silence]");
    silence.hidden = !update.last || minutes * 60 < update.patience;
    if (!silence.hidden) {
      silence.textContent = `No sign of life for ${Math.round(minutes)} minutes. If the process was killed, "orbifolio gallery" says so here, and how to resume.`;
    }
  }

  orbifolio.live = (update) => {
    if (update.running && update.line !== undefined) {
      showProgress(update);
      say(update);
      document.dispatchEvent(new CustomEvent("orbifolio:live", { detail: update }));
    }
    const now = Date.now();
    const reshaped = update.running && update.shape ? update.shape !== page.shape : update.version !== page.version;
    const drifted = update.version !== page.version && now - began > REST && now - touched > QUIET;
    // a page that was reloaded for this version and still has another one comes from a stale cache
    const vain = returned && returned.sought === update.version && now - began < REST;
    if ((reshaped || drifted) && !isBusy() && !vain) orbifolio.leave(update.version);
  };

  function ask() {
    if (document.hidden || asking) return;
    asking = true;
    const script = orbifolio.make("script", { src: `${page.news}?${Date.now()}` });
    script.onload = script.onerror = () => {
      script.remove();
      asking = false;
    };
    document.head.append(script);
  }

  for (const kind of ["pointerdown", "keydown", "wheel", "scroll"]) {
    window.addEventListener(kind, () => (touched = Date.now()), { passive: true });
  }
  document.body.append(said);
  const line = document.querySelector("[data-line]");
  if (returned && line) said.textContent = line.textContent;
  document.addEventListener("visibilitychange", ask);
  setInterval(ask, every);
  ask();
})();
