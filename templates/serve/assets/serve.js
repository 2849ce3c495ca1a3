// What all pages of the server share: calls of its API, errors in words, uploads.
"use strict";

window.server = (() => {
  const { make } = orbifolio;

  // Call the API; a response that is not a success becomes an Error with the server's message and problems.
  async function ask(path, { method = "GET", json = null, form = null, signal = null } = {}) {
    const options = { method, signal, headers: { Accept: "application/json" } };
    if (json !== null) {
      options.method = method === "GET" ? "POST" : method;
      options.headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(json);
    }
    if (form !== null) Object.assign(options, { method: "POST", body: form });
    let answer;
    try {
      answer = await fetch(path, options);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error("The server does not answer. Is it still running?");
    }
    if (answer.status === 204) return null;
    const kind = answer.headers.get("Content-Type") || "";
    if (kind.startsWith("image/")) return { picture: await answer.blob(), shows: answer.headers.get("X-Shows") || "" };
    const content = /json/.test(kind) ? await answer.json() : {};
    if (answer.ok) return content;
    const first = (content.problems || [])[0];
    const words = first && first.message ? first.message : content.error || (content.refused || [])[0];
    const failure = new Error(sentence(words || `The server answers ${answer.status}.`));
    failure.problems = content.problems || [];
    failure.status = answer.status;
    throw failure;
  }

  // "what; rule; cure" as sentences.
  function sentence(words) {
    const whole = words.split("; ").map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join(". ");
    return /[.!?]$/.test(whole) ? whole : `${whole}.`;
  }

  // Show words in an element that is hidden while it has none.
  function tell(place, words) {
    place.textContent = words || "";
    place.hidden = !words;
  }

  function every(seconds, act) {
    const go = () => !document.hidden && act();
    document.addEventListener("visibilitychange", go);
    return setInterval(go, seconds * 1000);
  }

  // Show in an element how long a picture will take; `current` returns whether the answer is still wanted.
  async function estimate(place, body, current) {
    let words = "";
    try {
      const { text, memory_bytes: memory, waiting } = await ask("/api/estimate", body);
      const after = waiting ? `, after ${waiting === 1 ? "another picture" : `${waiting} other pictures`}` : "";
      words = `Takes ${text} here${after}; ${(memory / 1e9).toFixed(1)} GB of memory.`;
    } catch {
      // the problems are listed elsewhere
    }
    if (current()) place.textContent = words;
  }

  return { ask, estimate, every, make, sentence, tell };
})();
