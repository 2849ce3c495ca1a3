// Completion in the text: the keys and values that the schema has at the caret, in a list below the text.
"use strict";

// Where the caret is in a recipe that may be half written: {path, key, word, kinds}. The path leads to the mapping at
// the caret; the word is being typed there, as a key (`key` is null) or as the value of one. `kinds` has the kinds that
// the text names, by dotted path.
server.caret = (text, position) => {
  const before = text.slice(0, position).split("\n").length - 1;
  const column = position - text.lastIndexOf("\n", position - 1) - 1;
  const stack = []; // {at: column, part: key or number}
  const kinds = new Map();
  let path = [];
  let here = { rest: "", pair: null };
  text.split("\n").forEach((whole, number) => {
    const last = number === before;
    const line = last ? whole.slice(0, column) : whole;
    if (!last && !line.replace(/#.*/, "").trim()) return;
    let at = line.search(/\S|$/);
    let rest = line.slice(at);
    while (stack.length && stack.at(-1).at > at) stack.pop();
    while (/^-(\s|$)/.test(rest)) {
      while (stack.length && stack.at(-1).at > at) stack.pop();
      if (stack.length && stack.at(-1).at === at && typeof stack.at(-1).part === "number") stack.at(-1).part += 1;
      else stack.push({ at, part: 0 });
      const step = rest.match(/^-\s*/)[0].length;
      at += step;
      rest = rest.slice(step);
    }
    while (stack.length && stack.at(-1).at >= at) stack.pop();
    const pair = rest.match(/^([\w.+-]+):(?:\s+|$)/);
    const parts = stack.map(({ part }) => part);
    if (pair && pair[1] === "kind") kinds.set(parts.join("."), rest.slice(pair[0].length).match(/^[\w-]*/)[0]);
    const flow = (pair ? rest.slice(pair[0].length) : rest).match(/^\{[^{}[\]]*?\bkind:\s*([\w-]+)/);
    if (flow) kinds.set([...parts, ...(pair ? [pair[1]] : [])].join("."), flow[1]);
    if (last) [here, path] = [{ rest, pair }, parts];
    if (pair) stack.push({ at, part: pair[1] });
  });
  let { rest } = here;
  let key = null;
  if (here.pair) {
    key = here.pair[1];
    rest = rest.slice(here.pair[0].length);
  }
  // brackets and braces on this line
  let word = "";
  const inner = [];
  for (const sign of rest) {
    if (sign === "{" || sign === "[") {
      if (key !== null) inner.push(key);
      inner.push(sign === "[" ? 0 : null);
      [key, word] = [null, ""];
    } else if (sign === "}" || sign === "]") {
      inner.pop();
      if (inner.length && typeof inner.at(-1) === "string") inner.pop();
      [key, word] = [null, ""];
    } else if (sign === ",") {
      if (typeof inner.at(-1) === "number") inner[inner.length - 1] += 1;
      [key, word] = [null, ""];
    } else if (sign === ":" && key === null && /^[\w.+-]+$/.test(word.trim())) {
      [key, word] = [word.trim(), ""];
    } else word += sign;
  }
  path.push(...inner.filter((part) => part !== null));
  return { path, key, word: word.replace(/^\s+/, ""), kinds };
};

server.complete = (area, schema, { kindAt, sources }) => {
  const { make } = orbifolio;
  const list = make("div", { class: "completions", role: "listbox", "aria-label": "What fits here", id: "completions", hidden: "" });
  area.after(list);
  area.setAttribute("aria-controls", "completions");
  let offered = [];
  let chosen = 0;
  let asked = false; // by Ctrl and space, not by typing

  function fitting() {
    const { path, key, word, kinds } = server.caret(area.value, area.selectionStart);
    const known = (place) => kinds.get(place.join(".")) ?? kindAt(place);
    const member = schema.memberAt(path, known);
    if (key === "kind") {
      const outer = schema.memberAt(path.slice(0, -1), known);
      const property = typeof path.at(-1) === "number" ? outer?.items : outer?.properties?.[path.at(-1)];
      const shape = property ? schema.describe(property) : {};
      return { words: shape.widget === "kinds" ? [...shape.kinds.keys()].map((each) => [each, each]) : [], word };
    }
    const properties = member?.properties;
    if (!properties) return { words: [], word };
    if (key === null) return { words: Object.keys(properties).map((name) => [`${name}: `, name]), word };
    if (!properties[key]) return { words: [], word };
    const shape = schema.describe(properties[key]);
    const words = { kinds: () => [...shape.kinds.keys()], choice: () => shape.choices.map(String), switch: () => ["true", "false"] }[shape.widget]?.() || (/image/.test(key) ? sources : []);
    return { words: words.map((each) => [each, each]), word };
  }

  function show() {
    const { words, word } = fitting();
    offered = (word || asked) && area.selectionStart === area.selectionEnd ? words.filter(([, shown]) => shown.startsWith(word) && shown !== word).slice(0, 12).map(([put, shown]) => [put.slice(word.length), shown]) : [];
    chosen = 0;
    draw();
  }

  function draw() {
    list.hidden = !offered.length;
    list.replaceChildren(...offered.map(([, shown], at) => {
      const option = make("button", { type: "button", role: "option", tabindex: "-1", "aria-selected": String(at === chosen), id: `completion-${at}` }, shown);
      option.addEventListener("mousedown", (event) => {
        event.preventDefault();
        take(at);
      });
      return option;
    }), ...(offered.length ? [make("span", { class: "quiet", "aria-hidden": "true" }, "Tab takes it")] : []));
    if (offered.length) area.setAttribute("aria-activedescendant", `completion-${chosen}`);
    else area.removeAttribute("aria-activedescendant");
  }

  function take(at) {
    const [rest] = offered[at];
    area.setRangeText(rest, area.selectionStart, area.selectionEnd, "end");
    offered = [];
    asked = false;
    draw();
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus();
  }

  area.addEventListener("input", show);
  area.addEventListener("click", () => ((offered = []), draw()));
  area.addEventListener("blur", () => ((offered = []), draw()));
  area.addEventListener("keydown", (event) => {
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      asked = true;
      show();
      return;
    }
    asked = false;
    if (!offered.length) return;
    if (event.key === "Tab" && !event.shiftKey) take(chosen);
    else if (event.key === "Escape") ((offered = []), draw());
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : offered.length - 1)) % offered.length;
      draw();
    } else return;
    event.preventDefault();
  });
};
