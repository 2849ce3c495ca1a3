// A globe or a model that turns, by hand, by keys or by itself. Where nothing can draw it, the page's picture stays.
// Shape and texture come from a script file beside the page, as a page from a disk cannot read other files.
"use strict";

(() => {
  const TILT = (22 * Math.PI) / 180;
  const SPEED = 0.35; // radians a second
  const MAX_ZOOM = 6; // times as large as at first

  // Rotation, zoom, playing: all that a reader can do, and when to draw.
  function bring(section, scene, image) {
    const { make, tool, painters } = window.orbifolio;
    const stage = section.querySelector(".turntable"), still = section.querySelector("[data-still]");
    const fresh = () => make("canvas", { tabindex: "0", role: "application", "aria-roledescription": "picture to turn", "aria-label": `${section.dataset.globe}: arrow keys turn it, + and - zoom, space stops or starts it` });
    let canvas = fresh(), painter = null;
    still.before(canvas);
    painter = painters.byHardware(canvas, scene, image);
    section.dataset.painter = painter ? "webgl" : "canvas";
    if (!painter) {
      const second = fresh(); // a canvas keeps the kind of context that it was first asked for
      canvas.replaceWith(second);
      canvas = second;
      painter = painters.byHand(canvas, scene, image);
    }
    if (!painter) {
      canvas.remove();
      section.dataset.painter = "none";
      return stage.classList.add("unmoved");
    }
    const first = { longitude: scene.longitude || 0, latitude: TILT, zoom: 1 }, view = { ...first };
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    let playing = !calm.matches, seen = true, before = 0, requested = false;

    function paint(now) {
      requested = false;
      const seconds = before ? Math.min(0.1, (now - before) / 1000) : 0;
      if (playing) view.longitude -= SPEED * seconds; // eastwards, as the earth turns
      before = now;
      painter(view);
      section.dataset.longitude = view.longitude.toFixed(4);
      if (playing) wish();
    }
    function wish() {
      if (requested || !seen || document.hidden) return void (before = 0);
      requested = true;
      requestAnimationFrame(paint);
    }
    function turn(right, up) {
      view.longitude += right;
      view.latitude = Math.max(-Math.PI / 2, Math.min(Math.PI / 2, view.latitude + up));
      wish();
    }
    function near(times) {
      view.zoom = Math.max(1, Math.min(MAX_ZOOM, view.zoom * times));
      wish();
    }
    function play(on) {
      playing = on;
      before = 0;
      name();
      wish();
    }
    function name() {
      const word = playing ? "Stop turning" : "Start turning";
      button.setAttribute("aria-label", word);
      button.title = word;
      button.firstElementChild.className = `icon ${playing ? "pause" : "play"}`;
    }
    const begin = () => { Object.assign(view, first); wish(); };
    const button = tool("pause", "", () => play(!playing));
    canvas.after(make("div", { class: "tools" }, button, tool("less", "Smaller", () => near(1 / 1.25)), tool("more", "Larger", () => near(1.25)), tool("fit", "Reset the view", begin)));
    still.remove();
    stage.classList.add("alive");
    section.querySelector("[data-lead]").hidden = false;

    const STEP = Math.PI / 24;
    const keys = { ArrowLeft: () => turn(-STEP, 0), ArrowRight: () => turn(STEP, 0), ArrowUp: () => turn(0, STEP), ArrowDown: () => turn(0, -STEP), "+": () => near(1.25), "=": () => near(1.25), "-": () => near(1 / 1.25), " ": () => play(!playing), Home: begin };
    canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      keys[event.key]();
    });
    // The wheel scrolls the page, unless the globe was chosen by a click or a key.
    canvas.addEventListener("wheel", (event) => {
      if (document.activeElement !== canvas) return;
      event.preventDefault();
      near(Math.exp(-event.deltaY / 500));
    }, { passive: false });

    const fingers = new Map();
    const spread = () => { const [one, two] = [...fingers.values()]; return Math.hypot(one.x - two.x, one.y - two.y); };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (playing) play(false);
    });
    canvas.addEventListener("pointermove", (event) => {
      const last = fingers.get(event.pointerId);
      if (!last) return;
      const gap = fingers.size === 2 ? spread() : 0, radians = 2.1 / canvas.clientWidth / view.zoom;
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (gap) near(spread() / gap);
      else turn((last.x - event.clientX) * radians, (event.clientY - last.y) * radians);
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => fingers.delete(event.pointerId));
    calm.addEventListener("change", () => calm.matches && play(false));
    document.addEventListener("visibilitychange", wish);
    new ResizeObserver(wish).observe(canvas);
    new IntersectionObserver(([entry]) => { seen = entry.isIntersecting; wish(); }).observe(canvas);
    canvas.addEventListener("webglcontextlost", () => canvas.replaceWith(still));
    name();
    wish();
  }

  function load(section) {
    const script = document.createElement("script");
    script.src = section.dataset.scene;
    script.addEventListener("load", () => {
      const scene = window.orbifolioScene, image = new Image();
      image.addEventListener("load", () => bring(section, scene, image));
      image.src = scene.texture;
    });
    script.addEventListener("error", () => section.querySelector(".turntable").classList.add("unmoved"));
    document.head.append(script);
  }

  // The texture is large: it is loaded when the globe is about to scroll into view.
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((each) => each.isIntersecting)) {
      near.unobserve(entry.target);
      load(entry.target);
    }
  }, { rootMargin: "600px" });
  document.querySelectorAll("[data-globe]").forEach((section) => near.observe(section));
})();
