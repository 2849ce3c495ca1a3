// Differences between the runs: their facts, and only the parameters whose values are not all the same.
"use strict";

(() => {
  const { make, comparing } = orbifolio;
  const MAX_LETTERS = 160;

  const table = make("table", { class: "differences" });
  const same = make("p", { class: "quiet note", hidden: "" }, "All their parameters are the same.");
  const section = make("section", { class: "differing", "aria-labelledby": "differing-title", hidden: "" },
    make("h2", { id: "differing-title" }, "Differences"), same,
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Differences between the runs" }, table));
  comparing.add(section);

  // The endings of a dotted name, short to long, none of which begins with a number.
  function endings(name) {
    const words = name.split(".");
    return words.map((_, at) => at).reverse().filter((at) => at === 0 || !/^\d+$/.test(words[at])).map((at) => words.slice(at).join("."));
  }

  function shortNames(names) {
    const counts = new Map();
    for (const ending of names.flatMap(endings)) counts.set(ending, (counts.get(ending) || 0) + 1);
    return new Map(names.map((name) => [name, endings(name).find((ending) => counts.get(ending) === 1) || name]));
  }

  function cell(value) {
    const text = value === undefined || value === "" ? "–" : value;
    const numeric = text !== "–" && !Number.isNaN(Number(text));
    const made = make("td", numeric ? { class: "num" } : {}, text.length > MAX_LETTERS ? `${text.slice(0, MAX_LETTERS)}…` : text);
    if (text.length > MAX_LETTERS) made.title = text;
    return made;
  }

  function row(name, hint, values, code) {
    const head = make("th", { scope: "row" }, code ? make("code", {}, name) : name);
    if (hint && hint !== name) head.title = hint;
    return make("tr", {}, head, ...values.map(cell));
  }

  function draw() {
    const runs = comparing.loaded();
    section.hidden = runs.length < 2;
    if (runs.length < 2) return;
    const collator = new Intl.Collator("en", { numeric: true });
    const names = [...new Set(runs.flatMap((run) => Object.keys(run.parameters)))].sort(collator.compare);
    const recorded = runs.filter((run) => Object.keys(run.parameters).length);
    const shorts = shortNames(names);
    const differing = names.filter((name) => new Set(recorded.map((run) => run.parameters[name])).size > 1);
    const facts = [...new Set(runs.flatMap((run) => Object.keys(run.facts)))].filter((name) => name !== "Run");
    const shown = facts.filter((name) => new Set(runs.map((run) => run.facts[name])).size > 1);
    const heads = runs.map((run) => {
      const number = comparing.number(run.key);
      return make("th", { scope: "col" }, make("span", { class: `mark c${number - 1}` }, String(number)), " ", make("a", { href: run.page }, run.title));
    });
    const body = make("tbody", {},
      ...shown.map((name) => row(name, "", runs.map((run) => run.facts[name]), false)),
      ...differing.filter((name) => name !== "seed").map((name) => row(shorts.get(name), name, runs.map((run) => run.parameters[name]), true)));
    table.replaceChildren(make("thead", {}, make("tr", {}, make("td", {}), ...heads)), body);
    same.hidden = differing.length > 0 || !recorded.length;
  }

  comparing.listen((what) => what === "runs" && draw());
})();
