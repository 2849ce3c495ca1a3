// Stars, notes and tags of one's own: kept in this browser, apart for each gallery, taken away and brought back as JSON:
// {"schema": 1, "runs": {"type/id": {"star": true, "note": "...", "tags": ["..."]}}}. What is brought back may come from
// anyone: only what has this form is kept. Whoever serves the gallery hears of each change by the event
// "orbifolio:noted", and gives what it has by `take`.
"use strict";

orbifolio.notes = (() => {
  const { make } = orbifolio;
  const GALLERY = new URL(document.body.dataset.root, window.location.href);
  const KEPT = `orbifolio.notes ${GALLERY.pathname}`;
  const MAX_LETTERS = 4000;
  const MAX_TAGS = 30;
  const panel = document.querySelector("[data-notes]");
  let runs = recall();
  let say = () => {}; // below the panel

  // A note as it is kept, or null for one that says nothing.
  function cleaned(entry) {
    const { star, note, tags } = Object(entry);
    const words = Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string").map((tag) => tag.trim().slice(0, 60)) : [];
    const kept = { star: star === true, note: typeof note === "string" ? note.slice(0, MAX_LETTERS) : "", tags: [...new Set(words.filter(Boolean))].slice(0, MAX_TAGS) };
    return kept.star || kept.note.trim() || kept.tags.length ? kept : null;
  }

  function read(text) {
    const stored = Object(JSON.parse(text));
    const found = Object.entries(Object(stored.runs)).map(([run, entry]) => [run, cleaned(entry)]);
    return new Map(found.filter(([run, entry]) => entry && /^[^/]+\/[^/]+$/.test(run)));
  }

  function recall() {
    try {
      return read(localStorage.getItem(KEPT) || "{}");
    } catch {
      return new Map();
    }
  }

  function text() {
    return JSON.stringify({ schema: 1, runs: Object.fromEntries([...runs].sort()) }, null, 1);
  }

  // Whether the browser keeps them: some keep nothing for pages opened from disk.
  function keep() {
    try {
      localStorage.setItem(KEPT, text());
      return true;
    } catch {
      return false;
    }
  }

  function of(run) {
    return runs.get(run) || { star: false, note: "", tags: [] };
  }

  function change(run, changes) {
    const entry = cleaned({ ...of(run), ...changes });
    if (entry) runs.set(run, entry);
    else runs.delete(run);
    const kept = keep();
    noted(run);
    return kept;
  }

  function noted(run) {
    document.dispatchEvent(new CustomEvent("orbifolio:noted", { detail: run }));
  }

  // The run that a picture leads to, as `type/id`.
  function runOf(link) {
    const path = new URL(link.getAttribute("href"), window.location.href).pathname.slice(GALLERY.pathname.length);
    return path.split("/").slice(0, 2).map(decodeURIComponent).join("/");
  }

  // The panel on a run's page.
  function show(place) {
    const { run } = place.dataset;
    const star = make("button", { type: "button", class: "plain star" });
    const note = make("textarea", { rows: "2", maxlength: String(MAX_LETTERS), placeholder: "A note of your own", "aria-label": "A note of your own" });
    const tags = make("input", { type: "text", maxlength: "600", placeholder: "Tags, with commas between", "aria-label": "Tags of your own, with commas between", autocomplete: "off" });
    const told = make("p", { class: "quiet", role: "status" });
    const more = make("details", {}, make("summary", {}, "Note and tags"), note, tags, told);

    function draw() {
      const entry = of(run);
      star.setAttribute("aria-pressed", String(entry.star));
      star.textContent = entry.star ? "★ Starred" : "☆ Star";
    }

    function tell(kept) {
      say(kept ? "Kept in this browser; the gallery's page saves all notes as a file." : "This browser keeps nothing for this page.");
      draw();
    }

    function fill() {
      if (place.contains(document.activeElement)) return;
      const entry = of(run);
      [note.value, tags.value] = [entry.note, entry.tags.join(", ")];
      more.open ||= Boolean(entry.note || entry.tags.length);
      draw();
    }

    say = (words) => (told.textContent = words);
    star.addEventListener("click", () => tell(change(run, { star: !of(run).star })));
    note.addEventListener("input", () => tell(change(run, { note: note.value })));
    tags.addEventListener("input", () => tell(change(run, { tags: tags.value.split(",") })));
    orbifolio.busy.push(() => place.contains(document.activeElement));
    fill();
    place.append(star, more);
    place.hidden = false;
    return fill;
  }

  // On pages with many pictures: a star on each that has one, and its words for the search.
  function mark(item) {
    const entry = runs.get(runOf(item.querySelector("a.card")));
    item.querySelector(".starred")?.remove();
    item.dataset.starred = entry && entry.star ? "yes" : "";
    item.dataset.own = entry ? `${entry.note} ${entry.tags.join(" ")}`.toLowerCase() : "";
    if (entry && entry.star) item.querySelector(".name").append(make("span", { class: "starred" }, make("span", { "aria-hidden": "true" }, " ★"), make("span", { class: "hidden" }, " (starred)")));
  }

  function takeAway() {
    const address = URL.createObjectURL(new Blob([text()], { type: "application/json" }));
    make("a", { href: address, download: "notes.json" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  function addFiles(foot) {
    const choose = make("input", { type: "file", accept: ".json,application/json", class: "hidden", tabindex: "-1", "aria-label": "A file of stars and notes" });
    const save = make("button", { type: "button", class: "link" }, "Save stars and notes");
    const load = make("button", { type: "button", class: "link" }, runs.size ? "Load" : "Load stars and notes");
    const told = make("span", { role: "status" });
    save.hidden = !runs.size;
    save.addEventListener("click", takeAway);
    load.addEventListener("click", () => choose.click());
    choose.addEventListener("change", async () => {
      try {
        const brought = read(await choose.files[0].text());
        take(brought);
        told.textContent = ` ${brought.size} loaded`;
        for (const run of brought.keys()) noted(run);
      } catch {
        told.textContent = " This file holds no notes";
      }
    });
    foot.append(make("p", { class: "keeping" }, save, " ", load, choose, told));
    return () => (save.hidden = !runs.size);
  }

  // Notes from elsewhere, which go before those that are here.
  function take(brought) {
    for (const [run, entry] of brought) runs.set(run, entry);
    keep();
    items.forEach(mark);
    filled();
    saving();
    document.dispatchEvent(new CustomEvent("orbifolio:notes"));
  }

  const items = [...document.querySelectorAll(".wall > li")];
  items.forEach(mark);
  const filled = panel ? show(panel) : () => {};
  const saving = document.body.classList.contains("page-gallery") ? addFiles(document.querySelector(".foot")) : () => {};
  return { size: () => runs.size, of, take: (stored) => take(read(stored)), say: (words) => say(words) };
})();
