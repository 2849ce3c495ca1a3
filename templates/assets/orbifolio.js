// Enhancement only: every page says everything without this script.
"use strict";

// The slider under a picture: runs through the frames, and back to the picture at its end.
function addScrubber(figure) {
  const data = figure.querySelector("[data-stops]");
  const image = figure.querySelector("img");
  const caption = figure.querySelector("[data-caption]");
  if (!data || !image) return;
  const stops = JSON.parse(data.textContent);
  const original = { src: image.getAttribute("src"), srcset: image.getAttribute("srcset"), label: caption.textContent };
  const slider = document.createElement("input");
  slider.type = "range";
  slider.min = 0;
  slider.max = stops.length;
  slider.value = stops.length;
  slider.className = "scrubber";
  slider.setAttribute("aria-label", "Frame");
  const show = () => {
    const stop = stops[Number(slider.value)];
    if (stop) {
      image.removeAttribute("srcset");
      image.src = stop.src;
    } else {
      if (original.srcset) image.setAttribute("srcset", original.srcset);
      image.src = original.src;
    }
    caption.textContent = stop ? stop.label : original.label;
    slider.setAttribute("aria-valuetext", caption.textContent);
  };
  slider.addEventListener("input", show);
  slider.setAttribute("aria-valuetext", original.label);
  figure.querySelector("figcaption").before(slider);
}

// The wallpaper: the size of its tile.
function addTileControls(section) {
  const paper = section.querySelector("[data-tile]");
  const controls = section.querySelector("[data-tile-controls]");
  if (!paper || !controls) return;
  const size = controls.querySelector("[data-tile-size]");
  const [width, height] = paper.style.backgroundSize.split(" ").map(parseFloat);
  size.addEventListener("input", () => {
    const wide = Number(size.value);
    paper.style.backgroundSize = `${wide}px ${Math.round((wide * height) / width)}px`;
  });
  controls.hidden = false;
}

// Left and right lead to the pages before and after, unless something else wants the key.
function addArrowKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, select, textarea, [tabindex='0']")) return;
    const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    const link = rel && document.querySelector(`a[rel=${rel}]`);
    if (link) link.click();
  });
}

document.querySelectorAll("[data-scrubber]").forEach(addScrubber);
document.querySelectorAll("section").forEach(addTileControls);
addArrowKeys();
