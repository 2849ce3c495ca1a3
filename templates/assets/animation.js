// The animation replaces its still and plays from the first frame when the reader starts it; without this
// script the still is a link to the file.
"use strict";

(() => {
  function enhance(stage) {
    const still = stage.querySelector(".still");
    const word = stage.querySelector("[data-word]");
    let moving = null;

    function toggle(event) {
      event.preventDefault();
      if (moving) {
        moving.remove();
        moving = null;
      } else {
        moving = stage.querySelector("template").content.firstElementChild.cloneNode(true);
        stage.append(moving);
      }
      stage.classList.toggle("playing", moving !== null);
      word.textContent = moving ? "Stop" : "Play";
    }

    still.setAttribute("role", "button");
    still.addEventListener("click", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.shiftKey) toggle(event);
    });
    still.addEventListener("keydown", (event) => {
      if (event.key === " ") toggle(event);
    });
    stage.dataset.ready = "";
  }

  const enhanceAll = () => document.querySelectorAll("[data-animation]:not([data-ready])").forEach(enhance);
  document.addEventListener("orbifolio:refreshed", enhanceAll);
  enhanceAll();
})();
