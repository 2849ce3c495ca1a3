// What a reader chose stands in the page's address (#sort=loss&table=seconds), so that it can be sent to somebody
// and outlasts a reload. An address may come from anybody: whoever reads a choice checks it.
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
    const kept = all();
    if (value) kept.set(name, value);
    else kept.delete(name);
    const { pathname, search } = window.location;
    try {
      history.replaceState(history.state, "", String(kept) ? `#${kept}` : pathname + search);
    } catch {
      // a page from a disk may not be allowed to
    }
  }

  // When another address is entered; the way to a part of the page is none.
  function changed(act) {
    window.addEventListener("hashchange", () => {
      if (window.location.hash.includes("=") || !window.location.hash) act();
    });
  }

  return { get, set, changed };
})();
