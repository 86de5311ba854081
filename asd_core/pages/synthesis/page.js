"use strict";
(() => {
  const tools = document.querySelector(".tools");
  const type = document.getElementById("type");
  tools.hidden = type.options.length < 3;
  type.addEventListener("change", () => {
    for (const section of document.querySelectorAll("[data-type]")) {
      section.hidden = type.value !== "" && section.dataset.type !== type.value;
    }
  });

  // One sound at a time, so that a clip and its counterpart can be compared by ear.
  document.addEventListener("play", (event) => {
    for (const player of document.querySelectorAll("audio")) if (player !== event.target) player.pause();
  }, true);
})();
