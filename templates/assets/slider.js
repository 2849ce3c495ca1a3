// Before and after: two pictures over each other, and a slider that uncovers one of them.
"use strict";

document.querySelectorAll("[data-comparison]").forEach((section) => {
  const { make } = orbifolio;
  const choices = section.querySelector("[data-choices]");
  const buttons = [...choices.querySelectorAll("button")];

  function addSlider(pair) {
    const [before, after] = pair.querySelectorAll("figcaption");
    const range = make("input", { type: "range", min: "0", max: "100", value: "50", step: "1", "aria-label": `${before.textContent} or ${after.textContent}` });
    const handle = make("span", { class: "handle", "aria-hidden": "true" });
    const show = () => {
      pair.style.setProperty("--cut", `${range.value}%`);
      range.setAttribute("aria-valuetext", `${range.value} % ${before.textContent}, ${100 - range.value} % ${after.textContent}`);
    };
    range.addEventListener("input", show);
    pair.append(range, handle);
    pair.classList.add("over");
    // the slider covers the links to the files, so the Tab key must skip them too
    pair.querySelectorAll("a").forEach((link) => link.setAttribute("tabindex", "-1"));
    show();
  }

  function choose(button) {
    for (const each of buttons) {
      each.setAttribute("aria-pressed", String(each === button));
      document.getElementById(each.getAttribute("aria-controls")).hidden = each !== button;
    }
  }

  section.querySelectorAll(".versus").forEach(addSlider);
  buttons.forEach((button) => button.addEventListener("click", () => choose(button)));
  choices.hidden = buttons.length < 2;
});
