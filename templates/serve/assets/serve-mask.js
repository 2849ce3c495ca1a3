// Painting a mask over a picture: dark leaves out, light keeps. It is uploaded like any other picture.
"use strict";

server.mask = (address, done) => {
  const { make } = orbifolio;
  const canvas = make("canvas", { "aria-label": "Paint the areas to leave out", tabindex: "0" });
  const size = make("input", { type: "range", min: "4", max: "200", value: "48", id: "mask-size" });
  const erase = make("input", { type: "checkbox", id: "mask-erase" });
  const clear = make("button", { type: "button", class: "plain" }, "Clear");
  const swap = make("button", { type: "button", class: "plain" }, "Invert the mask");
  const keep = make("button", { type: "button", class: "strong" }, "Use this mask");
  const cancel = make("button", { type: "button", class: "plain" }, "Cancel");
  const stage = make("div", { class: "mask-stage" });
  const dialog = make(
    "dialog",
    { class: "mask", "aria-labelledby": "mask-title" },
    make("h2", { id: "mask-title" }, "Paint over the areas to leave out"),
    stage,
    make("div", { class: "mask-tools" }, make("label", { for: "mask-size" }, "Brush "), size, make("label", {}, erase, " Erase"), clear, swap),
    make("p", { class: "acts" }, keep, cancel),
  );
  const picture = new Image();
  let pen = null;
  let last = null;

  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height, canvas.width / box.width];
  }

  function stroke([x, y, scale], pressure = 1) {
    pen.globalCompositeOperation = erase.checked ? "destination-out" : "source-over";
    pen.lineWidth = Number(size.value) * scale * (pressure > 0 ? 0.4 + 0.6 * pressure : 1);
    pen.lineCap = "round";
    pen.strokeStyle = "rgb(220 30 30)";
    pen.beginPath();
    pen.moveTo(...(last || [x, y]));
    pen.lineTo(x, y);
    pen.stroke();
    last = [x, y];
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = null;
    stroke(place(event), event.pointerType === "pen" ? event.pressure : 1);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!event.buttons) return;
    for (const each of event.getCoalescedEvents?.() || [event]) stroke(place(each), event.pointerType === "pen" ? each.pressure : 1);
  });
  clear.addEventListener("click", () => pen.clearRect(0, 0, canvas.width, canvas.height));
  swap.addEventListener("click", () => {
    pen.globalCompositeOperation = "xor";
    pen.fillStyle = "rgb(220 30 30)";
    pen.fillRect(0, 0, canvas.width, canvas.height);
  });
  cancel.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  keep.addEventListener("click", () => {
    const paper = make("canvas", {});
    [paper.width, paper.height] = [canvas.width, canvas.height];
    const ink = paper.getContext("2d");
    ink.drawImage(canvas, 0, 0);
    ink.globalCompositeOperation = "source-in";
    ink.fillStyle = "#000";
    ink.fillRect(0, 0, paper.width, paper.height);
    ink.globalCompositeOperation = "destination-over";
    ink.fillStyle = "#fff";
    ink.fillRect(0, 0, paper.width, paper.height);
    paper.toBlob((blob) => {
      dialog.close();
      done(new File([blob], "mask.png", { type: "image/png" }));
    }, "image/png");
  });
  picture.onload = () => {
    const most = 1024 / Math.max(picture.naturalWidth, picture.naturalHeight);
    canvas.width = Math.round(picture.naturalWidth * Math.min(1, most));
    canvas.height = Math.round(picture.naturalHeight * Math.min(1, most));
    pen = canvas.getContext("2d");
    picture.alt = "";
    stage.append(picture, canvas);
    document.body.append(dialog);
    dialog.showModal();
  };
  picture.src = address;
};
