"use strict";
// A rater's name, whether it is blind, and the ratings of everybody who rated in this browser, kept for this night.
(() => {
  const panel = document.querySelector(".rating");
  const captions = [...document.querySelectorAll(".caption")];
  if (!panel || !captions.length) return;
  const [form, rater, blind, bar, progress, next, exported, said] = [
    "rating-form", "rater", "blind", "rated", "rated-text", "next-unrated", "export-ratings", "export-said",
  ].map((id) => document.getElementById(id));
  const place = `asd ratings ${panel.dataset.night}`;
  const COLUMNS = [
    "rater", "date", "machine_type", "machine_id", "clip_id", "uri", "method", "llm", "rating", "rated_at",
  ];

  // Name of a rater → key of a caption → [rating, when]. Maps, since a rater may be called __proto__.
  const ratings = new Map();
  const mine = () => ratings.get(rater.value.trim()) ?? new Map();

  const load = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(place) ?? "{}");
      for (const [name, given] of kept.ratings ?? []) ratings.set(name, new Map(given));
      rater.value = kept.rater ?? "";
      blind.checked = Boolean(kept.blind);
      form.open = Boolean(kept.open);
    } catch {
      said.textContent = "The ratings kept in this browser cannot be read.";
    }
  };
  const keep = () => {
    const given = [...ratings].map(([name, own]) => [name, [...own]]);
    const state = { rater: rater.value.trim(), blind: blind.checked, open: form.open, ratings: given };
    try {
      localStorage.setItem(place, JSON.stringify(state));
    } catch {
      said.textContent = "This browser keeps nothing: export before you leave the page.";
    }
  };

  const radios = (caption) => [...caption.querySelectorAll("input[type=radio]")];
  const show = () => {
    const given = mine();
    for (const caption of captions) {
      const rating = given.get(caption.dataset.key)?.[0];
      for (const radio of radios(caption)) radio.checked = radio.value === rating;
    }
    const done = captions.filter((caption) => given.has(caption.dataset.key)).length;
    bar.max = captions.length;
    bar.value = done;
    progress.textContent = `${done} of ${captions.length} captions rated`;
  };

  // The same mixture for a rater on every visit, another for the next one.
  const order = (text) => {
    let hash = 0x811c9dc5;
    for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193) >>> 0;
    return Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> 0;
  };
  const written = new Map([...document.querySelectorAll(".captions")].map((box) => [box, [...box.children]]));
  const mix = () => {
    const isBlind = blind.checked && form.open;
    document.body.classList.toggle("rating-on", form.open);
    document.body.classList.toggle("blind", isBlind);
    for (const [box, parts] of written) {
      const own = parts.filter((part) => part.matches(".caption"));
      if (isBlind) {
        const place = new Map(own.map((part) => [part, order(`${rater.value.trim()} ${part.dataset.key}`)]));
        own.sort((one, other) => place.get(one) - place.get(other));
      }
      const wanted = isBlind ? [...own, ...parts.filter((part) => !own.includes(part))] : parts;
      // An element that is moved between the pressing and the release of a button loses the click.
      if (wanted.some((part, index) => part !== box.children[index])) box.append(...wanted);
      own.forEach((part, index) => {
        const letter = part.querySelector(".letter");
        letter.hidden = !isBlind;
        letter.textContent = isBlind ? `Caption ${String.fromCharCode(65 + index)}:` : "";
      });
    }
  };

  const cell = (text) => {
    const inert = /^'*[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
    return `"${inert.replaceAll('"', '""')}"`;
  };
  const table = () => {
    const rows = captions.filter((caption) => mine().has(caption.dataset.key)).map((caption) => {
      const clip = caption.closest(".captions").dataset;
      const [rating, when] = mine().get(caption.dataset.key);
      return [
        rater.value.trim(), clip.date, clip.machineType, clip.machineId, clip.clipId, clip.uri,
        caption.dataset.method, caption.dataset.llm, rating, when,
      ];
    });
    return [COLUMNS, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
  };

  for (const caption of captions) {
    caption.addEventListener("change", (event) => {
      const own = mine();
      own.set(caption.dataset.key, [event.target.value, new Date().toISOString()]);
      ratings.set(rater.value.trim(), own);
      keep();
      show();
    });
  }
  rater.addEventListener("change", () => {
    // Ratings given before the name belong to the rater who gives it.
    const name = rater.value.trim();
    if (name && ratings.has("") && !ratings.has(name)) {
      ratings.set(name, ratings.get(""));
      ratings.delete("");
    }
    keep();
    show();
    mix();
  });
  blind.addEventListener("change", () => { keep(); mix(); });
  form.addEventListener("toggle", () => {
    // Every caption is to be rated, also of clips that are behind another.
    if (form.open) for (const fold of document.querySelectorAll(".alike, .clips")) fold.open = true;
    keep();
    mix();
  });
  next.addEventListener("click", () => {
    const unrated = [...document.querySelectorAll(".caption")].find(
      (caption) => !mine().has(caption.dataset.key) && !caption.closest("[hidden]"),
    );
    if (!unrated) return;
    for (let fold = unrated.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    radios(unrated)[0].focus({ preventScroll: true });
    unrated.closest(".clip").scrollIntoView({ block: "start" });
  });
  exported.addEventListener("click", () => {
    if (!rater.value.trim() || !mine().size) {
      said.textContent = rater.value.trim() ? "Nothing is rated yet." : "Give your name first.";
      rater.focus();
      return;
    }
    const link = document.createElement("a");
    // The mark at the beginning tells spreadsheets that the file is UTF-8.
    link.href = URL.createObjectURL(new Blob(["\ufeff", table()], { type: "text/csv" }));
    link.download = "ratings.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    said.textContent = `Exported ${mine().size} ratings.`;
  });

  panel.hidden = false;
  load();
  show();
  mix();
})();
