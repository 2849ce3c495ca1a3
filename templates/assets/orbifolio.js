// What all pages share: making elements, keys and their help, links to the previous and the next page.
// Enhancement only: every page is complete without any script.
"use strict";

window.orbifolio = (() => {
  // An element with attributes and children: make("button", { type: "button" }, "Close").
  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  // A button that shows a picture and says a name.
  function tool(icon, label, act) {
    const button = make("button", { type: "button", class: "tool", "aria-label": label, title: label });
    button.append(make("span", { class: `icon ${icon}` }));
    button.addEventListener("click", act);
    return button;
  }

  // Reasons not to reload the page just now: functions that return whether they hold.
  const busy = [() => document.querySelector("dialog[open]") !== null, () => String(document.getSelection()) !== ""];

  // Keys: a letter may be pressed by accident or by speech input, so letters can be switched off.
  const bindings = [];
  const KEPT = "orbifolio.letters";

  function remembered(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // some browsers keep nothing for pages opened from disk
    }
  }

  function lettersOn() {
    return remembered(KEPT) !== "off";
  }

  function switchLetters(on) {
    try {
      localStorage.setItem(KEPT, on ? "on" : "off");
    } catch {
      // then they stay on
    }
  }

  // List a key in the help and, if `act` is given, handle it: keys(["["], "Previous page", act). `quietly`: only where nothing has focus.
  function keys(names, does, act = null, quietly = false) {
    bindings.push({ names, does, act, quietly });
  }

  function struck(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    const at = event.target instanceof Element ? event.target : document.body;
    if (at.closest("textarea, select, dialog, input:not([type='range'], [type='checkbox'], [type='radio'], [type='button'])")) return;
    const idle = at === document.body || at === document.documentElement || at.id === "main";
    const binding = bindings.find((each) => each.act && each.names.includes(event.key) && (idle || !each.quietly));
    if (!binding || (event.key.length === 1 && !lettersOn())) return;
    event.preventDefault();
    binding.act(event);
  }

  function help() {
    const rows = bindings.map(({ names, does }) => {
      const caps = names.flatMap((name, at) => [at ? " " : "", make("kbd", {}, { ArrowLeft: "←", ArrowRight: "→", " ": "Space" }[name] || name)]);
      return make("div", {}, make("dt", {}, ...caps), make("dd", {}, does));
    });
    const box = make("input", { type: "checkbox" });
    box.checked = lettersOn();
    box.addEventListener("change", () => switchLetters(box.checked));
    const close = make("button", { type: "button", class: "plain" }, "Close");
    const dialog = make(
      "dialog",
      { class: "keys", "aria-labelledby": "keys-title" },
      make("h2", { id: "keys-title" }, "Keys"),
      make("dl", {}, ...rows),
      make("label", {}, box, " Keys of a single letter or sign work"),
      make("p", {}, close),
    );
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    document.body.append(dialog);
    dialog.showModal();
  }

  // Left and right, [ and ], and a swipe over the picture lead to the previous and the next page.
  function follow(rel) {
    const link = document.querySelector(`a[rel=${rel}]`);
    if (link) link.click();
  }

  function addSwipe(element) {
    let from = null;
    element.addEventListener("touchstart", (event) => {
      from = event.touches.length === 1 ? event.touches[0] : null;
    }, { passive: true });
    element.addEventListener("touchend", (event) => {
      if (!from || event.touches.length) return;
      const [across, down] = [event.changedTouches[0].clientX - from.clientX, event.changedTouches[0].clientY - from.clientY];
      if (Math.abs(across) > 60 && Math.abs(across) > 2 * Math.abs(down)) follow(across < 0 ? "next" : "prev");
    }, { passive: true });
  }

  // A page that reloads itself returns to where the reader was: the first element with an id in sight is
  // as far from the top, open sections are open, and the focus is kept.
  const PLACE = `orbifolio.place ${window.location.pathname}`;

  function leave(sought) {
    const named = [...document.querySelectorAll("main section[id], main article[id]")];
    const seen = window.scrollY > 0 ? named.findLast((each) => each.getBoundingClientRect().top < 80) : null;
    const focused = document.activeElement;
    const place = {
      sought,
      top: window.scrollY,
      anchor: seen ? [seen.id, seen.getBoundingClientRect().top] : null,
      open: [...document.querySelectorAll("details[open] > summary")].map((each) => each.textContent),
      focus: focused && focused.matches("main a[href]") ? focused.getAttribute("href") : "",
    };
    document.dispatchEvent(new CustomEvent("orbifolio:leave"));
    try {
      sessionStorage.setItem(PLACE, JSON.stringify(place));
    } catch {
      // then the browser itself restores the position
    }
    window.location.reload();
  }

  function recalled() {
    try {
      const place = JSON.parse(sessionStorage.getItem(PLACE));
      sessionStorage.removeItem(PLACE);
      return place;
    } catch {
      return null;
    }
  }

  function comeBack({ top, anchor, open, focus }) {
    for (const summary of document.querySelectorAll("details > summary")) {
      if (open.includes(summary.textContent)) summary.parentElement.open = true;
    }
    const seen = anchor && document.getElementById(anchor[0]);
    window.scrollTo({ top: seen ? window.scrollY + seen.getBoundingClientRect().top - anchor[1] : top, behavior: "instant" });
    const focused = focus && document.querySelector(`main a[href="${CSS.escape(focus)}"]`);
    if (focused) focused.focus({ preventScroll: true });
  }

  const returned = recalled();

  function begin() {
    if (returned) {
      history.scrollRestoration = "manual"; // otherwise the browser scrolls to the old offset, whatever has grown above it
      comeBack(returned);
      window.addEventListener("load", () => setTimeout(() => (history.scrollRestoration = "auto")));
    }
    if (document.querySelector("a[rel=prev], a[rel=next]")) {
      keys(["["], "Previous page", () => follow("prev"));
      keys(["]"], "Next page", () => follow("next"));
      keys(["ArrowLeft", "ArrowRight"], "Previous and next page, where no control has focus", (event) => {
        follow(event.key === "ArrowLeft" ? "prev" : "next");
      }, true);
      if (document.body.classList.contains("page-step")) document.querySelectorAll("[data-work]").forEach(addSwipe);
    }
    keys(["?"], "This help", help);
    document.addEventListener("keydown", struck);
    const button = make("button", { type: "button", class: "plain" }, "Keys ", make("kbd", { "aria-hidden": "true" }, "?"));
    button.addEventListener("click", help);
    const foot = document.querySelector(".foot");
    if (foot) foot.append(button);
  }

  // After the page's other scripts have listed their keys.
  document.addEventListener("DOMContentLoaded", begin);
  return { make, tool, keys, busy, leave, returned };
})();
