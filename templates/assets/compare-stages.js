// The pictures side by side or over each other, at the same frame and zoom.
"use strict";

(() => {
  const { make, tool, comparing } = orbifolio;
  const { state, change } = comparing;
  const TICKS = 200; // stops of the slider
  const PACE = 90; // milliseconds
  const stages = new Map();
  let playing = null;

  const rows = make("div", { class: "stages" });
  const cut = make("input", { type: "range", class: "cut", min: "0", max: "1", step: "0.005", "aria-label": "Share of the second picture shown" });
  const over = make("button", { type: "button", class: "plain", "aria-pressed": "false" }, "Overlaid");
  const tools = make("div", { class: "tools", role: "group", "aria-label": "View" },
    tool("less", "Farther", () => first() && first().view.zoomBy(1 / 1.5)),
    tool("more", "Closer", () => first() && first().view.zoomBy(1.5)),
    tool("fit", "Whole pictures", () => first() && first().view.fit()),
    over,
    make("span", { class: "quiet hint" }, "Click a picture to zoom with the wheel; drag to move it; all move together."));
  const slider = make("input", { type: "range", min: "0", max: String(TICKS), step: "1", "aria-label": "Frame" });
  const play = tool("play", "Play", toggle);
  const where = make("output", { class: "num where" });
  const by = make("select", { "aria-label": "What the slider counts" }, make("option", { value: "share" }, "Share of each run"), make("option", { value: "step" }, "Steps"));
  const frames = make("div", { class: "frames" }, play, slider, where, by);
  const section = make("section", { class: "staged", "aria-label": "Pictures", hidden: "" }, tools, rows, frames);
  comparing.add(section);

  function first() {
    return stages.values().next().value;
  }

  function longest() {
    return Math.max(1, ...comparing.loaded().map((run) => run.last));
  }

  // The frame of a run at the slider's position; null is the finished picture.
  function frameOf(run) {
    const position = state.frame * (state.by === "step" ? longest() : run.last);
    const ended = state.frame >= 1 || position >= run.last;
    if ((ended && run.finished) || !run.frames.length) return null;
    return run.frames.filter((frame) => frame.position <= position + 1e-9).pop() || run.frames[0];
  }

  class Stage {
    constructor(run) {
      this.run = run;
      this.image = make("img", { alt: "", draggable: "false", decoding: "async" });
      this.box = make("div", { class: "stage", tabindex: "0", role: "group", "aria-label": `Picture ${comparing.number(run.key)}: + and − zoom, arrows move` }, this.image);
      this.words = make("span", { class: "quiet" });
      this.mark = make("span", { class: "mark", "aria-hidden": "true" });
      const remove = tool("close", `Remove ${run.title}, ${run.date}`, () => comparing.choose(state.runs.filter((key) => key !== run.key)));
      const name = make("a", { href: run.page }, run.title);
      this.figure = make("figure", {}, this.box, make("figcaption", {}, this.mark, make("span", { class: "what" }, name, make("span", { class: "quiet" }, run.date), this.words), remove));
      this.view = orbifolio.sharedView(this.box, (zoom) => this.measure(zoom));
    }

    measure(zoom) {
      const { width, height } = this.size || { width: 1, height: 1 };
      return { width, height, scale: zoom * Math.min(this.box.clientWidth / width, this.box.clientHeight / height) };
    }

    number() {
      const number = comparing.number(this.run.key);
      this.mark.textContent = number;
      this.mark.className = `mark c${number - 1}`;
    }

    // Show the frame once it is loaded; the latest request wins.
    show() {
      const frame = frameOf(this.run);
      const shown = frame ? orbifolio.frameWords(frame).shown : this.run.finished ? "finished" : this.run.picture ? "newest frame" : "no picture";
      const of = frame || this.run.picture;
      this.words.textContent = shown;
      this.image.alt = `${this.run.title}: ${shown}`;
      if (!of) return Promise.resolve();
      this.size = this.run.picture || of; // frames of all phases are laid out as the finished picture is
      this.place();
      const pixels = Math.ceil(this.measure(state.zoom).scale * this.size.width * window.devicePixelRatio);
      const copies = frame ? null : of.copies;
      const source = frame ? orbifolio.frameAddress(frame, pixels) : (copies.find(([width]) => width >= pixels) || copies[copies.length - 1])[1];
      if (this.source === source) return this.coming;
      this.source = source;
      const image = new Image();
      image.src = source;
      this.coming = image.decode().catch(() => {}).then(() => {
        if (this.source === source) this.image.src = source;
      });
      return this.coming;
    }

    place() {
      const { width, height, scale } = this.measure(state.zoom);
      const room = [Math.max(0, width * scale - this.box.clientWidth) / 2, Math.max(0, height * scale - this.box.clientHeight) / 2];
      const wished = [(0.5 - state.x) * width * scale, (0.5 - state.y) * height * scale];
      const [x, y] = wished.map((value, axis) => Math.min(Math.max(value, -room[axis]), room[axis]));
      Object.assign(this.image.style, { width: `${width * scale}px`, height: `${height * scale}px`, translate: `calc(-50% + ${x}px) calc(-50% + ${y}px)` });
      this.box.classList.toggle("movable", state.zoom > 1);
      this.image.classList.toggle("pixels", scale * width > 4 * width); // at this zoom, single pixels should show
    }
  }

  function arrange() {
    const runs = comparing.loaded();
    section.hidden = !runs.length;
    for (const [key, stage] of stages) {
      if (runs.some((run) => run.key === key)) continue;
      stage.figure.remove();
      stages.delete(key);
    }
    for (const run of runs) {
      if (!stages.has(run.key)) stages.set(run.key, new Stage(run));
      const stage = stages.get(run.key);
      stage.number();
      rows.append(stage.figure);
    }
    if (!runs.length) return;
    const ratios = runs.filter((run) => run.picture).map((run) => run.picture.width / run.picture.height);
    rows.style.setProperty("--ratio", Math.min(1.8, Math.max(0.6, ratios[0] || 1)));
    rows.append(cut);
    frames.hidden = !runs.some((run) => run.frames.length);
    show();
  }

  function show() {
    const both = stages.size === 2 && state.mode === "over";
    over.hidden = stages.size !== 2;
    over.setAttribute("aria-pressed", String(both));
    rows.classList.toggle("over", both);
    cut.hidden = !both;
    cut.value = 1 - state.cut;
    rows.style.setProperty("--cut", 1 - state.cut);
    cut.setAttribute("aria-valuetext", `${Math.round(state.cut * 100)} %`);
    slider.value = Math.round(state.frame * TICKS);
    by.value = state.by;
    const words = state.by === "step" ? `step ${Math.round(state.frame * longest())} of ${longest()}` : `${Math.round(state.frame * 100)} %`;
    where.textContent = words;
    slider.setAttribute("aria-valuetext", words);
    return Promise.all([...stages.values()].map((stage) => stage.show()));
  }

  async function toggle() {
    if (playing) return pause();
    const turn = (playing = {});
    label("pause", "Pause");
    let at = state.frame >= 1 ? 0 : state.frame;
    for (;;) {
      change("frame", { frame: at });
      await Promise.all([...[...stages.values()].map((stage) => stage.coming), new Promise((done) => setTimeout(done, PACE))]);
      if (playing !== turn) return undefined;
      if (at >= 1) return pause();
      at = Math.min(1, at + 1 / 60);
    }
  }

  function pause() {
    playing = null;
    label("play", "Play");
  }

  function label(icon, words) {
    play.firstElementChild.className = `icon ${icon}`;
    play.setAttribute("aria-label", words);
    play.title = words;
  }

  function seek(frame) {
    pause();
    change("frame", { frame: Math.min(1, Math.max(0, frame)) });
  }

  orbifolio.keys([",", "."], "Previous and next frame", (event) => seek(state.frame + (event.key === "," ? -0.02 : 0.02)));
  orbifolio.keys(["+", "-", "0"], "Zoom in, zoom out, whole pictures", (event) => {
    if (first() && event.key === "0") first().view.fit();
    else if (first()) first().view.zoomBy(event.key === "+" ? 1.5 : 1 / 1.5);
  });
  slider.addEventListener("input", () => seek(slider.value / TICKS));
  by.addEventListener("change", () => change("frame", { by: by.value }));
  over.addEventListener("click", () => change("view", { mode: state.mode === "over" ? "side" : "over" }));
  cut.addEventListener("input", () => change("view", { cut: 1 - cut.value }));
  new ResizeObserver(() => stages.forEach((stage) => stage.show())).observe(rows);
  comparing.listen((what) => (what === "runs" ? arrange() : what === "scale" ? null : show()));
})();
