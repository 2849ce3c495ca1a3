// One zoom for all pictures: the scale, and the point in the middle (in shares of the picture).
"use strict";

orbifolio.sharedView = (stage, measure) => {
  const { state, change } = orbifolio.comparing;
  const CLOSEST = 64;
  const pointers = new Map();
  let pinch = null;
  let tapped = { time: -Infinity, at: [0, 0] };

  function clamp(value, least, most) {
    return Math.min(Math.max(value, least), most);
  }

  // The middle may move until the picture's edge meets the stage's.
  function clamped(share, size, room) {
    const half = Math.min(0.5, room / size / 2);
    return clamp(share, half, 1 - half);
  }

  function to(zoom, x, y) {
    const { width, height, scale } = measure(zoom);
    change("view", { zoom, x: clamped(x, width * scale, stage.clientWidth), y: clamped(y, height * scale, stage.clientHeight) });
  }

  // Zoom in or out; what lies under the point (in pixels from the stage's middle) stays there.
  function zoomBy(factor, atX = 0, atY = 0) {
    const { width, height, scale } = measure(state.zoom);
    const zoom = clamp(state.zoom * factor, 1, CLOSEST);
    const after = (scale * zoom) / state.zoom;
    to(zoom, state.x + atX / (width * scale) - atX / (width * after), state.y + atY / (height * scale) - atY / (height * after));
  }

  function panBy(across, down) {
    const { width, height, scale } = measure(state.zoom);
    to(state.zoom, state.x - across / (width * scale), state.y - down / (height * scale));
  }

  function fromMiddle(event) {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  }

  function span() {
    const [one, two] = [...pointers.values()];
    return { distance: Math.hypot(one[0] - two[0], one[1] - two[1]), middle: [(one[0] + two[0]) / 2, (one[1] + two[1]) / 2] };
  }

  // The wheel scrolls the page until a picture has been clicked.
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== stage) return;
    event.preventDefault();
    zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...fromMiddle(event));
  }, { passive: false });

  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    pointers.set(event.pointerId, fromMiddle(event));
    if (event.pointerType === "mouse" || state.zoom > 1 || pointers.size === 2) stage.setPointerCapture(event.pointerId);
    pinch = pointers.size === 2 ? span() : null;
    const at = fromMiddle(event);
    const near = Math.hypot(at[0] - tapped.at[0], at[1] - tapped.at[1]) < 12;
    const twice = pointers.size === 1 && near && event.timeStamp - tapped.time < 350;
    tapped = { time: twice ? -Infinity : event.timeStamp, at };
    if (twice) {
      if (state.zoom > 1.05) to(1, 0.5, 0.5);
      else zoomBy(3, ...at);
    }
  });

  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = fromMiddle(event);
    pointers.set(event.pointerId, now);
    if (pointers.size === 2) {
      const next = span();
      panBy(next.middle[0] - pinch.middle[0], next.middle[1] - pinch.middle[1]);
      zoomBy(next.distance / Math.max(1, pinch.distance), ...next.middle);
      pinch = next;
    } else if (state.zoom > 1) panBy(now[0] - before[0], now[1] - before[1]);
  });

  for (const end of ["pointerup", "pointercancel"]) {
    stage.addEventListener(end, (event) => {
      pointers.delete(event.pointerId);
      pinch = null;
    });
  }

  const KEYS = {
    "+": () => zoomBy(1.5),
    "=": () => zoomBy(1.5),
    "-": () => zoomBy(1 / 1.5),
    0: () => to(1, 0.5, 0.5),
    ArrowLeft: () => panBy(stage.clientWidth / 10, 0),
    ArrowRight: () => panBy(-stage.clientWidth / 10, 0),
    ArrowUp: () => panBy(0, stage.clientHeight / 10),
    ArrowDown: () => panBy(0, -stage.clientHeight / 10),
  };
  stage.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !(event.key in KEYS)) return;
    if (event.key.startsWith("Arrow") && state.zoom <= 1) return; // then they move the page
    event.preventDefault();
    KEYS[event.key]();
  });

  return { zoomBy, fit: () => to(1, 0.5, 0.5) };
};
