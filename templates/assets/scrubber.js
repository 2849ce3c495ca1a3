// The slider under a picture: runs through the frames, by hand or by itself, and says where it is.
// It dispatches `orbifolio:frame` {position, step, phase, index} on the document and follows `orbifolio:seek`
// {position}; `#frame=12` in the address shows a frame.
"use strict";

(() => {
  const PACE = 125; // milliseconds a frame

  class Scrubber {
    constructor(work, box) {
      this.box = box;
      this.link = work.querySelector("a.frame");
      this.image = this.link.querySelector("img");
      this.caption = work.querySelector("[data-caption]");
      for (const name of ["slider", "ticks", "back", "play", "on", "count", "open"]) this[name] = box.querySelector(`[data-${name}]`);
      this.first = {
        src: this.image.getAttribute("src"),
        srcset: this.image.getAttribute("srcset"),
        alt: this.image.alt,
        width: this.image.getAttribute("width"),
        height: this.image.getAttribute("height"),
        href: this.link.getAttribute("href"),
        large: this.link.dataset.view,
      };
      this.timer = null;
      this.read(JSON.parse(box.querySelector("[data-frames]").textContent));
      this.at = this.last;
      this.slider.value = this.at;
      this.listen();
      this.say();
      box.hidden = false;
      this.goToFragment();
    }

    read(packed) {
      this.frames = orbifolio.frames(packed);
      this.end = packed.end;
      this.latest = packed.latest;
      this.last = this.frames.length + (this.end ? 1 : 0);
      this.slider.max = this.last;
      const begins = this.frames.filter((frame, at) => at && frame.phase !== this.frames[at - 1].phase);
      this.ticks.replaceChildren(...begins.map((frame) => {
        const tick = orbifolio.make("i");
        tick.style.left = `${(100 * (frame.index - 1)) / Math.max(1, this.last - 1)}%`;
        return tick;
      }));
    }

    listen() {
      this.slider.addEventListener("input", () => this.show(Number(this.slider.value), true));
      this.slider.addEventListener("change", () => this.keep());
      this.slider.addEventListener("keydown", (event) => {
        if (event.key !== " ") return;
        event.preventDefault();
        this.toggle();
      });
      this.back.addEventListener("click", () => this.step(-1));
      this.on.addEventListener("click", () => this.step(1));
      this.play.addEventListener("click", () => this.toggle());
      window.addEventListener("hashchange", () => this.goToFragment());
      document.addEventListener("orbifolio:seek", (event) => this.seek(event.detail.position));
      document.addEventListener("orbifolio:live", (event) => this.grow(event.detail.frames));
      orbifolio.busy.push(() => this.timer !== null || this.slider.matches(":active"));
      orbifolio.keys([",", "."], "Previous and next frame", (event) => this.step(event.key === "," ? -1 : 1));
      orbifolio.keys(["Home", "End"], "First and last frame, with the slider in focus");
      orbifolio.keys([" "], "Play or pause, with the slider in focus");
    }

    // The frame that is shown, or null where the finished picture is.
    get frame() {
      return this.frames[this.at - 1] || null;
    }

    show(at, byReader = false) {
      if (byReader) this.pause();
      this.at = Math.min(Math.max(1, at), this.last);
      this.slider.value = this.at;
      this.say();
      const shown = this.picture();
      this.tell();
      return shown;
    }

    say() {
      const { frame } = this;
      const words = frame ? orbifolio.frameWords(frame) : { shown: this.end, spoken: this.end };
      const newest = this.latest && this.at === this.last ? `${this.latest}: ` : "";
      this.caption.textContent = newest + words.shown;
      this.slider.setAttribute("aria-valuetext", words.spoken);
      this.count.textContent = `${this.at} of ${this.last}`;
      this.open.hidden = !frame;
      if (frame) this.open.href = frame.page;
      this.back.disabled = this.at === 1;
      this.on.disabled = this.at === this.last;
    }

    // Swap the picture once the new one is loaded, so that nothing flashes; the latest request wins.
    picture() {
      const { frame, image, link, first } = this;
      const wish = (this.wish = {});
      link.href = frame ? frame.file : first.href;
      link.dataset.view = frame ? frame.file : first.large;
      image.alt = frame ? orbifolio.frameWords(frame).shown : first.alt;
      const source = frame ? this.address(frame) : first.src;
      return this.load(source).then(() => {
        if (this.wish !== wish) return;
        if (frame || !first.srcset) image.removeAttribute("srcset");
        else image.setAttribute("srcset", first.srcset);
        image.src = source;
        image.setAttribute("width", frame ? frame.width : first.width);
        image.setAttribute("height", frame ? frame.height : first.height);
        for (const near of [this.frames[this.at], this.frames[this.at - 2]]) if (near) this.load(this.address(near));
      });
    }

    address(frame) {
      return orbifolio.frameAddress(frame, this.link.clientWidth * window.devicePixelRatio);
    }

    load(source) {
      const image = new Image();
      image.src = source;
      return image.decode().catch(() => {}); // one that is missing must not stop the others
    }

    tell() {
      const { frame, frames } = this;
      const { position, step, phase, index } = frame || frames[frames.length - 1] || { position: 1, step: 1, phase: 1, index: 1 };
      document.documentElement.dataset.position = position; // for scripts that start later
      document.dispatchEvent(new CustomEvent("orbifolio:frame", { detail: { position, step, phase, index, finished: !frame } }));
    }

    step(by) {
      this.show(this.at + by, true);
      this.keep();
    }

    toggle() {
      if (this.timer === null) this.run();
      else {
        this.pause();
        this.keep();
      }
    }

    async run() {
      const turn = (this.timer = {});
      this.label("pause", "Pause");
      let at = this.at === this.last ? 1 : this.at;
      while (this.timer === turn) {
        await Promise.all([this.show(at), new Promise((done) => setTimeout(done, PACE))]);
        if (at === this.last) break;
        at += 1;
      }
      if (this.timer !== turn) return;
      this.pause();
      this.keep();
    }

    pause() {
      if (this.timer === null) return;
      this.timer = null;
      this.label("play", "Play");
    }

    label(icon, words) {
      this.play.firstElementChild.className = `icon ${icon}`;
      this.play.setAttribute("aria-label", words);
    }

    // The address says which frame is shown, so that it can be shared.
    keep() {
      const { pathname, search, hash } = window.location;
      const wanted = this.at === this.last ? "" : `#frame=${this.at}`;
      if (wanted === hash || (!wanted && !hash.startsWith("#frame="))) return;
      try {
        history.replaceState(history.state, "", wanted || pathname + search);
      } catch {
        // browsers may forbid this for pages opened from disk
      }
    }

    goToFragment() {
      const match = /^#frame=(\d+)$/.exec(window.location.hash);
      if (match) this.show(Number(match[1]), true);
    }

    // To the frame nearest to a step of the whole run.
    seek(position) {
      const distances = this.frames.map((frame) => Math.abs(frame.position - position));
      this.show(distances.indexOf(Math.min(...distances)) + 1, true);
      this.keep();
    }

    // New frames of a running run; a reader at the newest one sees the next.
    grow(packed) {
      if (!packed) return;
      const follows = this.at === this.last && this.timer === null;
      const before = this.last;
      this.read(packed);
      if (this.last === before) return;
      if (follows && !document.querySelector("dialog[open]")) this.show(this.last);
      else this.show(this.at);
    }
  }

  document.querySelectorAll("[data-work]").forEach((work) => {
    const box = work.querySelector("[data-scrubber]");
    if (box && work.querySelector("a.frame img")) new Scrubber(work, box);
  });
})();
