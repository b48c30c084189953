// The list of events on the page, newest first: bounded, each event once, those that say the same
// within a while on one line, with gaps at their places.

import { h } from "../dom.js";
import { compareIds } from "../live.js";
import { entry, gap, milliseconds, words } from "./entry.js";
import { isNews, keyOf } from "./sentence.js";

const TOGETHER = 600_000; // ms between two events that say the same, within which they are one line

/**
 * Returns `{element, add(event), addGap(gap), find(text), clear(), newest(), oldest(), size(),
 * found(), dropped()}`. `most`: events that it holds; the oldest one leaves for the next. `find`
 * hides what does not have the text.
 */
export function tail({ label, most }) {
  const element = h("ul", { class: "tail", "aria-label": label });
  const known = new Set();
  // Newest first: {id, key, events, line, show, words}; `id` is of the newest of its events. Gaps have no words.
  let items = [];
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

  /** Whether an event came soon enough before or after those of a line. */
  function isNear({ events: found }, { id }) {
    const at = milliseconds(id);
    return at >= milliseconds(found.at(-1).id) - TOGETHER && at <= milliseconds(found[0].id) + TOGETHER;
  }

  /** One more event on a line, which moves up where it is the newest. */
  function join(item, event) {
    const at = item.events.findIndex(({ id }) => compareIds(event.id, id) > 0);
    item.events.splice(at < 0 ? item.events.length : at, 0, event);
    item.words += ` ${words(event)}`;
    if (at === 0) {
      item.id = event.id;
      items.splice(items.indexOf(item), 1);
      put(place(event.id, false), item);
    }
    item.show(item.events);
    hide(item);
  }

  function dropOldest() {
    const last = items.at(-1);
    const gone = last.events?.pop();
    if (gone) {
      known.delete(gone.id);
      dropped += 1;
    }
    if (last.events?.length) {
      last.show(last.events);
    } else {
      items.pop();
      last.line.remove();
    }
  }

  const events = () => items.filter((item) => item.words !== null);

  return {
    element,
    add(event) {
      if (known.has(event.id) || !isNews(event)) {
        return;
      }
      known.add(event.id);
      const key = keyOf(event);
      const item = (key !== null && items.find((one) => one.key === key && isNear(one, event))) || null;
      if (item) {
        join(item, event);
      } else {
        const { element: line, show } = entry([event]);
        const made = { id: event.id, key, events: [event], line, show, words: words(event) };
        hide(made);
        put(place(event.id, false), made);
      }
      while (known.size > most) {
        dropOldest();
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
    oldest: () => events().map((item) => item.events.at(-1).id).sort(compareIds)[0] ?? null,
    size: () => known.size,
    found: () => events().filter((item) => !item.line.hidden).reduce((sum, item) => sum + item.events.length, 0),
    dropped: () => dropped,
  };
}
