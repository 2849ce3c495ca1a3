// Pictures at full size: a dialog over the page with zoom, pan, the next and the previous picture.
// Every `a[data-view]` around an <img> opens here; without this script it leads to its file.
"use strict";

(() => {
  const { make, tool } = orbifolio;
  let dialog = null;

  class Lightbox {
    constructor() {
      this.image = make("img", { alt: "", draggable: "false" });
      this.stage = make("div", { class: "stage", tabindex: "0", role: "group", "aria-label": "Picture; drag or hold Shift with the arrows to move it" }, this.image);
      this.caption = make("p", { class: "words" });
      this.place = make("p", { class: "place", "aria-live": "polite" });
      this.scale = make("output", { class: "scale" });
      this.file = make("a", { class: "plain", rel: "noopener" }, "Open the file");
      this.exact = make("button", { type: "button", class: "plain", "aria-pressed": "false" }, "Exact pixels");
      this.back = tool("back", "Previous picture", () => this.turn(-1));
      this.on = tool("on", "Next picture", () => this.turn(1));
      this.dialog = make(
        "dialog",
        { class: "lightbox", "aria-label": "Picture" },
        make("div", { class: "top" }, this.place, make("span", { class: "space" }),
          tool("less", "Zoom out", () => this.view.zoom(1 / 1.4)), this.scale, tool("more", "Zoom in", () => this.view.zoom(1.4)),
          tool("fit", "Whole picture", () => this.view.fit()), tool("close", "Close", () => this.dialog.close())),
        this.stage,
        make("div", { class: "under" }, this.back, this.caption, this.exact, this.file, this.on),
      );
      this.view = orbifolio.zooming(this.stage, this.image, {
        swipe: (by) => this.turn(by),
        changed: () => this.zoomed(),
      });
      this.exact.addEventListener("click", () => this.setExact(!this.pixels));
      this.dialog.addEventListener("keydown", (event) => this.key(event));
      this.dialog.addEventListener("close", () => this.closed());
      window.addEventListener("resize", () => this.dialog.open && this.view.fit());
      document.body.append(this.dialog);
    }

    open(link) {
      this.opener = link;
      this.links = [...document.querySelectorAll("a[data-view]")].filter((each) => each.querySelector("img") && each.getClientRects().length);
      this.dialog.showModal();
      this.stage.focus();
      this.show(this.links.indexOf(link));
    }

    show(at) {
      this.at = at;
      const link = this.links[at];
      const thumb = link.querySelector("img");
      const many = this.links.length > 1;
      this.width = Number(thumb.getAttribute("width"));
      this.height = Number(thumb.getAttribute("height"));
      this.whole = false;
      this.setExact(false);
      this.image.alt = thumb.alt;
      // first the copy that is loaded already, then the widest one; the file itself only when the reader zooms in
      this.image.src = thumb.currentSrc || thumb.src;
      this.load(link.dataset.view || link.href);
      this.caption.textContent = link.dataset.words || thumb.alt;
      this.place.textContent = `${at + 1} of ${this.links.length}`;
      this.file.href = link.href;
      this.back.hidden = this.on.hidden = !many;
      this.view.reset(this.width, this.height);
      if (many) for (const near of [at + 1, at - 1]) new Image().src = this.links.at(near % this.links.length).dataset.view;
    }

    load(source) {
      const { at } = this;
      const image = new Image();
      image.src = source;
      image.decode().then(() => {
        if (this.at === at && this.dialog.open) this.image.src = source;
      }, () => {});
    }

    turn(by) {
      if (this.links.length > 1) this.show((this.at + by + this.links.length) % this.links.length);
    }

    // Beyond its own size, the original replaces the copy: it has every pixel, and more bits.
    zoomed() {
      this.scale.textContent = `${Math.round(100 * this.view.scale)} %`;
      if (this.view.scale > 1 && this.view.moved && !this.whole) this.loadWhole();
      this.stage.classList.toggle("exact", this.pixels && this.view.scale > 1);
    }

    loadWhole() {
      this.whole = true;
      const link = this.links[this.at];
      if (link.href !== new URL(link.dataset.view || link.href, document.baseURI).href) this.load(link.href);
    }

    setExact(on) {
      this.pixels = on;
      this.exact.setAttribute("aria-pressed", String(on));
      this.stage.classList.toggle("exact", on && this.view.scale > 1);
      if (on && !this.whole) this.loadWhole();
    }

    key(event) {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const { view } = this;
      const far = 80;
      const pan = { ArrowLeft: [far, 0], ArrowRight: [-far, 0], ArrowUp: [0, far], ArrowDown: [0, -far] }[event.key];
      if (pan && (event.shiftKey || pan[1])) view.pan(...pan);
      else if (event.key === "ArrowLeft") this.turn(-1);
      else if (event.key === "ArrowRight") this.turn(1);
      else if (event.key === "Home") this.show(0);
      else if (event.key === "End") this.show(this.links.length - 1);
      else if (event.key === "+" || event.key === "=") view.zoom(1.4);
      else if (event.key === "-") view.zoom(1 / 1.4);
      else if (event.key === "0") view.fit();
      else if (event.key === "1") view.zoom(1 / view.scale);
      else return;
      event.preventDefault();
    }

    closed() {
      this.image.removeAttribute("src");
      if (this.opener.isConnected) this.opener.focus();
    }
  }

  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-view]") : null;
    if (!link || !link.querySelector("img") || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    dialog = dialog || new Lightbox();
    dialog.open(link);
  });
  if (document.querySelector("a[data-view]")) {
    orbifolio.keys(["+", "-", "0"], "In an opened picture: zoom in, zoom out, whole");
    orbifolio.keys(["ArrowLeft", "ArrowRight"], "In an opened picture: previous and next; with Shift, move it");
  }
})();
