// Stars, notes and tags of a gallery that is served are written into its runs, and what is there goes before what this
// browser has.
"use strict";

document.addEventListener("DOMContentLoaded", async () => {
  const { notes } = orbifolio;
  const waiting = new Map(); // run -> timer
  let sent = Promise.resolve(); // one after the other, so that the last one stays

  // Into the run; resolves to "" or to why it was not written.
  async function write(run) {
    try {
      const address = `/api/notes/${run.split("/").map(encodeURIComponent).join("/")}`;
      const answer = await fetch(address, { method: "PUT", keepalive: true, headers: { "Content-Type": "application/json" }, body: JSON.stringify(notes.of(run)) });
      return answer.ok ? "" : (await answer.json()).error;
    } catch {
      return "the control page does not answer";
    }
  }

  function send(run) {
    waiting.delete(run);
    sent = sent.then(() => write(run)).then((fault) => notes.say(fault ? `Kept in this browser only: ${fault}` : "Written into the run: notes.json in its folder."));
  }

  document.addEventListener("orbifolio:noted", ({ detail: run }) => {
    clearTimeout(waiting.get(run));
    waiting.set(run, setTimeout(send, 400, run)); // not every letter
  });
  window.addEventListener("pagehide", () => {
    for (const [run, timer] of [...waiting]) {
      clearTimeout(timer);
      send(run);
    }
  });

  try {
    const answer = await fetch("/api/notes");
    if (answer.ok) notes.take(await answer.text());
  } catch {
    // then the browser's own are shown
  }
});
