// A button that copies the text beside it; hidden where the browser has no clipboard for this page.
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
