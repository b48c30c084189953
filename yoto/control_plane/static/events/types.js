// The choice of types: those that the platform knows, by what they are about.

import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { t } from "../page.js";
import { load } from "../states.js";

/**
 * Returns `{element, chosen()}`; `chosen` is a list of types, empty for all. `changed()` is called
 * after each change. `first`: those that are chosen at the beginning.
 */
export function typePicker({ first, changed }) {
  const chosen = new Set(first);
  const summary = h("span", {});
  const body = h("div", { class: "types-body" });
  const element = h("details", { class: "types", ontoggle: () => element.open && fill(), onkeydown: leave }, h("summary", { class: "button" }, summary), body);

  function refresh() {
    replace(summary, chosen.size ? t("events.types_chosen", { n: chosen.size }) : t("events.types_all"));
    element.title = [...chosen].join(", ");
  }

  function choose(type, wanted) {
    if (wanted) {
      chosen.add(type);
    } else {
      chosen.delete(type);
    }
    refresh();
    changed();
  }

  function fill() {
    if (!body.dataset.loaded) {
      load(body, () => get("/events/types"), ({ items }) => [all(), groups([...new Set([...items, ...chosen])].sort())]);
    }
  }

  const all = () =>
    h(
      "button",
      {
        type: "button",
        onclick: () => {
          chosen.clear();
          body.querySelectorAll("input").forEach((box) => {
            box.checked = false;
          });
          refresh();
          changed();
        },
      },
      t("events.types_reset"),
    );

  function groups(types) {
    const found = grouped(types);
    return h("div", { class: "types-groups" }, [...found].map(([name, members]) => h("fieldset", {}, h("legend", {}, name), members.map(box))));
  }

  const box = (type) =>
    h("label", { class: "check" }, h("input", { type: "checkbox", checked: chosen.has(type), onchange: (event) => choose(type, event.target.checked) }), type.slice(group(type).length + 1) || type);

  function leave(event) {
    if (event.key === "Escape" && element.open) {
      element.open = false;
      element.querySelector("summary").focus();
    }
  }

  document.addEventListener("pointerdown", (event) => {
    if (!element.contains(event.target)) {
      element.open = false;
    }
  });
  refresh();
  return { element, chosen: () => [...chosen].sort() };
}

const group = (type) => type.split(".")[0];

function grouped(types) {
  const found = new Map();
  types.forEach((type) => found.set(group(type), [...(found.get(group(type)) ?? []), type]));
  return found;
}
