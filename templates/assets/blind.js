// Judging two runs without their names: which pictures take part, the votes, and the pair that is shown next.
// Votes stay in this browser, apart for each gallery, as reports/data/votes.py describes them. What is imported may come
// from anyone: only votes of the known form are kept.
// The address may name the pictures to choose from, #recipe/TYPE or #sweep/NAME; it is then taken out of the address.
"use strict";

orbifolio.blind = (() => {
  const { bradleyTerry } = orbifolio;
  const GALLERY = window.location.pathname.replace(/[^/]*$/, "");
  const VOTES = `orbifolio.votes ${GALLERY}`;
  const AMONG = `orbifolio.judged ${GALLERY}`;
  const SHARES = { left: 1, right: 0, neither: 0.5 };
  const MAX_CANDIDATES = 200; // runs among which a pair is chosen; the time grows with the cube of their number
  const box = document.querySelector("[data-blind]");
  const runs = new Map();
  const groups = [];
  const broken = new Set();
  const listeners = [];
  let among = "";
  let pair = null;
  let upcoming = null;
  let kept = true; // whether the browser keeps the votes
  let votes = recall();

  box.querySelector("[data-explained]").remove();

  // Listen to changes: `what` is "pictures", "pair" or "votes".
  function listen(hear) {
    listeners.push(hear);
  }

  function tell(what) {
    for (const hear of listeners) hear(what);
  }

  function isVote(vote) {
    const { id, left, right, better } = Object(vote);
    return [id, left, right].every((each) => typeof each === "string" && each !== "") && left !== right && Object.hasOwn(SHARES, better);
  }

  function recall() {
    try {
      const stored = JSON.parse(localStorage.getItem(VOTES));
      return Array.isArray(stored) ? stored.filter(isVote) : [];
    } catch {
      return [];
    }
  }

  function keep(changed) {
    votes = changed;
    try {
      localStorage.setItem(VOTES, JSON.stringify(votes));
    } catch {
      kept = false; // some browsers keep nothing for pages opened from disk
    }
    tell("votes");
  }

  // The runs that can be judged now, and the votes between them.
  function chosen() {
    const group = groups.find((each) => each.value === among) || groups[0];
    return group ? group.keys.filter((key) => !broken.has(key)) : [];
  }

  function votesAmong(keys) {
    const here = new Set(keys);
    return votes.filter(({ left, right }) => here.has(left) && here.has(right));
  }

  // Votes as duels between places in a list of runs.
  function duels(keys, of = votesAmong(keys)) {
    const places = new Map(keys.map((key, place) => [key, place]));
    return of.map(({ left, right, better }) => [places.get(left), places.get(right), SHARES[better]]);
  }

  // The pair that tells most, left and right by lot. `pending` counts as judged already, with no difference.
  function nextPair(pending) {
    let keys = chosen();
    if (keys.length < 2) return null;
    const seen = [...votes, ...(pending ? [{ left: pending[0], right: pending[1], better: "neither" }] : [])];
    if (keys.length > MAX_CANDIDATES) {
      const shown = new Map();
      for (const key of seen.flatMap(({ left, right }) => [left, right])) shown.set(key, (shown.get(key) || 0) + 1);
      const order = new Map(keys.map((key) => [key, (shown.get(key) || 0) + Math.random()]));
      keys = keys.sort((one, other) => order.get(one) - order.get(other)).slice(0, MAX_CANDIDATES);
    }
    const here = new Set(keys);
    const between = seen.filter(({ left, right }) => here.has(left) && here.has(right));
    const places = bradleyTerry.tellingPair(bradleyTerry.fit(keys.length, duels(keys, between)), Math.random);
    const [one, other] = places.map((place) => keys[place]);
    return Math.random() < 0.5 ? [one, other] : [other, one];
  }

  function show(wanted) {
    pair = wanted;
    upcoming = pair && nextPair(pair);
    tell("pair");
  }

  function vote(better) {
    if (!pair) return;
    const id = [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const [left, right] = pair;
    keep([...votes, { id, left, right, better, time: Math.round(Date.now() / 1000) }]);
    show(upcoming);
  }

  // Take the last vote back and show its pair again.
  function undo() {
    const last = votes.at(-1);
    if (!last) return;
    keep(votes.slice(0, -1));
    const keys = chosen();
    if (keys.includes(last.left) && keys.includes(last.right)) show([last.left, last.right]);
  }

  // Add votes that are not here yet; returns how many were.
  function add(others) {
    const known = new Set(votes.map(({ id }) => id));
    const fresh = new Map(others.filter(({ id }) => !known.has(id)).map(({ id, left, right, better, time }) => [id, { id, left, right, better, time }]));
    keep([...votes, ...fresh.values()]);
    show(nextPair(null));
    return fresh.size;
  }

  function clear() {
    keep([]);
    show(nextPair(null));
  }

  function choose(value) {
    among = groups.some((group) => group.value === value) ? value : "";
    try {
      localStorage.setItem(AMONG, among);
    } catch {
      // then it is chosen anew the next time
    }
    tell("pictures");
    show(nextPair(null));
  }

  // A picture that cannot be loaded takes no part until the page is loaded again.
  function leaveOut(key) {
    broken.add(key);
    tell("pictures");
    show(nextPair(null));
  }

  function path(key) {
    return key.split("/").map(encodeURIComponent).join("/");
  }

  orbifolio.pictures = ({ recipes, sweeps }) => {
    for (const { type, title, runs: listed } of recipes) {
      for (const [id, date, ratio, copies] of listed) {
        const key = `${type}/${id}`;
        const root = `${path(key)}/`;
        runs.set(key, { key, id, title, date, ratio, page: `${root}index.html`, copies: copies.map(([width, file]) => [width, root + file]) });
      }
    }
    groups.push({ value: "", label: "All pictures", kind: "", keys: [...runs.keys()] });
    for (const { type, title, runs: listed } of recipes) {
      groups.push({ value: `recipe/${type}`, label: title, kind: "Recipes", keys: listed.map(([id]) => `${type}/${id}`) });
    }
    for (const { name, title, runs: listed } of sweeps) groups.push({ value: `sweep/${name}`, label: title, kind: "Sweeps", keys: listed });
  };

  function named() {
    try {
      return decodeURIComponent(window.location.hash.slice(1));
    } catch {
      return "";
    }
  }

  function begin() {
    const wanted = named();
    if (wanted) {
      try {
        history.replaceState(history.state, "", window.location.pathname + window.location.search);
      } catch {
        // browsers may forbid this for pages opened from disk; it names no run
      }
    }
    let last = "";
    try {
      last = localStorage.getItem(AMONG) || "";
    } catch {
      // then all pictures take part
    }
    choose(wanted || last);
    tell("votes");
  }

  document.addEventListener("DOMContentLoaded", begin);
  window.addEventListener("hashchange", () => named() && begin());
  window.addEventListener("storage", (event) => {
    if (event.key !== VOTES) return;
    votes = recall(); // another tab has voted
    tell("votes");
  });
  return {
    box, runs, groups, add, choose, chosen, clear, duels, isVote, leaveOut, listen, undo, vote, votesAmong,
    among: () => among,
    kept: () => kept,
    pair: () => pair,
    upcoming: () => upcoming,
    votes: () => votes,
  };
})();
