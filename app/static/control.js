// Lets the ages on the page grow, so that an old page looks old.
"use strict";

(() => {
  const texts = document.getElementById("units").dataset;
  const units = [["days", 86400], ["hours", 3600], ["minutes", 60], ["seconds", 1]];
  const times = [...document.querySelectorAll("time[data-age]")].map((element) => ({
    element,
    age: Number(element.dataset.age),
  }));
  const loaded = performance.now();

  function inWords(seconds) {
    const [name, size] = units.find((unit) => seconds >= unit[1]) ?? units.at(-1);
    return texts[name].replace("{n}", String(Math.max(0, Math.floor(seconds / size))));
  }

  function show() {
    const elapsed = (performance.now() - loaded) / 1000;
    for (const { element, age } of times) {
      const text = inWords(age + elapsed);
      if (element.textContent !== text) {
        element.textContent = text;
      }
    }
  }

  setInterval(show, 1000);
})();
