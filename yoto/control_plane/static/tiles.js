// Numbers at a glance, and shares as bars with their words.

import { h } from "./dom.js";
import { quantity } from "./format.js";
import { hint as mark } from "./help.js";

/** A row of tiles: `[{name, value, hint, help}]`, the value a text or node; `help` as `hint` takes it. */
export const tiles = (found) =>
  h(
    "ul",
    { class: "tiles" },
    found.map(({ name, value, hint, help }) =>
      h("li", {}, h("span", { class: "name" }, name, help ? [" ", mark(help, name)] : null), h("span", { class: "figure" }, value), hint ? h("span", { class: "hint" }, hint) : null),
    ),
  );

/**
 * How much of `of` is `value`, as a bar with words beside it; `words` are by default the share.
 * What is not known, or has no whole, has no bar.
 */
export function bar(value, of, { label, words = null } = {}) {
  const known = value !== null && value !== undefined && of > 0;
  return h(
    "span",
    { class: "bar-of" },
    known ? h("progress", { value: Math.min(value, of), max: of, "aria-label": label }) : null,
    h("span", {}, words ?? (known ? quantity(value / of, "ratio") : "–")),
  );
}

/** Call `task` at once and then each `seconds`, but not while nobody looks. Returns `task`. */
export function repeat(task, seconds) {
  task();
  setInterval(() => document.hidden || task(), seconds * 1000);
  return task;
}

/** `task` at most once in `ms`, however often it is asked for; the last wish is granted late. */
export function throttled(task, ms) {
  let waiting = null;
  return () => {
    waiting ??= setTimeout(() => {
      waiting = null;
      task();
    }, ms);
  };
}
