// What an artist chooses by eye: pictures, groups, colours, colours of a generator, a seed. Each is beside a plain field.
"use strict";

server.artist = (choices, { change, remove }) => {
  const { make } = orbifolio;
  const pictures = new Map([...choices.styles, ...choices.photographs].map((each) => [each.source, each]));

  // A wall of pictures in a dialog; `take` gets the chosen source.
  function wall(title, value, take) {
    const dialog = make("dialog", { class: "wall", "aria-label": title });
    const tiles = (label, list) => [
      make("h3", {}, label),
      make("ul", {}, ...list.map((each) => {
        const tile = make("button", { type: "button", "aria-pressed": String(each.source === value) }, make("img", { src: each.picture, alt: "", width: "112", height: "112", loading: "lazy" }), make("span", {}, each.title));
        tile.addEventListener("click", () => {
          dialog.close();
          take(each.source);
        });
        return make("li", {}, tile);
      })),
    ];
    const shut = make("button", { type: "button", class: "plain small" }, "Close");
    shut.addEventListener("click", () => dialog.close());
    dialog.append(make("header", {}, make("h2", {}, title), shut), ...tiles("Styles", choices.styles), ...tiles("Photographs", choices.photographs));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  // The picture that a field names, to press for others.
  function picture(path, value) {
    const known = pictures.get(value);
    const button = make("button", { type: "button", class: "thumb", "aria-label": "Choose among pictures" }, known ? make("img", { src: known.picture, alt: "", width: "72", height: "72" }) : make("span", { class: "own", "aria-hidden": "true" }));
    button.addEventListener("click", () => wall("Choose a picture", value, (source) => change(path, source)));
    return button;
  }

  // The groups of a kind of symmetry as drawings; null where there are none.
  function groups(path, kind, value) {
    const known = choices.groups[kind];
    if (!known) return null;
    return make("div", { class: "group-tiles", role: "group", "aria-label": "Groups as pictures" }, ...Object.entries(known).map(([name, { picture: address }]) => {
      const tile = make("button", { type: "button", "aria-pressed": String(name === value), "data-group": name }, make("img", { src: address, alt: "", width: "64", height: "64" }), make("span", {}, name));
      tile.addEventListener("click", () => change(path, name));
      return tile;
    }));
  }

  const NAMES = { r: "red", g: "green", b: "blue" };
  const spoken = (element) => (element.join("") === "rgb" ? "unchanged" : element.map((channel, at) => `the new ${Object.values(NAMES)[at]} is the old ${channel.startsWith("-") ? "inverted " : ""}${NAMES[channel.at(-1)]}`).join(", "));

  // For each generator of the group, what the colours do: three dots, the new red, green and blue.
  function colours(path, kind, group, value) {
    const known = choices.groups[kind]?.[group];
    if (!known) return null;
    const now = value && typeof value === "object" && !Array.isArray(value) ? value : {};
    const rows = known.colours.map(({ generator, words, elements }) => {
      const given = Array.isArray(now[generator]) ? now[generator].join(",") : typeof now[generator] === "string" && /^[rgb]{3}$/.test(now[generator]) ? [...now[generator]].join(",") : now[generator] === undefined ? "r,g,b" : "";
      const chips = elements.map((element) => {
        const chip = make("button", { type: "button", class: "chip", "aria-pressed": String(element.join(",") === given), "aria-label": `${words}: ${spoken(element)}`, title: element.join(",") === "r,g,b" ? "unchanged" : `[${element.join(", ")}]` }, ...element.map((channel) => make("span", { class: `dot ${channel.startsWith("-") ? "not-" : ""}${channel.at(-1)}` })));
        chip.addEventListener("click", () => {
          const next = { ...now };
          if (element.join(",") === "r,g,b") delete next[generator];
          else next[generator] = element;
          if (Object.keys(next).length) change(path, next);
          else remove(path);
        });
        return chip;
      });
      return make("div", { class: "colour-row", role: "group", "aria-label": words }, make("span", { class: "turn" }, words.charAt(0).toUpperCase() + words.slice(1)), make("span", { class: "chips" }, ...chips));
    });
    const shifts = rows.splice(known.colours.findIndex(({ generator }) => /^t\d?$/.test(generator)));
    const more = make("details", {}, make("summary", {}, "Shifts"), ...shifts);
    more.open = Object.keys(now).some((name) => /^t\d?$/.test(name)) || !rows.length;
    return make("div", { class: "colour-rows" }, make("p", { class: "help" }, "Three dots: what red, green and blue become. Rings are inverted."), ...rows, more);
  }

  // A colour beside its code; it is taken when the choice is made, not while the pointer moves.
  function swatch(path, value) {
    const input = make("input", { type: "color", class: "swatch", "aria-label": "Choose the colour" });
    if (/^#[0-9a-f]{6}$/i.test(value)) input.value = value;
    input.addEventListener("change", () => change(path, input.value));
    return input;
  }

  // Another seed.
  function dice(path) {
    const button = make("button", { type: "button", class: "plain small", "data-dice": "" }, "Roll the dice");
    button.addEventListener("click", () => change(path, crypto.getRandomValues(new Uint32Array(1))[0] % 1000000));
    return button;
  }

  return { picture, groups, colours, swatch, dice, styles: choices.styles, photographs: choices.photographs };
};
