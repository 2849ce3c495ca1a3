// A button that copies the text beside it; hidden where the browser has no clipboard for this page.
// Where the control page serves a report, it puts a link to the run on top: then the editor opens instead.
"use strict";

document.querySelectorAll("[data-copying]").forEach((box) => {
  const button = box.querySelector("[data-copy]");
  const word = button.textContent;
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(box.querySelector("[data-copied]").textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser forbids it";
    }
    setTimeout(() => (button.textContent = word), 2000);
  });
});

document.querySelectorAll("[data-change]").forEach((box) => {
  const served = document.querySelector(".bar .home[href^='/runs/']");
  if (!served) return;
  const address = `/new?from=${served.getAttribute("href").slice("/runs/".length)}`;
  box.replaceWith(orbifolio.make("p", {}, orbifolio.make("a", { class: "plain", href: address }, "Change and run")));
});
