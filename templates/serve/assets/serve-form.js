// The form: a recipe's values and its schema -> fields. It shows what the recipe says; the rest is one click away.
// Changes are reported as (path, value); the page has the server put them into the text and draws the form again.
"use strict";

server.form = (schema, artist, { change, write, remove, pictures }) => {
  const { make } = orbifolio;
  const { plain, describe, fresh, filled } = schema;
  const open = new Set(["renderer"]);
  let sources = {}; // dotted path -> picture
  let drawn = {}; // the recipe's values

  const dotted = (path) => path.join(".");
  const valueAt = (path) => path.reduce((place, part) => place?.[part], drawn);
  const words = (name) => {
    const text = String(name).replace(/[_-]/g, " ");
    return text.charAt(0).toUpperCase() + text.slice(1);
  };
  const shown = (value) => (value === undefined ? "" : value === null ? "none" : typeof value === "object" ? flow(value) : String(value));

  // Words with `code` in them.
  const prose = (text) => text.split("`").map((part, at) => (at % 2 ? make("code", {}, part) : part));

  // A value as a recipe writes it on one line: {r6: [g, b, r]}.
  function flow(value) {
    if (value === null) return "null";
    if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
    if (typeof value === "object") return `{${Object.entries(value).map(([name, item]) => `${name}: ${flow(item)}`).join(", ")}}`;
    const text = String(value);
    return typeof value !== "string" || /^-?[A-Za-z][\w-]*$/.test(text) ? text : JSON.stringify(text);
  }

  // A label, its control, its help and the place for its error.
  function field(path, name, property, control, extra = []) {
    const id = `f-${dotted(path)}`;
    const shape = plain(property);
    control.id = id;
    control.dataset.path = dotted(path);
    const help = (shape.description || "").replace(/\s+/g, " ");
    const parts = [make("label", { for: id }, words(name)), make("div", { class: "control" }, control, ...extra)];
    if (help) {
      parts.push(make("p", { class: "help", id: `${id}-help` }, ...prose(help)));
      control.setAttribute("aria-describedby", `${id}-help`);
    }
    return make("div", { class: "field", "data-field": dotted(path) }, ...parts, make("p", { class: "wrong", "data-wrong": dotted(path), hidden: "" }));
  }

  function picker(path, value) {
    const list = make("select", {});
    for (const [label, choices] of pictures()) {
      const group = make("optgroup", { label });
      for (const [source, text] of choices) group.append(make("option", { value: source }, text));
      list.append(group);
    }
    if (![...list.options].some((option) => option.value === value)) list.prepend(make("option", { value }, value));
    list.value = value;
    list.addEventListener("change", () => change(path, list.value));
    return list;
  }

  function number(path, value, shape, standard) {
    const input = make("input", { type: "number", step: shape.whole ? "1" : "any", inputmode: shape.whole ? "numeric" : "decimal", placeholder: shown(standard) });
    if (shape.low !== undefined) input.min = shape.low;
    if (shape.high !== undefined) input.max = shape.high;
    if (value !== undefined && value !== null) input.value = value;
    input.addEventListener("change", () => {
      if (input.value === "") remove(path);
      else if (Number.isFinite(input.valueAsNumber)) change(path, input.valueAsNumber);
    });
    const spread = shape.high - shape.low;
    if (!(spread > 0 && spread <= 400)) return [input];
    const slider = make("input", { type: "range", min: shape.low, max: shape.high, step: shape.whole ? "1" : String(spread / 200), "aria-label": "slider", tabindex: "-1" });
    slider.value = value ?? standard ?? shape.low;
    slider.addEventListener("input", () => (input.value = String(Number(Number(slider.value).toPrecision(4)))));
    slider.addEventListener("change", () => change(path, Number(input.value)));
    return [input, slider];
  }

  function choice(path, value, shape, standard) {
    const select = make("select", {});
    if (shape.nullable && !shape.choices.includes(null)) select.append(make("option", { value: "null" }, "None"));
    for (const each of shape.choices) select.append(make("option", { value: JSON.stringify(each) }, shown(each)));
    select.value = value === null ? "null" : JSON.stringify(value ?? standard);
    if (select.selectedIndex < 0 && value !== undefined) {
      select.prepend(make("option", { value: JSON.stringify(value) }, shown(value)));
      select.selectedIndex = 0;
    }
    select.addEventListener("change", () => change(path, JSON.parse(select.value)));
    return select;
  }

  // Anything else: as the recipe writes it, on one line.
  function free(path, value, standard) {
    const input = make("input", { type: "text", class: "code", placeholder: shown(standard), spellcheck: "false", autocapitalize: "off" });
    if (value !== undefined) input.value = typeof value === "object" ? flow(value) : String(value);
    input.addEventListener("change", () => {
      if (input.value.trim() === "") remove(path);
      else write(path, input.value);
    });
    return input;
  }

  function simple(path, name, property, value, shape) {
    const standard = plain(property).default;
    if (shape.widget === "text" && dotted(path) in sources) return field(path, name, property, picker(path, value), [artist.picture(path, value)]);
    if (shape.widget === "text" && shape.maxLength > 1000) return null; // long texts are edited in the YAML
    if (shape.widget === "number") {
      const [input, ...slider] = number(path, value, shape, standard);
      return field(path, name, property, input, name === "seed" ? [artist.dice(path)] : slider);
    }
    if (shape.widget === "choice") {
      const tiles = name === "group" ? artist.groups(path, valueAt(path.slice(0, -1))?.kind, value ?? standard) : null;
      return besides(field(path, name, property, choice(path, value, shape, standard)), tiles);
    }
    if (shape.widget === "switch") {
      const box = make("input", { type: "checkbox" });
      box.checked = value ?? standard ?? false;
      box.addEventListener("change", () => change(path, box.checked));
      return field(path, name, property, box);
    }
    if (shape.widget === "fixed") return null;
    if (shape.widget === "text") {
      const input = make("input", { type: "text", placeholder: shown(standard) });
      if (value !== undefined && value !== null) input.value = value;
      input.addEventListener("change", () => (input.value === "" && standard !== undefined ? remove(path) : change(path, input.value)));
      return field(path, name, property, input, shape.colour ? [artist.swatch(path, value ?? standard)] : []);
    }
    const symmetry = name === "colours" ? valueAt(path.slice(0, -1)) : null;
    const rows = symmetry ? artist.colours(path, symmetry.kind, symmetry.group, value) : null;
    return besides(field(path, name, property, free(path, value, standard)), rows);
  }

  // A field with something to press below it.
  function besides(made, more) {
    if (more) made.querySelector(".control").after(more);
    return made;
  }

  // The fields of a mapping: those that the recipe names, then the others behind a click.
  function fieldsOf(path, properties, values) {
    const here = [];
    const others = [];
    const names = [...Object.keys(values || {}), ...Object.keys(properties)]; // in the recipe's own order
    for (const name of new Set(names)) {
      const property = properties[name];
      if (name === "kind" || !property) continue;
      const said = name in (values || {});
      const made = at([...path, name], name, property, said ? values[name] : undefined);
      if (made) (said ? here : others).push(made);
    }
    if (others.length) {
      const key = `${dotted(path)}+`;
      const more = make("details", { class: "more-settings" }, make("summary", {}, `${others.length} ${here.length ? "more " : ""}setting${others.length > 1 ? "s" : ""}`), ...others);
      more.open = open.has(key);
      more.addEventListener("toggle", () => (more.open ? open.add(key) : open.delete(key)));
      here.push(more);
    }
    return here;
  }

  function group(path, name, property, head, inner) {
    const key = dotted(path);
    const help = (plain(property).description || "").replace(/\s+/g, " ");
    const box = make("fieldset", { class: "group", "data-field": key });
    const legend = make("legend", {}, words(name));
    box.append(legend, ...(help ? [make("p", { class: "help" }, ...prose(help))] : []), ...head, make("p", { class: "wrong", "data-wrong": key, hidden: "" }), ...inner);
    return box;
  }

  function kinds(path, name, property, value, shape) {
    const standard = plain(property).default;
    const given = value ?? standard;
    const kind = given === null || given === undefined ? "" : typeof given === "string" ? given : given.kind ?? [...shape.kinds.keys()][0];
    const select = make("select", { id: `k-${dotted(path)}`, "aria-label": `${words(name)}: kind` });
    if (shape.nullable || !kind) select.append(make("option", { value: "" }, "None"));
    for (const each of shape.kinds.keys()) select.append(make("option", { value: each }, each));
    select.value = kind;
    select.dataset.path = dotted(path);
    select.addEventListener("change", () => (select.value ? change(path, filled(select.value, shape.kinds.get(select.value))) : change(path, null)));
    const member = shape.kinds.get(kind);
    const values = typeof given === "object" && given !== null && value !== undefined ? given : {};
    const inner = member ? fieldsOf(path, member.properties, values) : [];
    const about = member && member.description ? [make("p", { class: "help" }, ...prose(member.description.split("\n\n")[0].replace(/\s+/g, " ")))] : [];
    return group(path, name, property, [select, ...about], inner);
  }

  function list(path, name, property, value, shape) {
    const standard = plain(property).default;
    const items = Array.isArray(value) ? value : Array.isArray(standard) ? standard : [];
    const rows = items.map((item, at_) => {
      const inner = at([...path, at_], `${words(name).replace(/s$/, "")} ${at_ + 1}`, shape.items, item);
      const away = make("button", { type: "button", class: "plain small", "aria-label": `Remove ${words(name)} ${at_ + 1}` }, "Remove");
      away.disabled = items.length <= shape.minItems;
      away.addEventListener("click", () => remove([...path, at_]));
      return make("div", { class: "item" }, ...(inner ? [inner] : []), away);
    });
    const add = make("button", { type: "button", class: "plain small" }, `Add to ${words(name).toLowerCase()}`);
    add.disabled = items.length >= shape.maxItems;
    add.addEventListener("click", () => {
      const next = items.length && typeof items.at(-1) === "object" ? structuredClone(items.at(-1)) : fresh(shape.items);
      if (value === undefined) change(path, [...items, next]);
      else change([...path, items.length], next);
    });
    return group(path, name, property, [], [...rows, add]);
  }

  // The field for any value at a path.
  function at(path, name, property, value) {
    const shape = describe(property);
    if (shape.widget === "kinds") {
      const kind = typeof value === "string" ? value : value?.kind;
      const shorter = shape.others && value !== undefined && value !== null && !shape.kinds.has(kind); // a number, a list
      return shorter ? simple(path, name, property, value, { widget: "free" }) : kinds(path, name, property, value, shape);
    }
    if (shape.widget === "list") return list(path, name, property, value, shape);
    if (shape.widget === "mapping") {
      if (shape.short && typeof value === "string") {
        if (dotted(path) in sources) return field(path, name, property, picker(path, value), [artist.picture(path, value)]);
        return field(path, name, property, free(path, value));
      }
      const key = dotted(path);
      const sourced = shape.short && value && dotted([...path, shape.short]) in sources;
      const values = sourced || value !== undefined ? value : {};
      return group(path, name, property, [], fieldsOf(path, shape.properties, values ?? {}), key);
    }
    return simple(path, name, property, value, shape);
  }

  const HIDDEN = ["schema", "about", "publish", "qualities", "quality"];

  function draw(place, data, pictures) {
    sources = {};
    drawn = data;
    for (const [path, source] of Object.entries(pictures || {})) {
      sources[path] = source;
      sources[`${path}.image`] = source;
    }
    const typing = place.contains(document.activeElement) ? document.activeElement : null;
    if (typing && "drawn" in typing.dataset && typing.dataset.drawn !== typing.value) return; // its change draws again
    const focused = typing?.dataset?.path;
    const properties = Object.fromEntries(Object.entries(schema.root.properties).filter(([name]) => !HIDDEN.includes(name)));
    place.replaceChildren(...fieldsOf([], properties, data));
    for (const input of place.querySelectorAll("input:is([type=text], [type=number])")) input.dataset.drawn = input.value;
    if (focused) place.querySelector(`[data-path="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  return { draw };
};
