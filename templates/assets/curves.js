// Curves that can be read, zoomed and clicked. Events on the document:
//   orbifolio:frame {position}   the picture shows the state after this step of the run: it is marked
//   orbifolio:seek {position}    the reader clicked a step: the part that shows frames follows
"use strict";

(() => {
  const { drawChart } = window.orbifolio;
  const TOUCHED = "Touch a curve to see the picture of that step.";
  const HINT = "Drag over a curve to zoom in; click it to see the picture of that step. Keyboard: arrow keys, Enter, plus, minus, 0.";

  const SEVERAL = "Drag over a curve to zoom in; click its name in the list to hide or show it. Keyboard: arrow keys, plus, minus, 0.";

  function button(text, label) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    if (label) made.setAttribute("aria-label", label);
    return made;
  }

  // The names in the legend become switches.
  function addSwitches(figure, chart) {
    const items = [...figure.querySelectorAll(".legend li")];
    if (items.length < 2) return;
    items.forEach((item, index) => {
      const made = button("");
      made.append(...item.childNodes);
      made.setAttribute("aria-pressed", "true");
      made.addEventListener("click", () => {
        const on = made.getAttribute("aria-pressed") === "false";
        made.setAttribute("aria-pressed", String(on));
        chart.show(index, on);
      });
      item.append(made);
    });
  }

  function addTools(figure, chart, title, seeAll) {
    const tools = document.createElement("div");
    tools.className = "tools";
    const all = button("Show all", `${title}: show all steps`);
    all.hidden = true;
    all.dataset.all = "";
    all.addEventListener("click", seeAll);
    tools.append(all);
    if (figure.dataset.scale === "logarithmic") {
      const other = button("Linear scale", `${title}: linear scale`);
      other.addEventListener("click", () => {
        const now = other.textContent === "Linear scale" ? "linear" : "logarithmic";
        const next = now === "linear" ? "Logarithmic" : "Linear";
        other.textContent = `${next} scale`;
        other.setAttribute("aria-label", `${title}: ${next.toLowerCase()} scale`);
        const readout = figure.querySelector("[data-readout]");
        readout.textContent = readout.dataset.rest = `${now} scale`;
        chart.scale(now);
      });
      tools.append(other);
    }
    figure.querySelector("figcaption").append(tools);
  }

  function enhance(section, number) {
    const { x, borders, before, joined, charts: values } = JSON.parse(section.querySelector("[data-curves-data]").textContent);
    // curves of several runs have steps of their own: between two of them a line continues
    if (joined) for (const lines of Object.values(values)) for (const line of lines) line.forEach((value, at) => value ?? (line[at] = undefined));
    const first = x[0];
    const last = x[x.length - 1];
    const figures = [...section.querySelectorAll("figure.chart")];
    const charts = [];
    let index = null; // of the step under the cursor
    let zooming = false;

    const name = (step) => {
      const phase = borders.findLast(([start]) => start <= step);
      return `step ${step.toLocaleString("en")}${phase ? ` · ${phase[1]}` : ""}`;
    };
    const seek = (at) => {
      if (at != null) document.dispatchEvent(new CustomEvent("orbifolio:seek", { detail: { position: before + x[at] } }));
    };
    const zoomAll = (low, high) => {
      zooming = true;
      charts.forEach((chart) => chart.look(low, high));
      zooming = false;
      section.querySelectorAll("[data-all]").forEach((all) => (all.hidden = low <= first && high >= last));
    };
    const zoomBy = (factor) => {
      const [low, high] = charts[0].zoom;
      const centre = index === null ? (low + high) / 2 : x[index];
      const reach = Math.max(2, (high - low) * factor);
      const start = Math.max(first, Math.min(last - reach, centre - (centre - low) * (reach / (high - low || 1))));
      zoomAll(start, Math.min(last, start + reach));
    };

    function read(figure, chart, at) {
      const readout = figure.querySelector("[data-readout]");
      readout.dataset.rest ??= readout.textContent;
      figure.classList.toggle("live", at !== null);
      figure.querySelectorAll(".legend .num").forEach((text, line) => {
        text.dataset.rest ??= text.textContent;
        text.textContent = at === null ? text.dataset.rest : chart.spell(values[figure.id][line][at]);
      });
      if (at === null) {
        readout.textContent = readout.dataset.rest;
        return;
      }
      readout.textContent = name(x[at]);
      const said = [...figure.querySelectorAll(".legend li")].map((item) => item.textContent.trim().replace(/\s+/g, " "));
      chart.canvas.setAttribute("aria-valuenow", x[at]);
      chart.canvas.setAttribute("aria-valuetext", `${name(x[at])}: ${said.slice(0, 8).join(", ")}`);
    }

    function addKeys(chart) {
      const go = (to) => {
        const [low, high] = chart.zoom;
        index = Math.max(0, Math.min(x.length - 1, to));
        if (x[index] < low || x[index] > high) zoomAll(first, last);
        chart.point(index);
      };
      const move = (by) => go(index === null ? x.findIndex((step) => step >= chart.zoom[0]) : index + by);
      const far = Math.max(1, Math.round(x.length / 10));
      const keys = {
        ArrowLeft: () => move(-1),
        ArrowRight: () => move(1),
        ArrowDown: () => move(-1),
        ArrowUp: () => move(1),
        PageDown: () => move(-far),
        PageUp: () => move(far),
        Home: () => go(0),
        End: () => go(x.length),
        Enter: () => seek(index),
        " ": () => seek(index),
        "+": () => zoomBy(0.5),
        "=": () => zoomBy(0.5),
        "-": () => zoomBy(2),
        0: () => zoomAll(first, last),
        Escape: () => chart.leave(),
      };
      chart.canvas.addEventListener("keydown", (event) => {
        if (event.altKey || event.ctrlKey || event.metaKey || !keys[event.key]) return;
        event.preventDefault();
        event.stopPropagation();
        keys[event.key]();
      });
      chart.canvas.addEventListener("blur", () => chart.leave());
    }

    figures.forEach((figure) => {
      const title = figure.querySelector("h3").textContent;
      const notify = (what, value) => {
        if (what === "cursor") {
          index = value;
          if (charts[figures.indexOf(figure)]) read(figure, charts[figures.indexOf(figure)], value);
        } else if (what === "zoom") {
          if (!zooming && charts.length === figures.length) zoomAll(...value);
        } else seek(value);
      };
      const chart = drawChart(figure, { x, values: values[figure.id], borders, group: `curves-${number}` }, notify);
      charts.push(chart);
      const area = { role: "slider", tabindex: 0, "aria-label": `${title}, by step`, "aria-valuemin": first, "aria-valuemax": last, "aria-valuenow": last, "aria-valuetext": name(last) };
      Object.entries(area).forEach(([key, value]) => chart.canvas.setAttribute(key, value));
      addSwitches(figure, chart);
      addTools(figure, chart, title, () => zoomAll(first, last));
      addKeys(chart);
    });

    const hint = document.createElement("p");
    hint.className = "quiet hint";
    hint.textContent = joined ? SEVERAL : matchMedia("(hover: none)").matches ? TOUCHED : HINT;
    section.querySelector("h2").after(hint);
    const mark = (position) => {
      const step = Number(position) - before;
      const inside = step >= 0 && step <= last;
      charts.forEach((chart) => chart.mark(inside ? Math.max(first, step) : null));
    };
    document.addEventListener("orbifolio:frame", (event) => mark(event.detail.position));
    const shown = document.documentElement.dataset.position; // dispatched before these curves were there
    if (shown !== undefined) mark(shown);
    section.dataset.ready = "";
  }

  function enhanceAll() {
    document.querySelectorAll("[data-curves]:not([data-ready])").forEach(enhance);
  }

  document.addEventListener("orbifolio:refreshed", enhanceAll);
  enhanceAll();
})();
