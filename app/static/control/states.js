// What a part of a page shows while there is nothing, no longer, or not yet something to show.

import { h, replace } from "./dom.js";
import { age } from "./format.js";
import { t } from "./page.js";

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

/**
 * A `draw` for `load` that draws only what changed since: what has the focus keeps it. For parts
 * that are drawn whole; tables do so by themselves.
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

/**
 * Fill `node` with what `fetch` brings: skeleton, then `draw(data)`, or the problem with a button.
 * Called again, it keeps what is shown until the new data is there, and marks it as old when it
 * cannot be had. Returns the data, or null.
 */
export async function load(node, fetch, draw) {
  if (!node.hasChildNodes()) {
    node.append(loading());
  }
  try {
    const data = await fetch();
    unstale(node);
    const drawn = draw(data);
    if (drawn !== undefined && drawn !== null) {
      replace(node, drawn);
    }
    node.dataset.loaded = String(Date.now());
    return data;
  } catch (error) {
    if (error.name === "AbortError") {
      return null;
    }
    if (error.name !== "Problem") {
      console.error(error);
    }
    if (node.dataset.loaded) {
      stale(node, Number(node.dataset.loaded));
    } else {
      replace(node, failed(error, () => {
        replace(node);
        load(node, fetch, draw);
      }));
    }
    return null;
  }
}

/** Mark what `node` shows as of `since` (ms since 1970, or ISO 8601) and not newer. */
export function stale(node, since) {
  if (node.classList.contains("stale")) {
    return;
  }
  node.classList.add("stale");
  node.prepend(h("p", { class: "stale-mark unknown" }, t("shared.stale"), " ", age(since)));
}

/** What `node` shows is of now again. */
export function unstale(node) {
  node.classList.remove("stale");
  node.querySelector(":scope > .stale-mark")?.remove();
}
