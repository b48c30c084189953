// Several acts behind one button: a menu in the top layer, which no scrolling part cuts off.

import { h, replace } from "./dom.js";

const GAP = 4; // px between the button and its menu

/** A button called `title` that opens a menu of `acts`: [{title, run, danger}]; `label` says of what. */
export function menu(title, label, acts) {
  const list = h("div", { class: "menu-list", popover: "auto", role: "menu", "aria-label": label, onkeydown: move });
  const button = h("button", { type: "button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": label, onclick: () => list.togglePopover() }, title, h("span", { "aria-hidden": "true" }, " ▾"));
  const items = () => [...list.children];
  replace(
    list,
    acts.map((one) => h("button", { type: "button", role: "menuitem", tabindex: "-1", class: one.danger && "dangerous", onclick: () => (list.hidePopover(), button.focus(), one.run()) }, one.title)),
  );
  list.addEventListener("toggle", ({ newState }) => {
    button.setAttribute("aria-expanded", String(newState === "open"));
    if (newState === "open") {
      place();
      items()[0]?.focus();
    }
  });

  function place() {
    const at = button.getBoundingClientRect();
    const { width, height } = list.getBoundingClientRect();
    const below = at.bottom + GAP + height <= innerHeight;
    list.style.left = `${Math.max(GAP, Math.min(at.right - width, innerWidth - width - GAP))}px`;
    list.style.top = `${Math.max(GAP, below ? at.bottom + GAP : at.top - GAP - height)}px`;
  }

  function move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const all = items();
      all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
    } else if (event.key === "Tab") {
      list.hidePopover();
    }
  }

  return h("div", { class: "menu-of" }, button, list);
}
