// Links to the runs of the same recipe before and after this one, from the gallery's index of runs.
"use strict";

document.querySelectorAll("[data-neighbours]").forEach((place) => {
  const { make, keys } = orbifolio;
  const { neighbours, recipe, run } = place.dataset;

  function link(rel, word, [id, date]) {
    const words = make("span", {}, make("span", { class: "small" }, word), ` ${date}`);
    const arrow = make("span", { class: "arrow", "aria-hidden": "true" }, rel === "prev" ? "←" : "→");
    const parts = rel === "prev" ? [arrow, " ", words] : [words, " ", arrow];
    const made = make("a", { rel, href: `../${encodeURIComponent(id)}/index.html` }, ...parts);
    keys([rel === "prev" ? "[" : "]"], word, () => made.click());
    return made;
  }

  orbifolio.runs = (recipes) => {
    const runs = recipes.find((each) => each.type === recipe)?.runs || []; // newest first
    const here = runs.findIndex(([id]) => id === run);
    if (here < 0) return;
    if (runs[here + 1]) place.append(link("prev", "Previous run", runs[here + 1]));
    if (here > 0) place.append(link("next", "Next run", runs[here - 1]));
    place.hidden = !place.childElementCount;
  };

  document.head.append(make("script", { src: neighbours }));
});
