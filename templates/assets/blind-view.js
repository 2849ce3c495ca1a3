// The two pictures, at equal size and without names, and the answers: a click on the better one, keys, no difference.
"use strict";

(() => {
  const { make, keys, blind } = orbifolio;
  const SIDES = [["left", "A", "←"], ["right", "B", "→"]];

  const menu = make("select", { "aria-label": "Pictures to judge" });
  const counted = make("p", { class: "quiet num", role: "status" });
  const bar = make("div", { class: "choosing-bar" }, menu, counted);
  const sides = SIDES.map(([side, letter, key]) => {
    const image = make("img", { alt: `Picture ${letter}`, draggable: "false", decoding: "async" });
    const words = make("span", { class: "words" }, `${letter} is better `, make("kbd", { "aria-hidden": "true" }, key));
    const button = make("button", { type: "button", class: "side" }, image, words);
    button.addEventListener("click", () => answer(side));
    return { side, letter, image, button, key: "", loaded: false };
  });
  const neither = make("button", { type: "button", class: "plain" }, "No difference ", make("kbd", { "aria-hidden": "true" }, "="));
  const undo = make("button", { type: "button", class: "plain" }, "Undo ", make("kbd", { "aria-hidden": "true" }, "u"));
  const pair = make("div", { class: "pair" }, ...sides.map(({ button }) => button));
  const stage = make("section", { class: "judging", "aria-label": "Judging" }, pair, make("div", { class: "answers" }, neither, undo));
  const empty = make("p", { class: "lead", hidden: "" });
  const coming = SIDES.map(() => new Image()); // loaded ahead, so that the next pair is there at once
  blind.box.append(bar, empty, stage);
  let judging = true; // or the ranking is shown

  function arrange(shown = judging) {
    judging = shown;
    stage.hidden = !shown || !blind.pair();
    empty.hidden = !shown || Boolean(blind.pair());
  }

  Object.assign(blind, { bar, judge: arrange });

  function ready() {
    return !stage.hidden && sides.every(({ loaded }) => loaded);
  }

  // An answer counts only when both pictures were to be seen.
  function answer(better) {
    if (ready()) blind.vote(better);
  }

  function fill(image, { copies }) {
    image.sizes = "(max-width: 40rem) and (orientation: portrait) 95vw, 48vw";
    image.srcset = copies.map(([width, file]) => `${file} ${width}w`).join(", ");
    image.src = copies.at(-1)[1];
  }

  function draw() {
    const chosen = blind.pair();
    arrange();
    if (!chosen) return;
    // In boxes of the mean ratio (geometric) pictures of any two shapes cover the same area.
    const [one, other] = chosen.map((key) => blind.runs.get(key).ratio);
    pair.style.setProperty("--ratio", String(Math.sqrt(one * other)));
    sides.forEach((each, at) => {
      if (each.key === chosen[at]) return;
      Object.assign(each, { key: chosen[at], loaded: false });
      fill(each.image, blind.runs.get(each.key));
    });
    pair.classList.toggle("loading", !ready());
    (blind.upcoming() || []).forEach((key, at) => fill(coming[at], blind.runs.get(key)));
  }

  for (const each of sides) {
    each.image.addEventListener("load", () => {
      each.loaded = true;
      pair.classList.toggle("loading", !ready());
    });
    each.image.addEventListener("error", () => blind.leaveOut(each.key));
  }

  function drawMenu() {
    const made = (group) => {
      const option = make("option", { value: group.value }, `${group.label} (${group.keys.length})`);
      option.selected = group.value === blind.among();
      option.disabled = group.keys.length < 2 && group.value !== "";
      return option;
    };
    const kinds = [...new Set(blind.groups.map((group) => group.kind))];
    const within = (kind) => blind.groups.filter((group) => group.kind === kind).map(made);
    menu.replaceChildren(...kinds.flatMap((kind) => (kind ? [make("optgroup", { label: kind }, ...within(kind))] : within(kind))));
    empty.textContent = blind.runs.size < 2
      ? "There are fewer than two finished pictures in this gallery yet."
      : "Fewer than two of these pictures can be shown; choose others above.";
  }

  function drawCount() {
    const all = blind.votes().length;
    const here = blind.votesAmong(blind.chosen()).length;
    const words = all === 1 ? "1 vote" : `${all} votes`;
    counted.textContent = (here === all ? words : `${here} of ${words} on these pictures`) + (blind.kept() ? "" : " · this browser does not keep them: export them before you leave");
    undo.disabled = all === 0;
  }

  menu.addEventListener("change", () => blind.choose(menu.value));
  neither.addEventListener("click", () => answer("neither"));
  undo.addEventListener("click", blind.undo);
  keys(["ArrowLeft"], "Picture A, left or above, is better", (event) => event.repeat || answer("left"));
  keys(["ArrowRight"], "Picture B, right or below, is better", (event) => event.repeat || answer("right"));
  keys(["=", "0"], "No difference", (event) => event.repeat || answer("neither"));
  keys(["u"], "Take the last vote back", () => judging && blind.undo());
  blind.listen((what) => {
    if (what === "pictures") drawMenu();
    if (what === "pair") draw();
    drawCount();
  });
})();
