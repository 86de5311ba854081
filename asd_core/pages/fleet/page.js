"use strict";
(() => {
  const grid = document.querySelector(".fleet");
  const nights = JSON.parse(grid.dataset.nights);
  const words = JSON.parse(grid.dataset.words);
  const told = document.getElementById("told");
  const lines = [...grid.querySelectorAll("tbody .letters > span")];
  const scroll = grid.closest(".scroll");
  scroll.scrollLeft = scroll.scrollWidth; // the newest night is on the right

  const rarity = (p) => (p < 1 ? `1 night in ${Number((1 / p).toPrecision(2)).toLocaleString("en")}` : "any night");
  const evidence = (row, night) => {
    const digits = (row.dataset.p || "").slice(2 * night, 2 * night + 2);
    if (!digits || digits === "..") return "";
    const p = 10 ** (-parseInt(digits, 36) / 100);
    return `: p ${p.toPrecision(2)}, ${rarity(p)} of a well machine is as unusual`;
  };
  const counts = (row, night) => {
    const names = ["in alarm", "watched", "within chance", "not decided", "not scored"];
    const found = JSON.parse(row.dataset.counts)[night].map((count, kind) => `${count} ${names[kind]}`);
    return found.join(", ");
  };
  const address = (row, night) => nights[night][1] && nights[night][1] + (row.dataset.anchor ? `#${row.dataset.anchor}` : "");

  const tell = (line, night) => {
    const row = line.closest("tr");
    const said = row.dataset.counts ? counts(row, night) : words[line.textContent[night]] + evidence(row, night);
    told.textContent = `${row.querySelector("bdi").textContent}, ${nights[night][0]}: ${said}. `;
    if (!address(row, night)) return;
    const link = document.createElement("a");
    link.href = address(row, night);
    link.textContent = "Report of this night";
    told.append(link);
  };
  const nightAt = (line, x) => {
    const box = line.getBoundingClientRect();
    return Math.min(nights.length - 1, Math.max(0, Math.floor(((x - box.left) / box.width) * nights.length)));
  };

  let here = nights.length - 1;
  const point = (event) => {
    const line = event.target.closest("tbody .letters > span");
    if (line) tell(line, (here = nightAt(line, event.clientX)));
  };
  grid.addEventListener("pointermove", point);
  grid.addEventListener("pointerdown", point); // before the focus, which tells of the night that was pointed at
  grid.addEventListener("click", (event) => {
    const line = event.target.closest("tbody .letters > span");
    if (!line) return;
    here = nightAt(line, event.clientX);
    tell(line, here);
    // A finger has no way to look first: it follows the link that it is shown.
    const to = address(line.closest("tr"), here);
    if (to && event.pointerType !== "touch") location.href = to;
  });

  // One stop for the Tab key, arrows within.
  for (const line of lines) line.tabIndex = -1;
  if (lines.length) lines[0].tabIndex = 0;
  grid.addEventListener("focusin", (event) => {
    const line = event.target.closest("tbody .letters > span");
    if (line) tell(line, here);
  });
  grid.addEventListener("keydown", (event) => {
    const line = event.target.closest("tbody .letters > span");
    if (!line || event.ctrlKey || event.altKey || event.metaKey) return;
    const shown = lines.filter((one) => !one.closest("tr").hidden);
    const place = shown.indexOf(line);
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (event.key === "Enter" && address(line.closest("tr"), here)) location.href = address(line.closest("tr"), here);
    if (!step) return;
    event.preventDefault();
    here = Math.min(nights.length - 1, Math.max(0, here + step[1]));
    const next = shown[Math.min(shown.length - 1, Math.max(0, place + step[0]))];
    line.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    tell(next, here);
  });

  document.querySelector(".tools").hidden = false;
  const filter = document.getElementById("filter");
  const found = document.getElementById("found");
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    const rows = [...grid.querySelectorAll("[data-machine]")];
    for (const row of rows) row.hidden = !row.dataset.machine.includes(wanted);
    found.textContent = wanted ? `${rows.filter((row) => !row.hidden).length} found` : "";
  });
})();
