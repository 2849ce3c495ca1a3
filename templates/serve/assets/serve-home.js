// The first page: searching the recipes, and the runs in progress.
"use strict";

(() => {
  const { ask, every, make } = server;
  const field = document.querySelector("[data-find]");
  const themes = [...document.querySelectorAll("[data-theme]")];

  function find() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let matches = 0;
    for (const theme of themes) {
      let here = 0;
      for (const entry of theme.querySelectorAll("[data-entry]")) {
        entry.hidden = !words.every((word) => entry.dataset.entry.includes(word));
        here += entry.hidden ? 0 : 1;
      }
      theme.hidden = here === 0;
      matches += here;
    }
    const best = document.querySelector("[data-best]");
    if (best) best.hidden = words.length > 0;
    document.querySelector("[data-matches]").textContent = words.length ? `${matches} found` : "";
  }

  async function now() {
    const { runs } = await ask("/api/runs").catch(() => ({ runs: null }));
    if (!runs) return;
    const going = runs.filter((run) => ["queued", "running", "paused"].includes(run.state));
    const strip = document.querySelector("[data-runs-strip]");
    document.querySelector("[data-now]").hidden = going.length === 0;
    strip.replaceChildren(...going.map((run) => {
      const link = make("a", { href: `/runs/${run.id}` });
      if (run.picture) link.append(make("img", { src: run.picture, alt: "", width: "64", height: "64" }));
      const line = run.position ? `${run.line}, number ${run.position}` : [run.line, run.left].filter(Boolean).join(", ");
      link.append(make("span", {}, make("span", { class: "name" }, run.title), make("span", { class: "quiet" }, line)));
      return make("li", {}, link);
    }));
  }

  field.addEventListener("input", find);
  find();
  now();
  every(4, now);
})();
