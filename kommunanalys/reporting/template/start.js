"use strict";
(() => {
  const form = document.getElementById("filter");
  const count = document.getElementById("count");
  if (!form) return;
  const places = [...document.querySelectorAll(".place")].map(element => ({
    element,
    name: element.querySelector("h3").textContent,
    reports: [...element.querySelectorAll(".report")],
  }));
  const reports = places.flatMap(place => place.reports.map(element => ({
    element, place,
    data: element.dataset,
    text: (place.name + " " + element.textContent).toLocaleLowerCase(),
  })));
  const fits = (report, chosen, words) =>
    (!chosen.place || report.place.element.dataset.place === chosen.place) &&
    (!chosen.year || report.data.year === chosen.year) &&
    (!chosen.language || report.data.language === chosen.language) &&
    (!chosen.status || report.data.status.split(" ").includes(chosen.status)) &&
    words.every(word => report.text.includes(word));
  const narrow = () => {
    const chosen = Object.fromEntries(new FormData(form));
    const words = chosen.text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const report of reports) {
      report.element.hidden = !fits(report, chosen, words);
      if (!report.element.hidden) shown += 1;
    }
    for (const place of places) place.element.hidden = place.reports.every(element => element.hidden);
    count.textContent = count.dataset.pattern.replace("{shown}", shown);
  };
  let waiting;
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(narrow, 150); });
  form.addEventListener("submit", event => { event.preventDefault(); narrow(); });
  form.addEventListener("reset", () => setTimeout(narrow));
  form.hidden = false;
  narrow();
})();
