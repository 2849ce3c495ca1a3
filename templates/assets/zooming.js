// Zoom and pan of a picture inside a stage: wheel, pinch, double click, drag, and a swipe where it fits whole.
"use strict";

orbifolio.zooming = (stage, image, { swipe, changed }) => {
  const MIN_SWIPE = 60; // pixels
  const pointers = new Map();
  let [width, height] = [1, 1];
  let [x, y] = [0, 0]; // of the picture's centre, from the stage's
  let pinch = null;
  let start = null;
  let tapped = 0;
  const view = { scale: 1, moved: false, reset, fit, zoom, pan };

  function fitting() {
    return Math.min(stage.clientWidth / width, stage.clientHeight / height);
  }

  // A picture that is smaller than the stage stays in its middle; a larger one may not leave it.
  function draw() {
    const [across, down] = [width * view.scale - stage.clientWidth, height * view.scale - stage.clientHeight];
    x = across > 0 ? Math.min(Math.max(x, -across / 2), across / 2) : 0;
    y = down > 0 ? Math.min(Math.max(y, -down / 2), down / 2) : 0;
    image.style.width = `${width * view.scale}px`;
    image.style.height = `${height * view.scale}px`;
    image.style.translate = `calc(-50% + ${x}px) calc(-50% + ${y}px)`;
    stage.classList.toggle("movable", across > 1 || down > 1);
    changed();
  }

  function reset(newWidth, newHeight) {
    [width, height, view.moved] = [newWidth, newHeight, false];
    fit();
  }

  function fit() {
    view.scale = fitting();
    [x, y] = [0, 0];
    draw();
  }

  // Zoom in or out; what lies under the point (from the stage's centre) stays there.
  function zoom(factor, atX = 0, atY = 0) {
    const least = Math.min(fitting(), 1);
    const scale = Math.min(Math.max(view.scale * factor, least), Math.max(16, 4 * fitting()));
    const really = scale / view.scale;
    [x, y] = [atX - (atX - x) * really, atY - (atY - y) * really];
    view.scale = scale;
    view.moved = true;
    draw();
  }

  function pan(across, down) {
    [x, y] = [x + across, y + down];
    draw();
  }

  function fromCentre(event) {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  }

  function span() {
    const [one, two] = [...pointers.values()];
    return { distance: Math.hypot(one[0] - two[0], one[1] - two[1]), middle: [(one[0] + two[0]) / 2, (one[1] + two[1]) / 2] };
  }

  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...fromCentre(event));
  }, { passive: false });

  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    stage.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, fromCentre(event));
    start = pointers.size === 1 ? { at: fromCentre(event), whole: !stage.classList.contains("movable") } : null;
    pinch = pointers.size === 2 ? span() : null;
  });

  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = fromCentre(event);
    pointers.set(event.pointerId, now);
    if (pointers.size === 2) {
      const next = span();
      pan(next.middle[0] - pinch.middle[0], next.middle[1] - pinch.middle[1]);
      zoom(next.distance / Math.max(1, pinch.distance), ...next.middle);
      pinch = next;
    } else if (pointers.size === 1) pan(now[0] - before[0], now[1] - before[1]);
  });

  function release(event) {
    if (!pointers.delete(event.pointerId)) return;
    pinch = null;
    if (!start || event.type === "pointercancel") return;
    const now = fromCentre(event);
    const [across, down] = [now[0] - start.at[0], now[1] - start.at[1]];
    if (start.whole && Math.abs(across) > MIN_SWIPE && Math.abs(across) > 2 * Math.abs(down)) swipe(across < 0 ? 1 : -1);
    else if (Math.hypot(across, down) < 8) tap(event, now);
    start = null;
  }

  // A double click zooms in there, or shows the whole picture again.
  function tap(event, at) {
    if (event.timeStamp - tapped > 350) {
      tapped = event.timeStamp;
      return;
    }
    tapped = 0;
    if (view.scale > fitting() * 1.05) fit();
    else zoom(Math.max(2.5, 1 / view.scale), ...at);
  }

  stage.addEventListener("pointerup", release);
  stage.addEventListener("pointercancel", release);
  image.addEventListener("dragstart", (event) => event.preventDefault());
  return view;
};
