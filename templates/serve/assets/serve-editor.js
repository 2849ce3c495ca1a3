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
  let turn = 0;
  let waiting = null;

  const body = (text = area.value) => ({
    json: { recipe, text, branch: page.dataset.from, images: Object.fromEntries(Object.entries(images).map(([name, image]) => [name, image.id])) },
  });

  // Pictures that any field of the recipe may name.
  const pictures = () => [
    ["Yours", [...new Set([...(checked?.asked || []), "photo"])].map((name) => [name === "upload" ? "upload" : `upload:${name}`, name === "upload" ? "Your own picture" : `Yours: ${name}`])],
    ["Styles", ["agate", "autumn", "batik", "beetles", "botanical", "calligraphy", "cranes", "ikat", "iznik", "koi", "marbling", "millefiori", "mosaic", "nouveau", "oil", "peacock", "stained-glass", "starry", "waves"].map((name) => [`orbifolio:${name}`, name.replace("-", " ")])],
    ["Photographs", ["astronaut", "camera", "chelsea", "coffee", "horse", "rocket", "retina", "hubble_deep_field", "grass", "gravel", "brick"].map((name) => [`skimage:${name}`, name.replaceAll("_", " ")])],
  ];

  const schema = server.schema(await (await fetch("/api/schema")).json());
  const form = server.form(schema, {
    change: (path, value) => edit({ path, value }),
    write: (path, flow) => edit({ path, flow }),
    remove: (path) => edit({ path, remove: true }),
    pictures,
  });

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
    if (Object.keys(report.data).length) form.draw(part("form"), report.data, report.pictures);
    const heading = document.querySelector("[data-title]");
    heading.textContent = report.data.title || heading.textContent;
    showProblems(report);
    showPictures(report);
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
    const places = Object.keys(named).map((path) => path.split(".")).filter((path) => hasMask(path.slice(0, -1)));
    if (!places.length) return null;
    const path = places[0].slice(0, -1);
    const inTone = !("mask" in (memberAt(path)?.properties || {}));
    const target = inTone ? [...path, "tone", "mask"] : [...path, "mask"];
    const source = named[places[0].join(".")];
    const address = source.startsWith("upload") ? images[source.split(":")[1] || "upload"]?.url : null;
    if (!address) return null;
    const button = make("button", { type: "button", class: "plain" }, images.mask ? "Paint the mask again" : "Paint a mask");
    button.addEventListener("click", () => server.mask(address, async (file) => {
      await take([file], "mask");
      await edit({ path: target.map((name) => (/^\d+$/.test(name) ? Number(name) : name)), value: "upload:mask" });
    }));
    return make("li", {}, button);
  }

  function memberAt(path) {
    let place = { properties: schema.root.properties };
    let value = checked.data;
    for (const name of path) {
      const shape = place.items ? place : schema.describe(place.properties?.[name] || {});
      value = value?.[/^\d+$/.test(name) ? Number(name) : name];
      if (/^\d+$/.test(name)) place = memberOf(schema.describe(place.items || {}), value);
      else if (shape.widget === "list") place = { items: shape.items };
      else place = memberOf(shape, value);
      if (!place) return null;
    }
    return place;
  }

  function memberOf(shape, value) {
    if (shape.widget === "kinds") return shape.kinds.get(typeof value === "string" ? value : value?.kind) || null;
    return shape.properties ? { properties: shape.properties } : null;
  }

  function hasMask(path) {
    const member = memberAt(path);
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
      server.estimate(part("estimate"), body(), () => mine === turn);
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
      const run = await ask("/api/runs", body());
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
  part("form").addEventListener("submit", (event) => event.preventDefault());
  part("start").addEventListener("click", start);
  dropped(document.body, (files) => take(files));
  pasted((files) => take(files));

  async function begin() {
    if (page.dataset.from) {
      const branch = await ask(`/api/runs/${page.dataset.from}/branch`);
      recipe = branch.recipe;
      area.value = branch.text;
      for (const [name, id] of Object.entries(branch.images)) images[name] = { id, url: `/api/images/${id}`, small: `/api/images/${id}/small` };
    } else {
      area.value = (await ask("/api/check", { json: { recipe } })).text;
    }
    await check();
  }

  begin().catch((error) => tell(part("fault"), error.message));
})();
