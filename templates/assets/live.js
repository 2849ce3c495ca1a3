// Pages of a run that goes on: asks for news every few seconds, changes progress and the newest frame in
// place, and loads the page again when more has changed, where the reader was. See reports/pages/live_updates.py.
"use strict";

(() => {
  const page = document.body.dataset;
  const every = Number(page.refresh) * 1000;
  const REST = 30000; // milliseconds between reloads for what is not worth an interruption
  const QUIET = 4000; // ... and since the reader last did anything
  const title = document.title;
  const kept = orbifolio.returned;
  const began = Date.now();
  let touched = 0;
  let asking = false;

  function isBusy() {
    return orbifolio.busy.some((reason) => reason()) || document.activeElement?.matches("input:not([type='range']), textarea, select");
  }

  // Words for whoever cannot see the bar, only at every quarter of the way.
  const said = orbifolio.make("p", { class: "hidden", role: "status" });
  let quarter = null;
  function say(told) {
    const now = Math.floor(Number(told.share || 0) / 25);
    if (quarter !== null && now !== quarter) said.textContent = `${told.share} percent done. ${told.left}`;
    quarter = now;
  }

  function showProgress(told) {
    const box = document.querySelector("[data-progress]");
    if (told.share) document.title = `${told.share} % · ${title}`;
    if (!box) return;
    box.querySelector("[data-line]").textContent = told.line;
    box.querySelector("[data-left]").textContent = told.left;
    const bar = box.querySelector("progress");
    if (told.share) bar.value = Number(told.share);
    else bar.removeAttribute("value");
    const minutes = told.last ? (Date.now() / 1000 - told.last) / 60 : 0;
    const silence = box.querySelector("[data-silence]");
    silence.hidden = !told.last || minutes * 60 < told.patience;
    if (!silence.hidden) {
      silence.textContent = `No sign of life for ${Math.round(minutes)} minutes. If the process was killed, "orbifolio gallery" says so here, and how to go on.`;
    }
  }

  orbifolio.live = (told) => {
    if (told.running && told.line !== undefined) {
      showProgress(told);
      say(told);
      document.dispatchEvent(new CustomEvent("orbifolio:live", { detail: told }));
    }
    const now = Date.now();
    const reshaped = told.running && told.shape ? told.shape !== page.shape : told.version !== page.version;
    const drifted = told.version !== page.version && now - began > REST && now - touched > QUIET;
    // a page that was loaded again for this version, and still is another one, is somebody's old copy
    const vain = kept && kept.sought === told.version && now - began < REST;
    if ((reshaped || drifted) && !isBusy() && !vain) orbifolio.leave(told.version);
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
  if (kept && line) said.textContent = line.textContent;
  document.addEventListener("visibilitychange", ask);
  setInterval(ask, every);
  ask();
})();
