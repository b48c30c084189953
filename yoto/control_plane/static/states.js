// The states of a part of a page: loading, empty, failed, stale; and numbers at a glance with a "?"
// beside them.

import { h, replace } from "./dom.js";
import { age, now, quantity } from "./format.js";
import { home, t } from "./page.js";

/** Grey lines in the place of what is being loaded. */
export const loading = () =>
  h("div", { class: "skeleton", role: "status", "aria-label": t("shared.loading") }, h("span"), h("span"), h("span"));

/** There is none, said in a sentence; `action` is a button or link for what could be done. */
export const empty = (text, { action = null, compact = false } = {}) =>
  h("div", { class: compact ? "state compact" : "state" }, h("p", {}, text), action);

/** It could not be loaded; `retry` is called by the button. */
export const failed = (problem, retry = null) =>
  h(
    "div",
    { class: "state problem", role: "alert" },
    h("p", {}, t("shared.not_loaded")),
    h("p", { class: "detail" }, problem.message, problem.requestId ? ` (${t("shared.request_id")} ${problem.requestId})` : ""),
    retry ? h("button", { type: "button", onclick: retry }, t("shared.retry")) : null,
  );

/** Whether a part of the page could not be loaded, or is older than it is to be. */
export const isIncomplete = () => document.querySelector("main :is(.state.problem, .stale, .not-loaded)") !== null;

/**
 * A `draw` for `load` that draws only when the data has changed, so that the focus stays otherwise. For
 * parts that are drawn whole; tables do so by themselves.
 */
export function changed(node, draw) {
  let shown = null;
  return (data) => {
    const key = JSON.stringify(data);
    if (key === shown && node.dataset.loaded) {
      return null;
    }
    shown = key;
    return draw(data);
  };
}

// For each node that `load` fills: how many readings were begun, and which of them is shown.
const readings = new WeakMap();

/**
 * Fill `node` with what `fetch` brings: skeleton, then `draw(data)`, or the problem with a button.
 * Called again, it keeps what is shown until the new data is there, and marks it as old when it
 * cannot be had. Returns the data; null where it could not be had; undefined where a
 * later reading has overtaken this one, whose answer is dropped.
 *
 * `node` may be a list, of nodes that `draw` fills from the same data: all of them are marked; the
 * first has the skeleton and the button, and takes what `draw` returns.
 */
export async function load(node, fetch, draw) {
  const [first, ...others] = [node].flat();
  const reading = readings.get(first) ?? { begun: 0, shown: 0 };
  readings.set(first, reading);
  const mine = (reading.begun += 1);
  if (!first.hasChildNodes()) {
    first.append(loading());
  }
  try {
    const data = await fetch();
    if (mine < reading.shown) {
      return undefined;
    }
    reading.shown = mine;
    [first, ...others].forEach(unstale);
    others.forEach((one) => one.querySelector(":scope > .not-loaded")?.remove());
    const drawn = draw(data);
    if (drawn !== undefined && drawn !== null) {
      replace(first, drawn);
    }
    first.dataset.loaded = String(now());
    return data;
  } catch (error) {
    if (error.name === "AbortError" || mine < reading.shown) {
      return undefined;
    }
    if (error.name !== "Problem") {
      console.error(error);
    }
    if (first.dataset.loaded) {
      [first, ...others].forEach((one) => stale(one, Number(first.dataset.loaded)));
    } else {
      replace(first, failed(error, () => {
        replace(first);
        load(node, fetch, draw);
      }));
      others.forEach((one) => replace(one, h("p", { class: "quiet not-loaded" }, t("shared.not_loaded"))));
    }
    return null;
  }
}

// The mark of a node stands before it, where nothing that the node is filled with takes it away.
const marks = new WeakMap();

/** Mark what `node` shows as of `since` (ms since 1970, or ISO 8601) and not newer. */
export function stale(node, since) {
  if (node.classList.contains("stale")) {
    return;
  }
  const mark = h("p", { class: "stale-mark unknown" }, t("shared.stale"), " ", age(since));
  marks.set(node, mark);
  node.classList.add("stale");
  node.before(mark);
}

/** Mark the content of `node` as current again. */
export function unstale(node) {
  node.classList.remove("stale");
  marks.get(node)?.remove();
}

// A "?" beside a figure: what it is, in one sentence, and a link to what to make of it.

const runbooks = `${home}runbooks/`;
// The runbook that says how to read a figure, where that of the figures in general does not.
const RUNBOOKS = {
  bypassed: "redis",
  check_time: "response_time",
  dead_letters: "dead_letters",
  error_rate: "error_rate",
  hit_rate: "hit_rate",
  lag: "invalidation_lag",
  memory: "memory",
  oldest: "queue_age",
  rejections: "refusals_of_one",
  response_time: "response_time",
  silence: "log_silence",
  staleness: "invalidation_lag",
};
// One for all, so that it stays open when the figure is drawn again.
const shown = h("div", { class: "hint-text", popover: "auto", tabindex: -1 });

/** The button for `help.<key>`; `name` is the figure's, for screen readers. */
export const hint = (key, name) => h("button", { type: "button", class: "hint-mark", "aria-label": t("help.about", { name }), dataset: { help: key } }, "?");

document.addEventListener("click", ({ target }) => {
  const mark = target.closest?.(".hint-mark");
  if (!mark) {
    return;
  }
  const { help: key } = mark.dataset;
  replace(shown, h("p", {}, t(`help.${key}`)), h("p", {}, h("a", { href: runbooks + (RUNBOOKS[key] ?? "figures") }, t("help.more"))));
  // Within a dialog all else is out of reach.
  (mark.closest("dialog") ?? document.body).append(shown);
  const { left, bottom } = mark.getBoundingClientRect();
  shown.showPopover();
  shown.style.left = `${Math.max(8, Math.min(left, innerWidth - shown.offsetWidth - 8))}px`;
  shown.style.top = `${Math.max(8, Math.min(bottom + 4, innerHeight - shown.offsetHeight - 8))}px`;
  shown.focus();
});

// Numbers at a glance, and shares as bars with their words.

/** A row of tiles: `[{name, value, hint, help}]`, the value a text or node; `help` as `hint` takes it. */
export const tiles = (found) =>
  h(
    "ul",
    { class: "tiles" },
    found.map(({ name, value, hint: below, help }) =>
      h("li", {}, h("span", { class: "name" }, name, help ? [" ", hint(help, name)] : null), h("span", { class: "figure" }, value), below ? h("span", { class: "hint" }, below) : null),
    ),
  );

/**
 * How much of `of` is `value`, as a bar with words beside it; `words` are by default the share.
 * An unknown value, or one without a whole, has no bar.
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
