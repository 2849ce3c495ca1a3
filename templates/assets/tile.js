// The wallpaper: how often its tile repeats, its size, its offset, and a whole window of it.
"use strict";

document.querySelectorAll("[data-wallpaper]").forEach((section) => {
  const { make } = orbifolio;
  const paper = section.querySelector("[data-tile]");
  const controls = section.querySelector("[data-tile-controls]");
  const part = (name) => controls.querySelector(`[data-tile-${name}]`);
  const [count, scale] = [part("count"), part("scale")];
  const natural = Number(paper.dataset.natural);
  const { way } = paper.dataset;
  const given = ["width", "height"].map((side) => parseFloat(paper.style.getPropertyValue(`--tile-${side}`)));
  const ratio = given[1] / given[0];
  const begin = way === "down" ? given[0] : Math.min(natural, Math.max(200, paper.clientWidth / 3)); // three tiles, or all pixels
  let width = begin;
  let [x, y] = [0, 0];
  let large = paper.dataset.large;

  function draw() {
    const across = way === "down" ? 1 : paper.clientWidth / width;
    paper.style.setProperty("--tile-width", `${width}px`);
    paper.style.setProperty("--tile-height", `${width * ratio}px`);
    paper.style.backgroundSize = `${width}px ${width * ratio}px`;
    paper.style.backgroundPosition = `calc(50% + ${way === "down" ? 0 : x}px) ${way === "across" ? "50%" : `${y}px`}`;
    count.value = Math.round(across);
    scale.value = Math.round((100 * width) / natural);
    part("count-value").textContent = across < 10 ? across.toFixed(1).replace(/\.0$/, "") : Math.round(across);
    const cm = (width / 96) * 2.54; // an inch has 96 CSS pixels
    part("scale-value").textContent = `${Math.round((100 * width) / natural)} % · ${cm.toFixed(1)} cm`;
    scale.setAttribute("aria-valuetext", part("scale-value").textContent);
    if (large && width * window.devicePixelRatio > 640) {
      paper.style.backgroundImage = `url("${CSS.escape ? large.replace(/["\\]/g, "\\$&") : large}")`;
      large = "";
    }
  }

  function resize(wanted) {
    const factor = wanted / width;
    [x, y, width] = [x * factor, y * factor, wanted];
    draw();
  }

  function move(across, down) {
    [x, y] = [x + across, y + down];
    draw();
  }

  function addDrag() {
    let from = null;
    paper.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      paper.setPointerCapture(event.pointerId);
      from = [event.clientX, event.clientY];
    });
    paper.addEventListener("pointermove", (event) => {
      if (!from) return;
      move(event.clientX - from[0], event.clientY - from[1]);
      from = [event.clientX, event.clientY];
    });
    for (const end of ["pointerup", "pointercancel"]) paper.addEventListener(end, () => (from = null));
    paper.addEventListener("keydown", (event) => {
      const far = 40;
      const way = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] }[event.key];
      if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      move(...way);
    });
  }

  // The same paper, its controls and the switch of its symmetry, moved into a dialog that fills the window, and back.
  function fill() {
    const close = make("button", { type: "button", class: "plain" }, "Close");
    const dialog = make("dialog", { class: "whole-window", "aria-label": paper.getAttribute("aria-label") });
    const moved = [paper, controls, section.querySelector("[data-overlay-switch]")].filter(Boolean);
    const homes = moved.map(() => make("span"));
    moved.forEach((each, number) => each.replaceWith(homes[number]));
    controls.append(close);
    part("full").hidden = true;
    dialog.append(...moved);
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      close.remove();
      part("full").hidden = false;
      homes.forEach((home, number) => home.replaceWith(moved[number]));
      dialog.remove();
      draw();
      part("full").focus();
    });
    document.body.append(dialog);
    dialog.showModal();
    draw();
  }

  count.closest("label").hidden = way === "down";
  count.addEventListener("input", () => resize(paper.clientWidth / Number(count.value)));
  scale.addEventListener("input", () => resize((natural * Number(scale.value)) / 100));
  part("reset").addEventListener("click", () => {
    [x, y] = [0, 0];
    resize(begin);
  });
  part("full").addEventListener("click", fill);
  paper.tabIndex = 0;
  paper.classList.add("movable");
  window.addEventListener("resize", draw);
  addDrag();
  controls.hidden = false;
  draw();
});
