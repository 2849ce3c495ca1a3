// A picture in tiles, shown by OpenSeadragon; the buttons and keys are the page's own.
"use strict";

(() => {
  const STEP = 1.6;
  const MAX_PIXEL_SCALE = 4; // screen pixels of one pixel of the picture

  function open(section) {
    const { source, wrap } = JSON.parse(section.querySelector("[data-deep-data]").textContent);
    const box = section.querySelector("[data-viewer]");
    const tools = section.querySelector("[data-tools]");
    const scale = section.querySelector("[data-scale]");
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const pages = [...document.querySelectorAll("main > *, .bar, .foot, .skip")].filter((part) => part !== section);
    let viewer;
    let endless = false;

    function start() {
      viewer?.destroy();
      box.replaceChildren();
      viewer = OpenSeadragon({
        element: box,
        tileSources: source,
        drawer: "canvas", // the default one cannot read tiles from a disk
        showNavigationControl: false, // its buttons are pictures
        animationTime: still ? 0 : 0.8,
        springStiffness: 8,
        immediateRender: still,
        maxZoomPixelRatio: MAX_PIXEL_SCALE,
        visibilityRatio: endless ? 0 : 0.5,
        minZoomImageRatio: endless ? 0.15 : 0.8,
        wrapHorizontal: endless && wrap.columns,
        wrapVertical: endless && wrap.rows,
        gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
        keyboardShortcutsEnabled: false,
      });
      viewer.addHandler("update-viewport", tell);
      viewer.addHandler("open", tell);
      viewer.addHandler("canvas-key", (event) => {
        event.preventDefaultAction = true;
      });
      viewer.canvas.setAttribute("role", "application");
      viewer.canvas.setAttribute("aria-label", `${box.dataset.label}. Arrow keys move, plus and minus zoom.`);
      viewer.canvas.setAttribute("tabindex", "0");
    }

    const image = () => viewer.world.getItemAt(0);

    function tell() {
      if (!image()) return;
      const share = image().viewportToImageZoom(viewer.viewport.getZoom(true));
      scale.textContent = `${Number((100 * share).toPrecision(2))} %`;
    }

    function zoom(factor) {
      viewer.viewport.zoomBy(factor);
      viewer.viewport.applyConstraints();
    }

    function move(across, down) {
      const { width, height } = viewer.viewport.getBounds();
      viewer.viewport.panBy(new OpenSeadragon.Point((across * width) / 8, (down * height) / 8));
      viewer.viewport.applyConstraints();
    }

    function fill(on) {
      section.classList.toggle("full", on);
      tools.querySelector("[data-do=full]").setAttribute("aria-pressed", String(on));
      pages.forEach((part) => (part.inert = on)); // so that nothing behind the window can be focused
    }

    const acts = {
      in: () => zoom(STEP),
      out: () => zoom(1 / STEP),
      home: () => viewer.viewport.goHome(),
      pixels: () => viewer.viewport.zoomTo(image().imageToViewportZoom(1)),
      full: () => fill(!section.classList.contains("full")),
      endless: () => {
        endless = !endless;
        tools.querySelector("[data-do=endless]").setAttribute("aria-pressed", String(endless));
        start();
        if (endless) viewer.addOnceHandler("open", () => viewer.viewport.zoomTo(viewer.viewport.getHomeZoom() / 3, null, true));
      },
    };
    const keys = {
      "+": acts.in,
      "=": acts.in,
      "-": acts.out,
      0: acts.home,
      1: acts.pixels,
      f: acts.full,
      ArrowLeft: () => move(-1, 0),
      ArrowRight: () => move(1, 0),
      ArrowUp: () => move(0, -1),
      ArrowDown: () => move(0, 1),
    };

    tools.addEventListener("click", (event) => acts[event.target.closest("[data-do]")?.dataset.do]?.());
    section.addEventListener(
      "keydown",
      (event) => {
        if (event.altKey || event.ctrlKey || event.metaKey) return;
        if (event.key === "Escape" && section.classList.contains("full")) {
          fill(false);
          tools.querySelector("[data-do=full]").focus();
        } else if (keys[event.key]) {
          keys[event.key]();
          event.preventDefault();
          event.stopPropagation();
        }
      },
      true, // before the library's own keys
    );
    section.classList.add("ready");
    tools.hidden = false;
    section.querySelector("[data-hint]").hidden = false;
    start();
    section.viewer = viewer;
  }

  document.querySelectorAll("[data-deep]").forEach(open);
})();
