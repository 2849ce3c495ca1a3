// A reader's choices, kept in the page's address (#sort=loss&table=seconds), so that they can be shared
// and survive a reload. An address may come from anyone: whoever reads a choice must check it.
"use strict";

orbifolio.choices = (() => {
  function all() {
    const { hash } = window.location;
    return new URLSearchParams(hash.includes("=") ? hash.slice(1) : "");
  }

  function get(name) {
    return all().get(name) || "";
  }

  function set(name, value) {
    const choices = all();
    if (value) choices.set(name, value);
    else choices.delete(name);
    const { pathname, search } = window.location;
    try {
      history.replaceState(history.state, "", String(choices) ? `#${choices}` : pathname + search);
    } catch {
      // browsers may forbid this for pages opened from disk
    }
  }

  // When another address is entered, unless it only leads to a part of the page.
  function changed(act) {
    window.addEventListener("hashchange", () => {
      if (window.location.hash.includes("=") || !window.location.hash) act();
    });
  }

  return { get, set, changed };
})();
