// A recipe before it is run: form and text in step, errors beside their fields, pictures, preview, start.
"use strict";

(async () => {
  const { ask, make, send, dropped, pasted, tell, sentence } = server;
  const page = document.querySelector("[data-editor]");
  const part = (name) => page.querySelector(`[data-${name}]`);
  const area = part("text");
  const images = {}; // name -> what was sent
  const sent = []; // everything sent from this page
  let recipe = page.dataset.recipe;
  let checked = null;
  let readable = {};
  let turn = 0;
  let waiting = null;

  const body = (text = area.value, values = {}) => ({
    json: { recipe, text, values, branch: page.dataset.from, images: Object.fromEntries(Object.entries(images).map(([name, image]) => [name, image.id])) },
  });

  // Pictures that any field of the recipe may name.
  const pictures = () => [
    ["Yours", [...new Set([...(checked?.asked || []), "photo"])].map((name) => [name === "upload" ? "upload" : `upload:${name}`, name === "upload" ? "Your own picture" : `Yours: ${name}`])],
    ["Styles", artist.styles.map(({ source, title }) => [source, title])],
    ["Photographs", artist.photographs.map(({ source, title }) => [source, title])],
  ];

  const [schemaText, choices] = await Promise.all([ask("/api/schema"), ask("/api/choices")]);
  const schema = server.schema(schemaText);
  const change = (path, value) => edit({ path, value });
  const remove = (path) => edit({ path, remove: true });
  const artist = server.artist(choices, { change, remove });
  const form = server.form(schema, artist, { change, write: (path, flow) => edit({ path, flow }), remove, pictures });
  server.complete(area, schema, { kindAt, sources: [...artist.styles, ...artist.photographs].map(({ source }) => source) });

  // One edit at a time: each starts from the text that the one before it left.
  let writing = Promise.resolve();
  function edit(what) {
    writing = writing.then(() => rewrite(what));
    return writing;
  }

  async function rewrite(what) {
    tell(part("fault"), "");
    try {
      const { text } = await ask("/api/edit", { json: { text: area.value, ...what } });
      area.value = text;
    } catch (error) {
      tell(part("fault"), error.message);
    }
    await check();
  }

  // Check the text as it is now on the server; answers to older texts are dropped.
  async function check() {
    const mine = ++turn;
    let report;
    try {
      report = await ask("/api/check", body());
    } catch (error) {
      tell(part("fault"), error.message);
      return;
    }
    if (mine !== turn) return;
    checked = report;
    if (Object.keys(report.data).length) readable = report.data;
    if (Object.keys(report.data).length) form.draw(part("form"), report.data, report.pictures);
    const heading = document.querySelector("[data-title]");
    heading.textContent = report.data.title || heading.textContent;
    showProblems(report);
    showPictures(report);
    showQualities(report);
    part("begins").textContent = report.begins;
    part("start").disabled = report.problems.length > 0;
    if (report.problems.length) part("estimate").textContent = "";
    else glance(mine);
  }

  function showProblems({ problems, advisories }) {
    const places = new Map([...page.querySelectorAll("[data-wrong]")].map((place) => [place.dataset.wrong, place]));
    const missing = (problem) => /asked for when the recipe is run/.test(problem.message);
    const loose = [];
    for (const problem of problems) {
      let path = problem.path;
      while (path && !places.has(path)) path = path.includes(".") ? path.slice(0, path.lastIndexOf(".")) : "";
      const place = places.get(path);
      if (place && !missing(problem)) {
        tell(place, sentence(problem.message));
        page.querySelector(`[data-path="${CSS.escape(path)}"]`)?.setAttribute("aria-invalid", "true");
        for (let outer = place.closest("details"); outer; outer = outer.parentElement.closest("details")) outer.open = true;
      }
      loose.push(make("li", {}, problem.line ? make("button", { type: "button", class: "link", "data-line": problem.line }, `Line ${problem.line}`) : "", problem.line ? ": " : "", missing(problem) ? "Your own picture is needed: choose it under Pictures." : sentence(problem.message)));
    }
    const box = part("problems");
    const notes = advisories.map((note) => make("li", {}, sentence(note)));
    box.replaceChildren();
    if (loose.length) box.append(make("div", { class: "notice bad" }, make("h2", {}, loose.length === 1 ? "One problem to fix" : `${loose.length} problems to fix`), make("ul", {}, ...loose)));
    if (notes.length) box.append(make("div", { class: "notice caution" }, make("h2", {}, "Worth knowing"), make("ul", {}, ...notes)));
  }

  // Quick, good or print: the recipe's own sets of values, and for a quick look half its sizes and steps.
  let halved = false;
  const quick = () => (halved && checked ? halfOf(checked.data.renderer) : {});

  function halfOf(renderer) {
    const values = {};
    const half = (path, number, least) => Number.isInteger(number) && number > least && (values[path] = Math.max(least, Math.round(number / 32) * 16));
    half("renderer.size", renderer?.size, 64);
    (Array.isArray(renderer?.phases) ? renderer.phases : []).forEach((phase, at) => {
      half(`renderer.phases.${at}.size`, phase?.size, 64);
      if (phase?.steps > 4) values[`renderer.phases.${at}.steps`] = Math.ceil(phase.steps / 2);
    });
    return values;
  }

  function showQualities({ data, qualities }) {
    const own = data.quality || "";
    const draft = qualities.find((name) => /draft|quick|preview/.test(name));
    const can = draft || Object.keys(halfOf(data.renderer)).length;
    const offers = [...(can ? [["quick", "Quick"]] : []), ["", "Good"], ...qualities.filter((name) => name !== draft).map((name) => [name, name.charAt(0).toUpperCase() + name.slice(1)])];
    const now = halved || (draft && own === draft) ? "quick" : own;
    part("qualities").hidden = offers.length < 2;
    part("qualities").replaceChildren(...offers.map(([name, words]) => {
      const button = make("button", { type: "button", class: "plain", "aria-pressed": String(name === now), "data-quality": name }, words);
      button.addEventListener("click", () => {
        halved = name === "quick" && !draft;
        const wanted = name === "quick" ? draft || "" : name;
        if (wanted === own) check();
        else if (wanted) change(["quality"], wanted);
        else remove(["quality"]);
      });
      return button;
    }));
  }

  // A slot for each picture that the recipe asks for; and the pictures that masks are painted over.
  function showPictures({ asked, pictures: named }) {
    part("pictures").hidden = asked.length === 0 && !page.dataset.recipe;
    const unused = Object.keys(images).filter((name) => !asked.includes(name) && name !== "mask");
    const slots = [...asked.map((name) => slot(name)), ...unused.map((name) => slot(name, true))];
    const masks = Object.entries(named).filter(([path]) => !/mask$/.test(path)).length ? [maskSlot(named)] : [];
    part("picture-list").replaceChildren(...slots, ...masks.filter(Boolean));
    part("pictures").hidden = !slots.length && !masks.filter(Boolean).length;
  }

  function slot(name, unused = false) {
    const image = images[name];
    const input = make("input", { type: "file", accept: "image/*", class: "hidden" });
    input.addEventListener("change", () => input.files.length && take([...input.files], name));
    const label = make("label", { class: "file slot" });
    if (image) label.append(make("img", { src: image.small, alt: `Yours: ${name}`, width: "120", height: "120" }));
    else label.append(make("span", { class: "own", "aria-hidden": "true" }));
    label.append(make("span", {}, image ? "Change " : "Choose ", make("b", {}, name === "upload" ? "a picture" : name)), input);
    if (unused) label.append(make("span", { class: "quiet" }, `Not used yet: choose “Yours: ${name}” where the recipe names a picture.`));
    return make("li", {}, label);
  }

  // Where a mask may go: beside each picture whose settings have one.
  function maskSlot(named) {
    const parts = (path) => path.split(".").map((name) => (/^\d+$/.test(name) ? Number(name) : name));
    const places = Object.keys(named).map(parts).filter((path) => hasMask(path.slice(0, -1)));
    if (!places.length) return null;
    const path = places[0].slice(0, -1);
    const inTone = !("mask" in (schema.memberAt(path, kindAt)?.properties || {}));
    const target = inTone ? [...path, "tone", "mask"] : [...path, "mask"];
    const source = named[places[0].join(".")];
    const address = source.startsWith("upload") ? images[source.split(":")[1] || "upload"]?.url : null;
    if (!address) return null;
    const button = make("button", { type: "button", class: "plain" }, images.mask ? "Paint the mask again" : "Paint a mask");
    button.addEventListener("click", () => server.mask(address, async (file) => {
      await take([file], "mask");
      await edit({ path: target, value: "upload:mask" });
    }));
    return make("li", {}, button);
  }

  // Which kind the recipe has at a path, by its last text that could be read.
  function kindAt(path) {
    const value = path.reduce((place, part) => place?.[part], readable);
    return typeof value === "string" ? value : value?.kind;
  }

  function hasMask(path) {
    const member = schema.memberAt(path, kindAt);
    return Boolean(member?.properties && ("mask" in member.properties || ("tone" in member.properties && "mask" in (schema.describe(member.properties.tone).properties || {}))));
  }

  async function take(files, name = null) {
    tell(part("fault"), "");
    try {
      const { images: taken, refused } = await send(files);
      const free = (checked?.asked || []).filter((each) => !images[each]);
      taken.forEach((image, at) => {
        images[name && at === 0 ? name : free[at] || "photo"] = image;
        sent.push(image);
      });
      if (refused.length) tell(part("fault"), sentence(refused.join(" ")));
    } catch (error) {
      tell(part("fault"), error.message);
    }
    await check();
  }

  // The server computes one preview at a time, so only for a text that has not changed for a moment.
  let glancing = null;
  function glance(mine) {
    clearTimeout(glancing);
    glancing = setTimeout(async () => {
      server.estimate(part("estimate"), body(area.value, quick()), () => mine === turn);
      try {
        const made = await ask("/api/preview", body());
        if (mine !== turn) return;
        const image = part("glance");
        image.hidden = !made;
        if (!made) return;
        const before = image.src;
        image.src = URL.createObjectURL(made.picture);
        image.alt = made.shows;
        part("glance-words").textContent = made.shows;
        if (before.startsWith("blob:")) URL.revokeObjectURL(before);
      } catch {
        part("glance").hidden = true; // the problems are listed elsewhere
      }
    }, 250);
  }

  async function start() {
    part("start").disabled = true;
    tell(part("fault"), "");
    await writing;
    try {
      const run = await ask("/api/runs", body(area.value, quick()));
      window.location.assign(`/runs/${run.id}`);
    } catch (error) {
      tell(part("fault"), error.message);
      part("start").disabled = false;
    }
  }

  function tab(name) {
    for (const each of ["form", "text"]) {
      const button = document.getElementById(`tab-${each}`);
      button.setAttribute("aria-selected", String(each === name));
      button.tabIndex = each === name ? 0 : -1;
      document.getElementById(`panel-${each}`).hidden = each !== name;
    }
  }

  for (const name of ["form", "text"]) {
    const button = document.getElementById(`tab-${name}`);
    button.addEventListener("click", () => tab(name));
    button.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      const other = name === "form" ? "text" : "form";
      tab(other);
      document.getElementById(`tab-${other}`).focus();
    });
  }
  area.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(check, 350);
  });
  part("problems").addEventListener("click", (event) => {
    const line = Number(event.target.dataset?.line);
    if (!line) return;
    tab("text");
    const lines = area.value.split("\n");
    const from = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    area.focus();
    area.setSelectionRange(from, from + (lines[line - 1] || "").length);
  });
  part("save").addEventListener("click", async () => {
    const file = new Blob([area.value], { type: "application/yaml" });
    const link = make("a", { href: URL.createObjectURL(file), download: `${(checked?.data?.title || "recipe").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "recipe"}.yaml` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });
  part("keep")?.addEventListener("click", async () => {
    tell(part("fault"), "");
    await writing;
    try {
      const kept = await ask("/api/recipes", body());
      recipe = kept.key;
      history.replaceState({}, "", `/new?recipe=${encodeURIComponent(recipe)}`);
      part("kept").textContent = `Saved as ${kept.name}.yaml`;
    } catch (error) {
      tell(part("fault"), error.message);
    }
  });
  part("form").addEventListener("submit", (event) => event.preventDefault());
  part("start").addEventListener("click", start);
  // A picture that was made by this program brings its recipe along; any other is one to make something of.
  dropped(document.body, async (files) => {
    const text = files.length === 1 ? await server.recipeIn(files[0]).catch(() => null) : null;
    if (text === null) {
      take(files);
      return;
    }
    recipe = "";
    page.dataset.from = "";
    area.value = text;
    halved = false;
    part("kept").textContent = `This is the recipe of ${files[0].name}.`;
    await check();
  });
  pasted((files) => take(files));

  async function begin() {
    if (page.dataset.from) {
      const branch = await ask(`/api/runs/${page.dataset.from}/branch`);
      recipe = branch.recipe;
      area.value = branch.text;
      for (const [name, id] of Object.entries(branch.images)) images[name] = { id, url: `/api/images/${id}`, small: `/api/images/${id}/small` };
    } else {
      const found = page.dataset.run ? await fetch(`/gallery/${page.dataset.run}/recipe.yaml`) : null;
      if (found && !found.ok) throw new Error("This run's recipe cannot be had; open the run in the gallery.");
      area.value = found ? await found.text() : (await ask("/api/check", { json: { recipe } })).text;
    }
    await check();
  }

  begin().catch((error) => tell(part("fault"), error.message));
})();
