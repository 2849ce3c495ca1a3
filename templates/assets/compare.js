// Comparing runs: which ones, at which frame, at which zoom. The address holds all of it, so that it can be shared:
// #runs=type/id,type/id&frame=0.5&by=step&mode=over&cut=0.3&zoom=2,0.5,0.5&scale=log
// A page from a disk may load scripts but no data: runs.js lists all runs, compare.js in a run's folder describes that one.
// An address may come from anyone: only runs of the index are ever loaded.
"use strict";

orbifolio.comparing = (() => {
  const MAX_RUNS = 8; // as many as there are colours
  const box = document.querySelector("[data-compare]");
  const index = new Map();
  const received = new Map();
  const missing = new Set();
  const requested = new Set();
  const listeners = [];
  const state = { runs: [], frame: 1, by: "share", mode: "side", cut: 0.5, zoom: 1, x: 0.5, y: 0.5, scale: "" };
  const comparing = { MAX_RUNS, box, index, state, add, listen, change, choose, path, number, loaded, waiting };
  let keeping = 0;

  box.querySelector("[data-explained]").remove();

  function add(...elements) {
    box.append(...elements);
  }

  // Listen to changes: `what` is "runs", "frame", "view" or "scale".
  function listen(hear) {
    listeners.push(hear);
  }

  function tell(what) {
    for (const hear of listeners) hear(what);
  }

  function change(what, wanted) {
    Object.assign(state, wanted);
    tell(what);
    clearTimeout(keeping);
    keeping = setTimeout(keep, 150);
  }

  function path(key) {
    return key.split("/").map(encodeURIComponent).join("/");
  }

  // A run's number and colour: its position among those that are compared.
  function number(key) {
    return state.runs.indexOf(key) + 1;
  }

  // The compared runs that are loaded, in their order.
  function loaded() {
    return state.runs.filter((key) => received.has(key)).map((key) => received.get(key));
  }

  function waiting() {
    return { coming: state.runs.filter((key) => !received.has(key) && !missing.has(key)), missing: state.runs.filter((key) => missing.has(key)) };
  }

  function load(key) {
    if (requested.has(key)) return;
    requested.add(key);
    const script = orbifolio.make("script", { src: `${path(key)}/compare.js`, "data-key": key });
    script.addEventListener("load", () => {
      if (!received.has(key)) missing.add(key);
      tell("runs");
    });
    script.addEventListener("error", () => {
      missing.add(key);
      tell("runs");
    });
    document.head.append(script);
  }

  function choose(keys) {
    const runs = [...new Set(keys)].filter((key) => index.has(key)).slice(0, MAX_RUNS);
    runs.forEach(load);
    state.gone = new Set(keys.filter((key) => key && !index.has(key))).size;
    change("runs", { runs, mode: runs.length === 2 ? state.mode : "side" });
  }

  // What a run's own script passes; which run it belongs to, the page decides.
  orbifolio.compared = (data) => {
    const key = document.currentScript && document.currentScript.dataset.key;
    if (!index.has(key)) return;
    const root = `${path(key)}/`;
    const picture = data.picture && { ...data.picture, copies: data.picture.copies.map(([width, file]) => [width, root + file]) };
    received.set(key, { ...data, key, entry: index.get(key), picture, page: `${root}index.html`, frames: orbifolio.frames({ ...data.frames, root }) });
  };

  orbifolio.runs = (recipes) => {
    for (const { type, title, runs } of recipes) {
      for (const [id, date, status, thumb, ratio] of runs) {
        const key = `${type}/${id}`;
        index.set(key, { key, type, id, title, date, status, ratio, thumb: thumb && `${path(key)}/${thumb}`, words: `${title} ${key} ${date} ${status}`.toLowerCase() });
      }
    }
    read();
  };

  function fragment() {
    const parts = [];
    if (state.runs.length) parts.push(`runs=${state.runs.map(path).join(",")}`);
    if (state.frame < 1) parts.push(`frame=${Number(state.frame.toFixed(4))}`);
    if (state.by !== "share") parts.push(`by=${state.by}`);
    if (state.mode !== "side") parts.push(`mode=${state.mode}`, `cut=${Number(state.cut.toFixed(3))}`);
    if (state.zoom > 1) parts.push(`zoom=${[state.zoom, state.x, state.y].map((value) => Number(value.toFixed(4))).join(",")}`);
    if (state.scale) parts.push(`scale=${state.scale}`);
    return parts.length ? `#${parts.join("&")}` : "";
  }

  function keep() {
    const { pathname, search } = window.location;
    try {
      history.replaceState(history.state, "", fragment() || pathname + search);
    } catch {
      // browsers may forbid this for pages opened from disk
    }
  }

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return "";
    }
  }

  function within(text, least, most, otherwise) {
    const value = Number.parseFloat(text);
    return Number.isFinite(value) ? Math.min(Math.max(value, least), most) : otherwise;
  }

  function read() {
    const pairs = window.location.hash.slice(1).split("&").map((pair) => [pair.split("=", 1)[0], pair.slice(pair.indexOf("=") + 1)]);
    const given = Object.fromEntries(pairs);
    const [zoom, x, y] = (given.zoom || "").split(",");
    Object.assign(state, {
      frame: within(given.frame, 0, 1, 1),
      by: given.by === "step" ? "step" : "share",
      mode: given.mode === "over" ? "over" : "side",
      cut: within(given.cut, 0, 1, 0.5),
      zoom: within(zoom, 1, 64, 1),
      x: within(x, 0, 1, 0.5),
      y: within(y, 0, 1, 0.5),
      scale: ["log", "linear"].includes(given.scale) ? given.scale : "",
    });
    choose((given.runs || "").split(",").map(decoded));
  }

  window.addEventListener("hashchange", () => index.size && window.location.hash !== fragment() && read());
  document.addEventListener("DOMContentLoaded", () => {
    if (!index.size) add(orbifolio.make("p", { class: "lead" }, "There are no runs to compare yet."));
  });
  return comparing;
})();
