// The list of events on the page, newest first: bounded, each event once, with gaps at their places.

import { h } from "../dom.js";
import { compareIds } from "../live.js";
import { entry, gap, words } from "./entry.js";

/**
 * Returns `{element, add(event), addGap(gap), find(text), clear(), newest(), oldest(), size(),
 * found(), dropped()}`. `most`: events that it holds; the oldest one leaves for the next. `find`
 * hides what does not have the text.
 */
export function tail({ label, most }) {
  const element = h("ul", { class: "tail", "aria-label": label });
  const known = new Set();
  let items = []; // newest first: {id, line, words}; those of gaps have no words
  let text = "";
  let dropped = 0;

  /** Where something of this id belongs: before what is older; a gap stands above its event. */
  function place(id, above) {
    const last = items.at(-1);
    if (last && compareIds(id, last.id) < 0) {
      return items.length;
    }
    const at = items.findIndex((item) => (above ? compareIds(id, item.id) >= 0 : compareIds(id, item.id) > 0));
    return at < 0 ? items.length : at;
  }

  function put(at, item) {
    element.insertBefore(item.line, items[at]?.line ?? null);
    items.splice(at, 0, item);
  }

  const hide = (item) => {
    item.line.hidden = item.words !== null && !item.words.includes(text);
  };

  const events = () => items.filter((item) => item.words !== null);

  return {
    element,
    add(event) {
      if (known.has(event.id)) {
        return;
      }
      known.add(event.id);
      const item = { id: event.id, line: entry(event), words: words(event) };
      hide(item);
      put(place(event.id, false), item);
      while (known.size > most) {
        const gone = items.pop();
        gone.line.remove();
        if (gone.words !== null) {
          known.delete(gone.id);
          dropped += 1;
        }
      }
    },
    addGap(missing) {
      const id = missing.after ?? "0-0";
      if (!items.some((item) => item.words === null && item.id === id)) {
        put(place(id, true), { id, line: gap(missing), words: null });
      }
    },
    find(wanted) {
      text = wanted.trim().toLowerCase();
      items.forEach(hide);
    },
    clear() {
      items = [];
      known.clear();
      dropped = 0;
      element.replaceChildren();
    },
    newest: () => events()[0]?.id ?? null,
    oldest: () => events().at(-1)?.id ?? null,
    size: () => known.size,
    found: () => events().filter((item) => !item.line.hidden).length,
    dropped: () => dropped,
  };
}
