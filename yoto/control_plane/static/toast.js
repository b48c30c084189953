// Short messages about what was done, at the edge of the page; screen readers hear them.

import { h } from "./dom.js";
import { placeOf } from "./focus.js";
import { t } from "./page.js";

const SECONDS = 6;

/** Say `text`; `look` is "ok", "warning" or "failed". What failed stays until it is closed. */
export function toast(text, look = "ok") {
  const stays = look === "failed";
  const button = stays ? h("button", { type: "button", class: "close", "aria-label": t("dialog.close") }, "×") : null;
  const element = h("div", { class: `toast ${look}`, onclick: close }, h("span", {}, text), button);
  const back = placeOf(document.activeElement);

  function close() {
    const focused = element.contains(document.activeElement);
    element.remove();
    if (focused) {
      back();
    }
  }

  document.getElementById("toasts").append(element);
  if (!stays) {
    setTimeout(() => element.remove(), SECONDS * 1000);
  }
}
