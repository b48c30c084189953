// Short messages about what was done, at the edge of the page; screen readers hear them.

import { h } from "./dom.js";

const SECONDS = 6;

/** Say `text`; `look` is "ok", "warning" or "failed". What failed stays until it is clicked. */
export function toast(text, look = "ok") {
  const element = h("div", { class: `toast ${look}`, onclick: () => element.remove() }, text);
  document.getElementById("toasts").append(element);
  if (look !== "failed") {
    setTimeout(() => element.remove(), SECONDS * 1000);
  }
}
