// The parts of all pages: elements, states as badges, short messages, and where the focus goes.
// Elements are built, never parsed: data cannot become markup.

import { OWN, addressWith, named, t } from "./page.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element: `h("button", {class: "primary", onclick: act, "aria-label": name}, "Close")`.
 *
 * Attributes: functions are listeners (`onclick`); true is an empty attribute; null, undefined and
 * false leave it away; `dataset` is an object. Children: nodes, texts, numbers, lists of them;
 * null, undefined and false are left away.
 */
export const h = (name, attributes, ...children) =>
  fill(document.createElement(name), attributes, children);

/** The same for SVG. */
export const svg = (name, attributes, ...children) =>
  fill(document.createElementNS(SVG, name), attributes, children);

/** Replace the content of `node` by `children`; where they are there already, the focus stays. */
export function replace(node, ...children) {
  const wanted = nodes(children);
  const there = node.childNodes;
  if (there.length !== wanted.length || wanted.some((child, at) => child !== there[at])) {
    // A figure that is drawn anew has a new "?": a user of the keyboard must not lose the focus on it.
    const help = node.contains(document.activeElement) ? document.activeElement.dataset.help : null;
    node.replaceChildren(...wanted);
    if (help) {
      node.querySelector(`[data-help="${help}"]`)?.focus({ preventScroll: true });
    }
  }
  return node;
}

/** Have `node` say `text`; the same text is not written again, so nothing is read out twice. */
export function say(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** A number that no other call on this page returns, for ids. */
export const uniqueId = (prefix) => `${prefix}-${(counter += 1)}`;

let counter = 0;

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value);
    } else if (name === "dataset") {
      Object.assign(element.dataset, value);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...nodes(children));
  return element;
}

const nodes = (children) =>
  children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));

// A state as a word with a colour and a shape, so that none of them alone carries it.

// How the states that the server names are drawn: ok, warning, failed, unknown, neutral.
const LOOKS = {
  ok: "ok", excellent: "ok", good: "ok", live: "ok", closed: "ok", healthy: "ok", resolved: "ok", done: "ok", active: "ok", allow: "ok", allowed: "ok",
  warning: "warning", degraded: "warning", half_open: "warning", silent: "warning", draining: "warning", slow: "warning", acknowledged: "warning", recovering: "warning",
  failed: "failed", error: "failed", critical: "failed", open: "failed", isolated: "failed", forced_open: "failed", firing: "failed", deny: "failed", denied: "failed", unavailable: "failed",
  unknown: "unknown",
};

/** A badge for `state`; `text` is by default the text `state.<state>`. `look` overrules the colour. */
export const badge = (state, text = named("state", state), look = lookOf(state)) =>
  h("span", { class: `badge ${look}` }, text);

/**
 * The count at the entry of `page` in the navigation: a function of its text, "" for none, of the words that are read
 * out for it, and of a level that colours it.
 */
export function countAt(page) {
  const entries = document.querySelectorAll(`[data-count=${page}]`);
  return (text, label, level = "") =>
    entries.forEach((entry) => {
      entry.dataset.level = level;
      replace(entry, text && [h("span", { "aria-hidden": "true" }, text), h("span", { class: "hidden-text" }, label)]);
    });
}

/** "ok", "warning", "failed", "unknown", or "neutral" for what has no colour of its own. */
export const lookOf = (state) => LOOKS[String(state).toLowerCase()] ?? "neutral";

// Where the focus goes when what had it is gone, so that a keyboard need not begin at the top again.

const ACTS = "button:not(:disabled), a[href], summary, input:not(:disabled), select:not(:disabled), textarea:not(:disabled)";

/** Whether nothing has the focus. */
export const isLost = () => document.activeElement === null || document.activeElement === document.body;

/** Focus the first thing inside `node` that can be used; whether there was one. */
export function enter(node) {
  const found = node ? [...node.querySelectorAll(ACTS)].find((one) => one.getClientRects().length > 0) : null;
  found?.focus();
  return Boolean(found);
}

/** Focus the heading of the part of the page that `node` is in. */
export function toHeading(node) {
  const part = node?.closest("section, dialog, main") ?? document.querySelector("main");
  const heading = part?.querySelector("h1, h2, h3") ?? document.querySelector("main h1") ?? document.querySelector("main");
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
}

/**
 * Remember where `element` is: the function that is returned goes back to it or, once it is gone, to
 * what is nearest to where it was.
 */
export function placeOf(element) {
  const around = [];
  for (let node = element; node; node = node.parentElement) {
    around.push(node);
  }
  return () => {
    if (element?.isConnected) {
      element.focus();
    } else if (isLost()) {
      const near = around.find((node) => node.isConnected && node !== document.body && node !== document.documentElement);
      if (!near?.closest("tbody, li") || !enter(near)) {
        toHeading(near);
      }
    }
  };
}

// Short messages about what was done, at the edge of the page; screen readers hear them.

const SECONDS = 6;

/** Say `text`; `look` is "ok", "warning" or "failed". A failure stays until it is closed. */
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

/** `run`, with its problem in a toast, so that no button does nothing. Brings null then. */
export const reported =
  (run) =>
  async (...given) => {
    try {
      return await run(...given);
    } catch (problem) {
      if (problem.name !== "Problem") {
        console.error(problem);
      }
      toast(problem.message, "failed");
      return null;
    }
  };

/** A button that copies the address of the page as it is now. */
export const copyLink = () => h("button", { type: "button", class: "small", onclick: copy }, t("page.copy_link"));

async function copy() {
  const address = addressWith(Object.fromEntries(OWN.map((name) => [name, null])));
  try {
    await navigator.clipboard.writeText(address);
    toast(t("page.link_copied"));
  } catch {
    // Only pages that came by HTTPS may, and whoever looks may have forbidden it.
    toast(t("page.link_is", { address }), "failed");
  }
}
