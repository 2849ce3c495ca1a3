// The list of runs: kept in step with the server.
"use strict";

(() => {
  const { ask, every } = server;
  const list = document.querySelector("[data-runs]");

  async function look() {
    const { runs } = await ask("/api/runs").catch(() => ({ runs: null }));
    if (!runs) return;
    const shown = [...list.querySelectorAll("[data-run]")].map((item) => item.dataset.run).join();
    if (shown !== runs.map((run) => run.id).join()) {
      window.location.reload();
      return;
    }
    for (const run of runs) {
      const item = list.querySelector(`[data-run="${run.id}"]`);
      item.dataset.state = run.state;
      const line = run.position ? `${run.line}, number ${run.position}` : [run.line, run.left].filter(Boolean).join(", ");
      item.querySelector("[data-line]").textContent = line;
      const picture = item.querySelector("img");
      if (picture && run.picture && !picture.src.endsWith(run.picture)) picture.src = run.picture;
    }
  }

  every(3, look);
})();
