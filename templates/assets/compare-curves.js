// The losses of the runs in one drawing, with the frame's place marked; a click leads to a frame.
"use strict";

(() => {
  const { make, comparing } = orbifolio;
  const { state, change } = comparing;
  const SVG = comparing.box.querySelector("[data-svg]").namespaceURI;
  const WIDE = 1000;
  const HIGH = 400;

  const scale = make("button", { type: "button", class: "plain", "aria-pressed": "false" }, "Logarithmic");
  const svg = element("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", role: "img" });
  const grid = make("div", { class: "grid", "aria-hidden": "true" });
  const here = make("i", { class: "here" });
  const plot = make("div", { class: "plot" }, grid, svg, here);
  const below = make("p", { class: "below quiet num" });
  const legend = make("ul", { class: "legend" });
  const section = make("section", { class: "losses", "aria-labelledby": "losses-title", hidden: "" },
    make("div", { class: "section-head" }, make("h2", { id: "losses-title" }, "Loss"), scale), plot, below, legend);
  comparing.add(section);

  function element(name, attributes) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function spelled(value) {
    return value === 0 ? "0" : Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
  }

  function runs() {
    return comparing.loaded().filter((run) => run.curve.loss.some((loss) => loss !== null));
  }

  function logarithmic(values) {
    const least = Math.min(...values);
    if (least <= 0) return false;
    return state.scale ? state.scale === "log" : Math.max(...values) / least > 20;
  }

  // Round numbers between two ends: powers of ten, or a few equal steps.
  function ticks(low, high, log) {
    if (log) {
      const ticks = [];
      for (let power = Math.ceil(low - 1e-9); power <= high + 1e-9; power += 1) ticks.push(power);
      if (ticks.length > 1) return ticks.length > 6 ? ticks.filter((power) => power % 2 === 0) : ticks;
      return [low, high];
    }
    const raw = (high - low) / 4 || 1;
    const unit = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((each) => each * unit).find((each) => each >= raw);
    const ticks = [];
    for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-9; value += step) ticks.push(value);
    return ticks;
  }

  function draw() {
    const shown = runs();
    section.hidden = !shown.length;
    if (!shown.length) return;
    const values = shown.flatMap((run) => run.curve.loss.filter((loss) => loss !== null));
    const log = logarithmic(values);
    const height = log ? Math.log10 : (value) => value;
    const [least, most] = [height(Math.min(...values)), height(Math.max(...values))];
    const margin = (most - least || 1) * 0.04;
    const [low, high] = [least - margin, most + margin];
    const y = (value) => (HIGH * (high - value)) / (high - low);
    const longest = Math.max(1, ...shown.map((run) => run.last));
    const end = (run) => Math.max(1, state.by === "step" ? longest : run.last);
    svg.replaceChildren(...shown.map((run) => {
      const points = [];
      let pen = "M";
      run.curve.at.forEach((at, place) => {
        const loss = run.curve.loss[place];
        if (loss === null) pen = "M";
        else {
          points.push(`${pen}${((WIDE * at) / end(run)).toFixed(1)} ${y(height(loss)).toFixed(1)}`);
          pen = "L";
        }
      });
      return element("path", { d: points.join(""), class: `line c${comparing.number(run.key) - 1}`, "vector-effect": "non-scaling-stroke" });
    }));
    grid.replaceChildren(...ticks(low, high, log).map((value) => {
      const line = make("span", {}, make("b", {}, spelled(log ? 10 ** value : value)));
      line.style.top = `${(100 * y(value)) / HIGH}%`;
      return line;
    }));
    below.replaceChildren(...(state.by === "step" ? ["step 0", `step ${longest}`] : ["beginning", "end of each run"]).map((words) => make("span", {}, words)));
    legend.replaceChildren(...shown.map((run) => {
      const number = comparing.number(run.key);
      const sample = element("svg", { viewBox: "0 0 32 8", width: 32, height: 8, "aria-hidden": "true" });
      sample.append(element("path", { d: "M0 4H32", class: `line c${number - 1}` }));
      const last = [...run.curve.loss].reverse().find((loss) => loss !== null);
      return make("li", {}, sample, ` ${number} `, make("b", {}, run.title), ` ${run.date}, last ${spelled(last)}`);
    }));
    svg.setAttribute("aria-label", `Loss of ${shown.length === 1 ? "one run" : `${shown.length} runs`}, ${log ? "logarithmic" : "linear"}; last values are in the legend`);
    scale.setAttribute("aria-pressed", String(log));
    scale.hidden = Math.min(...values) <= 0;
    mark();
  }

  function mark() {
    here.style.left = `${100 * state.frame}%`;
  }

  plot.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    change("frame", { frame: Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) });
  });
  scale.addEventListener("click", () => change("scale", { scale: scale.getAttribute("aria-pressed") === "true" ? "linear" : "log" }));
  let drawn = "";
  comparing.listen((what) => {
    if (what === "frame" && drawn === state.by) mark();
    else if (what !== "view") draw();
    drawn = state.by;
  });
})();
