// Ctrl-K: one search over people, resources, guards, alerts, pages and acts. A combobox in a dialog:
// the input keeps the focus, and the arrows choose among what was found.

import { get } from "./api.js";
import { h, placeOf, replace, say, uniqueId } from "./dom.js";
import { has, home, named, t } from "./page.js";

const TYPING = 150; // ms without a key until it is searched

/** Open it, with the text that was typed before it came. */
export function search(typed = "") {
  if (document.querySelector("dialog[open]")) {
    return; // what is asked there comes first
  }
  const back = placeOf(document.activeElement);
  const title = uniqueId("palette");
  const list = h("ul", { id: `${title}-list`, role: "listbox", "aria-label": t("palette.found"), class: "palette-list" });
  const input = h("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": list.id, "aria-autocomplete": "list", "aria-labelledby": title, autocomplete: "off", spellcheck: "false", placeholder: t("palette.hint"), maxlength: 100, oninput: wait, onkeydown: press });
  const told = h("p", { role: "status", class: "quiet small" });
  const dialog = h("dialog", { class: "palette", "aria-labelledby": title, onclose: leave, onclick: (event) => event.target === dialog && dialog.close() }, h("h2", { id: title, class: "hidden-text" }, t("palette.open")), input, list, told);
  let items = [];
  let chosen = -1;
  let waiting = null;
  let turn = 0;
  let wanted = false; // Enter came before the answer

  function wait() {
    clearTimeout(waiting);
    wanted = false;
    waiting = setTimeout(look, input.value.trim() ? TYPING : 0);
  }

  async function look() {
    const mine = (turn += 1);
    const text = input.value.trim();
    waiting = null;
    try {
      const found = text ? (await get("/search", { text })).items : pages();
      if (mine === turn) {
        show(found, text ? t(found.length ? "palette.count" : "palette.none", { n: found.length, text }) : t("palette.help"));
      }
    } catch (problem) {
      if (mine === turn) {
        show([], problem.message);
      }
    }
  }

  function show(found, words) {
    items = found;
    replace(list, items.map((item, at) => option(item, `${list.id}-${at}`, () => go(at))));
    list.hidden = items.length === 0;
    say(told, words);
    choose(items.length ? 0 : -1);
    if (wanted && items.length) {
      go(0);
    }
  }

  function choose(at) {
    chosen = at;
    [...list.children].forEach((one, n) => one.setAttribute("aria-selected", String(n === at)));
    const one = list.children[at];
    one?.scrollIntoView({ block: "nearest" });
    if (one) {
      input.setAttribute("aria-activedescendant", one.id);
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  function press(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.isComposing) {
      return; // the keys are those of what is written with
    }
    if (step && items.length) {
      event.preventDefault();
      choose((chosen + step + items.length) % items.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      wanted = waiting !== null;
      if (wanted) {
        clearTimeout(waiting);
        look();
      } else if (chosen >= 0) {
        go(chosen);
      }
    }
  }

  function go(at) {
    location.assign(home + items[at].where);
    dialog.close();
  }

  function leave() {
    clearTimeout(waiting);
    turn += 1;
    dialog.remove();
    back();
  }

  document.body.append(dialog);
  dialog.showModal();
  input.value = typed;
  input.focus();
  look();
}

/** The pages of the navigation, before anything is typed. */
const pages = () =>
  [...document.querySelectorAll(".side .nav a")].map((link) => ({ kind: "page", title: link.querySelector("[data-title]")?.textContent ?? link.firstChild.nextSibling.textContent.trim(), hint: null, where: link.pathname.slice(home.length) }));

function option({ kind, title, hint, of }, id, go) {
  const word = has(`palette.kind.${kind}`) ? t(`palette.kind.${kind}`) : named("scope", kind);
  return h("li", { id, role: "option", "aria-selected": "false", title: of || null, onclick: go }, h("span", { class: "palette-kind quiet small" }, word), h("span", { class: "palette-title" }, title), hint ? h("span", { class: "quiet small" }, hint) : null);
}
