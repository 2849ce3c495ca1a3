// Filtering the pictures of a gallery: themes, search, menus, order. The address holds the choice
// (#theme=plane&q=six), so that it can be shared.
"use strict";

(() => {
  const box = document.querySelector("[data-filters]");
  const form = box && box.querySelector("[data-form]");
  if (!form) return;

  const MENUS = [...form.querySelectorAll("select")].filter((menu) => menu.name !== "sort");
  const links = [...box.querySelectorAll("[data-theme-link]")];
  const result = box.querySelector("[data-result]");
  const clear = box.querySelector("[data-clear]");
  const wall = document.querySelector(".wall");
  const cards = [...wall.children].map((element, at) => ({ element, at, ...element.dataset }));
  const shelved = [...document.querySelectorAll(".shelf > li")];
  const THEMES = new Set(cards.map((card) => card.theme));
  const ORDERS = {
    newest: (one, other) => other.started - one.started,
    oldest: (one, other) => one.started - other.started,
    title: (one, other) => name(one).localeCompare(name(other)),
    quickest: (one, other) => (one.seconds || Infinity) - (other.seconds || Infinity) || 0,
    slowest: (one, other) => (other.seconds || 0) - (one.seconds || 0),
  };
  let state = {};
  let telling = 0;

  function name(card) {
    return card.element.querySelector(".name").textContent;
  }

  // Whether a picture has a value; style pictures and tags may be several.
  function has(card, property, value) {
    const own = card[property] || "";
    return property === "style" || property === "tag" ? own.split("\n").includes(value) : own === value;
  }

  function words() {
    return (state.q || "").toLowerCase().split(/\s+/).filter(Boolean);
  }

  // Whether a picture matches the filters, with one property left out if given.
  function chosen(card, sought, but = "") {
    if (state.theme && but !== "theme" && card.theme !== state.theme) return false;
    if (!sought.every((word) => (card.words || "").includes(word) || (card.element.dataset.own || "").includes(word))) return false;
    if (state.starred && !card.element.dataset.starred) return false;
    return MENUS.every(({ name: property }) => !state[property] || but === property || has(card, property, state[property]));
  }

  function arrange(shown, sought) {
    const order = ORDERS[state.sort];
    const sorted = order ? [...cards].sort((one, other) => order(one, other) || one.at - other.at) : cards;
    for (const card of sorted) wall.append(card.element);
    for (const card of cards) card.element.hidden = !shown.has(card);
    wall.hidden = !shown.size;
    // Sweeps have words alone: whatever else is chosen is a property of runs.
    const narrowed = state.theme || state.starred || MENUS.some(({ name: property }) => state[property]);
    for (const each of shelved) each.hidden = Boolean(narrowed) || !sought.every((word) => each.dataset.words.includes(word));
    const shelf = shelved[0] && shelved[0].closest("section");
    if (shelf) shelf.hidden = shelved.every((each) => each.hidden);
  }

  // How many pictures each choice would leave; one that leaves none is disabled.
  function count(sought) {
    for (const menu of MENUS) {
      const open = cards.filter((card) => chosen(card, sought, menu.name));
      for (const option of menu.options) {
        if (!option.value) continue;
        const left = open.filter((card) => has(card, menu.name, option.value)).length;
        option.textContent = `${option.dataset.label} (${left})`;
        option.disabled = !left && option.value !== state[menu.name];
      }
    }
    const open = cards.filter((card) => chosen(card, sought, "theme"));
    for (const link of links) {
      const theme = link.dataset.themeLink;
      const left = open.filter((card) => !theme || card.theme === theme).length;
      link.querySelector(".count").textContent = left;
      link.href = fragment({ ...state, theme }) || "#all=";
      if ((state.theme || "") === theme) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  function tell(left) {
    const noun = box.dataset.noun + (cards.length === 1 ? "" : "s");
    const narrowed = Object.entries(state).some(([property, value]) => value && property !== "sort");
    clear.hidden = !narrowed;
    const text = narrowed ? (left ? `${left} of ${cards.length} ${noun}` : "Nothing matches") : "";
    clearTimeout(telling); // a screen reader announces it once the typing pauses
    telling = setTimeout(() => { result.textContent = text; }, result.textContent && text ? 200 : 0);
  }

  function show() {
    const starred = box.querySelector("[data-starred]");
    starred.hidden = !cards.some((card) => card.element.dataset.starred);
    if (starred.hidden) state.starred = "";
    form.elements.starred.checked = Boolean(state.starred);
    const sought = words();
    const shown = new Set(cards.filter((card) => chosen(card, sought)));
    arrange(shown, sought);
    count(sought);
    tell(shown.size);
    for (const field of [form.elements.q, ...MENUS]) field.classList.toggle("set", Boolean(field.value));
  }

  function fragment(wanted) {
    const choices = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
    return String(choices) && `#${choices}`;
  }

  function keep() {
    const { pathname, search } = window.location;
    try {
      history.replaceState(history.state, "", fragment(state) || pathname + search);
    } catch {
      // browsers may forbid this for pages opened from disk
    }
  }

  // The choices in the address, as far as this gallery has them: an address may come from anyone.
  function read() {
    const choices = window.location.hash.includes("=") ? new URLSearchParams(window.location.hash.slice(1)) : new URLSearchParams();
    const theme = choices.get("theme") || "";
    state = { theme: THEMES.has(theme) ? theme : "", q: (choices.get("q") || "").slice(0, form.elements.q.maxLength) };
    form.elements.q.value = state.q;
    state.starred = choices.get("starred") === "yes" ? "yes" : "";
    for (const menu of [...MENUS, form.elements.sort]) {
      const value = choices.get(menu.name) || "";
      menu.value = [...menu.options].some((option) => option.value === value) ? value : "";
      state[menu.name] = menu.value;
    }
    show();
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    const { name: property, value, type, checked } = event.target;
    state[property] = type === "checkbox" && !checked ? "" : value;
    show();
    keep();
  });
  clear.addEventListener("click", () => {
    state = { sort: state.sort };
    for (const field of [form.elements.q, ...MENUS]) field.value = "";
    show();
    keep();
    form.elements.q.focus();
  });
  window.addEventListener("hashchange", () => {
    if (window.location.hash.includes("=") || !window.location.hash) read();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target === form.elements.q && state.q) {
      event.preventDefault();
      form.elements.q.value = state.q = "";
      show();
      keep();
    }
  });
  document.addEventListener("orbifolio:notes", show);
  orbifolio.busy.push(() => form.contains(document.activeElement));
  orbifolio.keys(["/"], "Search", () => form.elements.q.focus());
  read();
})();
