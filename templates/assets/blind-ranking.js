// The ranking that follows from the votes, with names, shown instead of the pictures to judge; votes as a file.
"use strict";

(() => {
  const { make, blind, bradleyTerry } = orbifolio;
  const FORM = { orbifolio: "votes", version: 1 };

  const open = make("button", { type: "button", class: "plain", "aria-expanded": "false", "aria-controls": "ranking" }, "Show the ranking");
  const save = make("button", { type: "button", class: "plain" }, "Export votes");
  const load = make("button", { type: "button", class: "plain" }, "Import votes");
  const file = make("input", { type: "file", accept: ".json,application/json", multiple: "", hidden: "", "aria-label": "Files with votes" });
  const clear = make("button", { type: "button", class: "plain" }, "Clear votes");
  const said = make("p", { class: "quiet", role: "status" });
  const section = make("section", { id: "ranking", "aria-labelledby": "ranking-title", hidden: "" });
  blind.bar.append(open);
  blind.box.append(section, make("div", { class: "tally" }, save, load, file, clear, said));

  const percent = (share) => `${Math.round(100 * share)} %`;
  const votesOf = (count) => (count === 1 ? "1 vote" : `${count} votes`);

  function rank() {
    const keys = blind.chosen();
    const votes = blind.votesAmong(keys);
    const compared = [...new Set(votes.flatMap(({ left, right }) => [left, right]))].sort();
    if (!compared.length) return { votes, rows: [], unseen: keys.length };
    const duels = blind.duels(compared, votes);
    const fit = bradleyTerry.fit(compared.length, duels);
    const rows = compared.map((key, place) => {
      const shares = duels.flatMap(([first, second, share]) => (first === place ? [share] : second === place ? [1 - share] : []));
      const counts = [1, 0, 0.5].map((wanted) => shares.filter((share) => share === wanted).length);
      return { run: blind.runs.get(key), chances: bradleyTerry.chances(fit, place), counts };
    });
    const ranked = ({ chances }) => Math.round(1e9 * chances[0]); // equal but for rounding is equal
    rows.sort((one, other) => ranked(other) - ranked(one)); // stable, so that equal ones stay sorted by name
    return { votes, rows, unseen: keys.length - compared.length };
  }

  function row({ run, chances: [middle, low, high], counts }, at) {
    const bar = make("span", { class: "interval", "aria-hidden": "true" }, make("i"), make("b"));
    bar.style.setProperty("--low", low);
    bar.style.setProperty("--high", high);
    bar.style.setProperty("--middle", middle);
    const image = make("img", { src: run.copies[0][1], alt: "", width: "48", height: "48", loading: "lazy", decoding: "async" });
    const name = make("span", { class: "what" }, make("a", { href: run.page }, run.title), make("span", { class: "quiet" }, run.date));
    name.title = run.key;
    return make("tr", {},
      make("td", { class: "num" }, String(at + 1)),
      make("th", { scope: "row" }, make("span", { class: "ranked" }, image, name)),
      make("td", { class: "num" }, percent(middle)),
      make("td", {}, make("span", { class: "range" }, bar, make("span", { class: "num quiet" }, `${Math.round(100 * low)}–${percent(high)}`))),
      ...counts.map((count) => make("td", { class: "num" }, String(count))));
  }

  function draw() {
    const { votes, rows, unseen } = rank();
    const counts = (better) => votes.filter((vote) => vote.better === better).length;
    const title = make("h2", { id: "ranking-title", tabindex: "-1" }, "Ranking");
    const heads = [["", 1], ["Run"], ["Better", 1], ["95 % interval"], ["Won", 1], ["Lost", 1], ["Neither", 1]];
    const table = make("table", { class: "ranking" },
      make("thead", {}, make("tr", {}, ...heads.map(([words, number]) => make(words ? "th" : "td", words ? { scope: "col", class: number ? "num" : "" } : {}, words)))),
      make("tbody", {}, ...rows.map(row)));
    const notes = [
      "Better: the chance to be preferred to a picture of mean strength, after Bradley and Terry. Where intervals overlap widely, the order is not settled yet.",
      `${votesOf(votes.length)}: the left picture was better in ${counts("left")}, the right one in ${counts("right")}, neither in ${counts("neither")}.`,
      unseen ? `${unseen === 1 ? "1 picture has" : `${unseen} pictures have`} not been judged yet.` : "",
    ];
    section.replaceChildren(title, ...(rows.length
      ? [make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Runs by strength" }, table), ...notes.filter(Boolean).map((note) => make("p", { class: "quiet" }, note))]
      : [make("p", {}, "There are no votes on these pictures yet.")]));
    return title;
  }

  function show(shown) {
    section.hidden = !shown;
    blind.judge(!shown);
    open.textContent = shown ? "Back to judging" : "Show the ranking";
    open.setAttribute("aria-expanded", String(shown));
    if (!shown) return;
    draw().focus({ preventScroll: true });
    window.scrollTo({ top: 0, behavior: "instant" });
  }

  function exportVotes() {
    const text = `${JSON.stringify({ ...FORM, votes: blind.votes() }, null, 1)}\n`;
    const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    make("a", { href: address, download: `votes-${new Date().toISOString().slice(0, 10)}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000); // the download may not have begun yet
  }

  // The votes of a file; throws an error whose message says what is wrong.
  function parsed(text) {
    let record = null;
    try {
      record = JSON.parse(text);
    } catch {
      throw new Error("is not JSON");
    }
    if (Object(record).orbifolio !== FORM.orbifolio || !Array.isArray(record.votes)) throw new Error("holds no votes; choose a file that this page exported");
    if (record.version !== FORM.version) throw new Error("is of another version of the program");
    const bad = record.votes.findIndex((vote) => !blind.isVote(vote));
    if (bad >= 0) throw new Error(`cannot be read: its vote ${bad + 1} is damaged`);
    return record.votes;
  }

  async function importVotes() {
    const told = [];
    for (const each of file.files) {
      try {
        const votes = parsed(await each.text());
        const strangers = votes.filter(({ left, right }) => !blind.runs.has(left) || !blind.runs.has(right)).length;
        const added = blind.add(votes);
        told.push(`${each.name}: ${votesOf(added)} added`
          + (added < votes.length ? `, ${votes.length - added} already here` : "")
          + (strangers ? `; ${votesOf(strangers)} on pictures that are not in this gallery` : ""));
      } catch (error) {
        told.push(`${each.name} ${error.message}`);
      }
    }
    file.value = "";
    said.textContent = `${told.join(". ")}.`;
  }

  function askToClear() {
    const yes = make("button", { type: "button", class: "plain" }, `Delete ${votesOf(blind.votes().length)}`);
    const no = make("button", { type: "button", class: "plain", autofocus: "" }, "Keep them");
    const dialog = make("dialog", { class: "keys", "aria-labelledby": "clear-title" },
      make("h2", { id: "clear-title" }, "Clear votes?"), make("p", {}, "They are deleted from this browser. Export them first if they may be needed."),
      make("p", { class: "tally" }, no, yes));
    no.addEventListener("click", () => dialog.close());
    yes.addEventListener("click", () => {
      dialog.close();
      blind.clear();
      said.textContent = "All votes were deleted.";
    });
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  open.addEventListener("click", () => show(section.hidden));
  save.addEventListener("click", exportVotes);
  load.addEventListener("click", () => file.click());
  file.addEventListener("change", importVotes);
  clear.addEventListener("click", askToClear);
  blind.listen((what) => {
    const none = blind.votes().length === 0;
    save.disabled = none;
    clear.disabled = none;
    if (!section.hidden) draw();
  });
})();
