"use strict";
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const tools = document.querySelector(".tools");
  const filter = document.getElementById("filter");
  const keys = document.getElementById("keys");

  if (tools) {
    tools.hidden = false;
    const named = all("[data-machine]");
    const found = document.getElementById("found");
    filter.addEventListener("input", () => {
      const wanted = filter.value.trim().toLowerCase();
      for (const element of named) element.hidden = !element.dataset.machine.includes(wanted);
      const rows = named.filter((element) => element.matches("tr") && !element.hidden).length;
      found.textContent = wanted ? `${rows} found` : "";
    });
  }

  // One sound at a time, so that a clip and its normal one can be compared by ear.
  document.addEventListener("play", (event) => {
    for (const player of document.querySelectorAll("audio")) if (player !== event.target) player.pause();
  }, true);

  const isTyping = (target) => target instanceof Element && target.closest("input:not([type=radio]), textarea, select, audio");
  document.addEventListener("keydown", (event) => {
    if (!keys || !keys.checked || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!["j", "k"].includes(event.key) || (isTyping(event.target) && event.target !== keys)) return;
    const clips = all(".clip").filter((clip) => !clip.closest("[hidden], details:not([open])"));
    const here = clips.findIndex((clip) => clip.contains(document.activeElement));
    const next = event.key === "j" ? here + 1 : Math.max(here - 1, 0);
    if (clips[next]) {
      clips[next].focus({ preventScroll: true });
      clips[next].scrollIntoView({ block: "start" });
    }
  });

  // On paper nothing can be opened. Long tables stay summarised.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details:not([open]):not(.bulk):not(.explain)");
    for (const element of opened) element.open = true;
  });
  addEventListener("afterprint", () => {
    for (const element of opened) element.open = false;
  });
})();
