// Choosing runs to compare: a list with small pictures that can be searched.
"use strict";

(() => {
  const { make, comparing } = orbifolio;
  const { index, state, MAX_RUNS } = comparing;
  const SHOWN = 120;

  const open = make("button", { type: "button", class: "plain" }, "Choose runs");
  const said = make("p", { class: "quiet", role: "status" });
  const bar = make("div", { class: "chosen" }, said, open);
  const search = make("input", { type: "search", placeholder: "Search", "aria-label": "Search runs by title, recipe or date", maxlength: "100", autocomplete: "off", spellcheck: "false" });
  const list = make("ul", { class: "runs-list", "aria-label": "Runs" });
  const count = make("p", { class: "quiet", role: "status" });
  const done = make("button", { type: "button", class: "plain" }, "Done");
  const dialog = make(
    "dialog",
    { class: "picker", "aria-labelledby": "picker-title" },
    make("div", { class: "picker-head" }, make("h2", { id: "picker-title" }, "Runs to compare"), done, search),
    list,
    count,
  );
  comparing.add(bar, dialog);

  function row(entry) {
    const check = make("input", { type: "checkbox" });
    check.checked = state.runs.includes(entry.key);
    check.disabled = !check.checked && state.runs.length >= MAX_RUNS;
    check.addEventListener("change", () => {
      comparing.choose(check.checked ? [...state.runs, entry.key] : state.runs.filter((key) => key !== entry.key));
      fillCount();
    });
    const image = entry.thumb
      ? make("img", { src: entry.thumb, alt: "", width: "48", height: "48", loading: "lazy", decoding: "async" })
      : make("span", { class: "nothing", "aria-hidden": "true" });
    const under = [entry.date, entry.status].filter(Boolean).join(" · ");
    return make("li", {}, make("label", {}, check, image, make("span", { class: "what" }, make("b", {}, entry.title), make("span", { class: "quiet" }, under))));
  }

  function fill() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const every = [...index.values()].filter((entry) => words.every((word) => entry.words.includes(word)));
    const chosen = new Set(state.runs);
    every.sort((one, other) => chosen.has(other.key) - chosen.has(one.key));
    list.replaceChildren(...every.slice(0, SHOWN).map(row));
    list.dataset.matches = every.length;
    fillCount();
  }

  function fillCount() {
    const matches = Number(list.dataset.matches);
    const full = state.runs.length >= MAX_RUNS;
    for (const check of list.querySelectorAll("input")) check.disabled = !check.checked && full;
    const more = matches > SHOWN ? `${SHOWN} of ${matches} shown; search for the others` : matches ? "" : "Nothing matches";
    count.textContent = [`${state.runs.length} chosen${full ? ", the maximum" : ""}`, more].filter(Boolean).join(" · ");
  }

  open.addEventListener("click", () => {
    search.value = "";
    fill();
    dialog.showModal();
    search.focus();
  });
  search.addEventListener("input", fill);
  done.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  comparing.listen((what) => {
    if (what !== "runs") return;
    const { coming, missing } = comparing.waiting();
    const lost = missing.map((key) => index.get(key).title).join(", ");
    const text = state.runs.length < 2 ? (state.runs.length ? "Select another run to compare it with." : "Select two or more, from any recipe.") : "";
    const gone = state.gone > 0 ? `${state.gone} of the runs in this address ${state.gone > 1 ? "are" : "is"} not in the gallery. ` : "";
    said.textContent = gone + (lost ? `Cannot be read: ${lost}. Its report is older than this page; rebuild the gallery.` : coming.length ? "" : text);
    comparing.box.classList.toggle("idle", !state.runs.length);
  });
})();
