// Watching a run: server-sent events update the newest picture, the line, the bar and the buttons.
"use strict";

server.watch = (place, id, { over = () => {}, changed = () => {} } = {}) => {
  const { ask, make, tell, sentence } = server;
  const part = (name) => place.querySelector(`[data-${name}]`);
  const easel = part("easel");
  const title = document.title;
  let shown = "";
  let latest = null;
  let quarter = null;
  let readying = null; // when getting ready was first seen

  // How long it has been getting ready: nothing else moves meanwhile.
  function tick() {
    if (readying !== null) part("left").textContent = `for ${Math.round((Date.now() - readying) / 1000)} s`;
  }

  // The newest picture, once it is loaded: no flicker, no half pictures.
  function hang(run) {
    if (!run.picture || run.picture === shown) return;
    shown = run.picture;
    const next = make("img", { src: run.picture, alt: `${run.title}, ${run.line}`, width: String(run.width), height: String(run.height) });
    next.decode().then(
      () => {
        if (shown !== run.picture) return;
        const before = easel.querySelector("img");
        if (before) before.replaceWith(next);
        else easel.replaceChildren(next);
        easel.style.setProperty("--ratio", String(run.width / Math.max(run.height, 1)));
        if (run.state === "done") compare(run);
      },
      () => {
        shown = ""; // the next event brings it again
      },
    );
  }

  // Before and after, where the run started from a photo.
  function compare(run) {
    if (!run.photo || easel.querySelector(".versus")) return;
    const photo = new Image();
    photo.alt = "Your photo";
    photo.onload = () => {
      const ratio = run.width / run.height;
      if (Math.abs(Math.log((photo.naturalWidth / photo.naturalHeight) / ratio)) > 0.15) return; // they do not lie over each other
      const figure = (name, picture, words) => make("figure", { class: name }, picture, make("figcaption", {}, words));
      const range = make("input", { type: "range", min: "0", max: "100", value: "25", "aria-label": "Your photo or the picture" });
      const versus = make("div", { class: "versus over", role: "group", "aria-label": "Your photo and the picture" });
      versus.append(figure("before", photo, "Your photo"), figure("after", easel.querySelector("img"), run.title), range, make("span", { class: "handle", "aria-hidden": "true" }));
      const show = () => {
        versus.style.setProperty("--cut", `${range.value}%`);
        range.setAttribute("aria-valuetext", `${range.value} % photo, ${100 - range.value} % picture`);
      };
      versus.style.setProperty("--ratio", String(ratio));
      range.addEventListener("input", show);
      show();
      easel.replaceChildren(versus);
    };
    photo.src = run.photo;
  }

  function draw(curve) {
    const figure = part("curve");
    if (!figure || !curve.length || curve.every((points) => points.length < 4)) return;
    const [width, height] = [600, 150];
    const values = curve.flatMap((points) => points.filter((_, at) => at % 2)).map((value) => Math.log10(Math.max(value, 1e-12)));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const last = Math.max(...curve.map((points) => points[points.length - 2]));
    const lines = curve.map((points, number) => {
      let path = "";
      for (let at = 0; at < points.length; at += 2) {
        const x = (points[at] / last) * width;
        const y = height - 6 - ((Math.log10(Math.max(points[at + 1], 1e-12)) - low) / (high - low || 1)) * (height - 12);
        path += `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
      }
      const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
      line.setAttribute("d", path);
      line.setAttribute("class", `line s${number % 8}`);
      return line;
    });
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("aria-hidden", "true");
    svg.append(...lines);
    figure.querySelector("svg")?.remove();
    figure.prepend(svg);
    figure.hidden = false;
  }

  function offer(run) {
    const can = {
      pause: run.state === "running" || run.state === "queued",
      resume: run.state === "paused" || run.state === "failed",
      keep: (run.state === "running" && Boolean(run.picture)) || (run.state === "paused" && Boolean(run.picture)),
      cancel: ["running", "queued", "paused"].includes(run.state),
    };
    for (const button of place.querySelectorAll("[data-act]")) {
      button.hidden = !can[button.dataset.act];
      button.disabled = Boolean(run.wish);
    }
    const link = (name, address, file = "") => {
      const link = part(name);
      if (!link) return;
      link.hidden = !address;
      if (address) link.href = address;
      if (file) link.download = file;
    };
    link("download", run.result, "painting.png");
    link("report", run.report);
    if (part("share")) part("share").hidden = run.state !== "done";
    if (part("branch")) part("branch").hidden = !run.picture;
  }

  function line(run) {
    if (run.wish) return { pause: "Pausing after this step", keep: "Finishing with the current picture", cancel: "Stopping" }[run.wish];
    return run.position ? `${run.line}: number ${run.position} in the queue` : run.line;
  }

  function show(run) {
    latest = run;
    part("line").textContent = line(run);
    part("left").textContent = run.left;
    readying = run.state === "running" && run.share === null && !run.left ? (readying ?? Date.now()) : null;
    tick();
    const bar = part("bar");
    if (run.state === "done") bar.value = 100;
    else if (run.share !== null) bar.value = run.share;
    else if (run.state === "running") bar.removeAttribute("value");
    else bar.value = bar.value || 0;
    document.title = run.state === "running" && run.share !== null ? `${Math.round(run.share)} % · ${title}` : title;
    const now = run.state === "running" ? Math.floor((run.share || 0) / 25) : run.state;
    if (now !== quarter && quarter !== null) part("said").textContent = run.state === "running" ? `${Math.round(run.share || 0)} percent done. ${run.left}` : line(run);
    quarter = now;
    tell(part("message"), run.state === "failed" ? sentence(run.message || "The computation failed") : "");
    const waiting = easel.querySelector("[data-waiting]");
    if (waiting && run.state === "cancelled") waiting.textContent = "It was cancelled before there was a picture.";
    if (waiting && run.state === "failed") waiting.textContent = "There is no picture yet.";
    hang(run);
    if (run.state === "done" && easel.querySelector("img")) compare(run);
    draw(run.curve);
    offer(run);
    changed(run);
  }

  async function act(verb) {
    tell(part("refused"), "");
    try {
      show(await ask(`/api/runs/${id}/${verb}`, { method: "POST" }));
      if (verb === "resume") listen();
    } catch (error) {
      tell(part("refused"), error.message);
    }
  }

  let source = null;
  function listen() {
    if (source) source.close();
    source = new EventSource(`/api/runs/${id}/events`);
    source.addEventListener("run", (event) => show(JSON.parse(event.data)));
    source.addEventListener("over", () => {
      source.close();
      source = null;
      over(latest);
    });
  }

  async function share() {
    const address = `${window.location.origin}/paint/${id}`;
    const button = part("share");
    const words = button.textContent;
    try {
      if (navigator.share && matchMedia("(pointer: coarse)").matches) await navigator.share({ title: latest.title, url: address });
      else {
        await navigator.clipboard.writeText(address);
        button.textContent = "Link copied";
        setTimeout(() => (button.textContent = words), 2500);
      }
    } catch {
      window.prompt("Link to this picture", address); // where the browser forbids the clipboard
    }
  }

  for (const button of place.querySelectorAll("[data-act]")) button.addEventListener("click", () => act(button.dataset.act));
  part("share")?.addEventListener("click", share);
  const ticking = setInterval(tick, 1000);
  window.addEventListener("pagehide", () => source?.close());
  listen();
  return {
    stop: () => {
      clearInterval(ticking);
      source?.close();
    },
  };
};
