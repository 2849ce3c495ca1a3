// One chart, drawn by uPlot over the plain drawing of the page: same axes, same colours, but it moves.
"use strict";

(() => {
  const MARGIN = 0.04; // room above and below the curves while zoomed in
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // A number as the page's text spells it.
  function spell(value, digits = 4) {
    if (value == null) return "–";
    const rounded = value.toPrecision(digits);
    let [mantissa, power] = rounded.split("e");
    if (power > 0 && power < 6) return Number(rounded).toLocaleString("en-US").replace("-", "−");
    if (!power && Math.abs(value) > 0 && Math.abs(value) < 1e-4) [mantissa, power] = value.toExponential(digits - 1).split("e");
    if (mantissa.includes(".")) mantissa = mantissa.replace(/\.?0+$/, "");
    const raised = power ? `×10${String(Number(power)).replace(/./g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)])}` : "";
    return mantissa.replace("-", "−") + raised;
  }

  // The vertical axis of the plain drawing: its ends, and its labels by value.
  function drawnAxis(figure) {
    const rows = figure.querySelector(".rows");
    const ends = rows.dataset.ends.split(" ").map(Number);
    return { ends, labels: new Map([...rows.children].map((row) => [Number(row.dataset.value), row.textContent])) };
  }

  // Phases differ in what they sum over: nothing is drawn from the last step of one to the first of the next.
  function betweenPhases(x, borders) {
    const last = borders.map(([start]) => x.findLast((step) => step < start));
    return (plot, series, first, final, gaps) => {
      borders.forEach(([start], index) => {
        if (last[index] === undefined || start < x[first] || last[index] > x[final]) return;
        const [from, to] = [last[index], start].map((step) => plot.valToPos(step, "x", true));
        gaps.push([Math.floor(from) - 1, Math.ceil(to)]); // with the corners of the line's ends
      });
      return gaps.sort((one, other) => one[0] - other[0]);
    };
  }

  function drawBorders(plot, borders) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = getComputedStyle(plot.root).getPropertyValue("--divider");
    ctx.lineWidth = devicePixelRatio;
    for (const [start] of borders) {
      if (start < plot.scales.x.min || start > plot.scales.x.max) continue;
      const left = Math.round(plot.valToPos(start, "x", true)) + 0.5;
      ctx.beginPath();
      ctx.moveTo(left, bbox.top);
      ctx.lineTo(left, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }

  // The phases' names are text of the page: they follow the zoom.
  function placeNames(figure, plot, borders) {
    const { min, max } = plot.scales.x;
    const share = (step) => Math.min(1, Math.max(0, max > min ? (step - min) / (max - min) : 0.5));
    figure.querySelectorAll(".columns span").forEach((name, index) => {
      const start = share(borders[index][0]);
      const width = share(index + 1 < borders.length ? borders[index + 1][0] : Infinity) - start;
      name.style.left = `${100 * start}%`;
      name.style.width = `${100 * width}%`;
      name.hidden = width <= 0;
    });
  }

  function axes(below, left, labels) {
    const font = () => `12px ${colour("--sans")}`;
    const common = { stroke: () => colour("--quiet"), font: font(), gap: 6 };
    return [
      {
        ...common,
        size: below,
        space: 90,
        gap: 4,
        grid: { show: false },
        border: { show: true, stroke: () => colour("--quiet"), width: 1 },
        ticks: { show: true, stroke: () => colour("--quiet"), size: 4, width: 1 },
        incrs: [1, 2, 5].flatMap((digit) => [1, 10, 100, 1e3, 1e4, 1e5].map((power) => digit * power)).sort((a, b) => a - b),
        values: (plot, steps) => steps.map((step) => step.toLocaleString("en")),
      },
      {
        ...common,
        size: left,
        grid: { stroke: () => colour("--rule"), width: 1 },
        ticks: { show: false },
        border: { show: false },
        values: (plot, splits) => splits.map((value) => value === null ? null : (labels.get(value) ?? spell(value, 3))),
      },
    ];
  }

  // Draws a chart; `notify` is called with "cursor", "zoom" or "click" and what changed.
  function draw(figure, { x, values, borders, group }, notify) {
    const box = figure.querySelector(".plot");
    const canvas = document.createElement("div");
    canvas.className = "canvas";
    box.append(canvas);
    box.classList.add("drawn");
    const styles = [...figure.querySelectorAll("[data-style]")].map((item) => Number(item.dataset.style));
    const shown = values.map(() => true);
    const drawn = drawnAxis(figure);
    const every = values.flat().filter((value) => value != null);
    const [least, most] = [every.reduce((one, other) => Math.min(one, other)), every.reduce((one, other) => Math.max(one, other))];
    const here = document.createElement("div");
    here.className = "here";
    const first = figure.dataset.scale === "logarithmic";
    let logarithmic = first;
    let position = null;
    let plot;

    function placeHere() {
      const { min, max } = plot.scales.x;
      here.hidden = position === null || position < min || position > max;
      if (!here.hidden) here.style.left = `${plot.valToPos(position, "x")}px`;
    }

    // Unzoomed, it keeps the axis of the plain drawing; zoomed in, it has its own.
    function range(plot, low, high) {
      if (low === least && high === most && logarithmic === first) return drawn.ends;
      return logarithmic ? uPlot.rangeLog(low, high, 10, false) : uPlot.rangeNum(low, high, MARGIN, true);
    }

    function keepLabels(axis) {
      const { splits, filter } = axis;
      const whole = (plot) => plot.scales.y.min === drawn.ends[0] && plot.scales.y.max === drawn.ends[1];
      axis.splits = (plot, ...others) => (whole(plot) ? [...drawn.labels.keys()] : splits(plot, ...others));
      axis.filter = (plot, marks, ...others) => (whole(plot) ? marks : filter(plot, marks, ...others));
    }

    function build(zoom) {
      const above = parseFloat(getComputedStyle(box).marginTop);
      const left = parseFloat(getComputedStyle(box).marginLeft);
      const right = parseFloat(getComputedStyle(box).marginRight);
      const below = canvas.clientHeight - box.clientHeight - above;
      const gaps = betweenPhases(x, borders);
      const series = styles.map((style, index) => ({
        label: String(index),
        show: shown[index],
        stroke: () => colour(`--s${style % 8}`),
        width: 1.75,
        dash: style < 8 ? undefined : [5, 4],
        points: { show: x.length < 2, size: 5 },
        gaps,
      }));
      plot?.destroy();
      plot = new uPlot(
        {
          width: canvas.clientWidth,
          height: canvas.clientHeight,
          padding: [above, right, 0, 0],
          legend: { show: false },
          cursor: {
            y: false,
            drag: { x: true, y: false, dist: 6 },
            points: { size: 7, width: 0, fill: (self, index) => colour(`--s${styles[index - 1] % 8}`) },
            sync: { key: group, scales: ["x", null], filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
          },
          scales: {
            x: { time: false, range: (self, low, high) => (low === high ? [low - 1, high + 1] : [low, high]) },
            y: { distr: logarithmic ? 3 : 1, range },
          },
          axes: axes(below, left, drawn.labels),
          series: [{}, ...series],
          hooks: {
            drawAxes: [(self) => drawBorders(self, borders)],
            draw: [placeHere, (self) => placeNames(figure, self, borders)],
            setCursor: [(self) => notify("cursor", self.cursor.idx ?? null)],
            setScale: [(self, key) => key === "x" && notify("zoom", [self.scales.x.min, self.scales.x.max])],
          },
        },
        [x, ...values],
        (self, start) => {
          plot = self;
          keepLabels(self.axes[1]);
          canvas.append(self.root);
          self.over.append(here);
          start();
        },
      );
      plot.over.addEventListener("click", () => notify("click", plot.cursor.idx));
      if (zoom) plot.setScale("x", zoom);
    }

    build(null);
    new ResizeObserver(() => {
      if (canvas.clientWidth && (canvas.clientWidth !== plot.width || canvas.clientHeight !== plot.height)) {
        plot.setSize({ width: canvas.clientWidth, height: canvas.clientHeight });
      }
    }).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw(false, true));

    return {
      canvas,
      spell,
      get zoom() {
        return [plot.scales.x.min, plot.scales.x.max];
      },
      mark(step) {
        position = step;
        placeHere();
      },
      point(index) {
        plot.setCursor({ left: plot.valToPos(x[index], "x"), top: 10 }, true, true);
      },
      leave() {
        plot.setCursor({ left: -10, top: -10 }, true, true);
      },
      look(low, high) {
        if (low !== plot.scales.x.min || high !== plot.scales.x.max) plot.setScale("x", { min: low, max: high });
      },
      show(index, on) {
        shown[index] = on;
        plot.setSeries(index + 1, { show: on });
      },
      scale(kind) {
        logarithmic = kind === "logarithmic";
        build({ min: plot.scales.x.min, max: plot.scales.x.max });
      },
    };
  }

  (window.orbifolio ??= {}).drawChart = draw;
})();
