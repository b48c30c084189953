// A state as a word with a colour and a shape, so that none of them alone carries it.

import { h } from "./dom.js";
import { named } from "./page.js";

// How the states that the server names are drawn: ok, warning, failed, unknown, neutral.
const LOOKS = {
  ok: "ok", excellent: "ok", good: "ok", live: "ok", closed: "ok", healthy: "ok", resolved: "ok", done: "ok", active: "ok", allow: "ok", allowed: "ok",
  warning: "warning", degraded: "warning", half_open: "warning", silent: "warning", draining: "warning", slow: "warning", acknowledged: "warning",
  failed: "failed", error: "failed", critical: "failed", open: "failed", isolated: "failed", forced_open: "failed", firing: "failed", deny: "failed", denied: "failed", unavailable: "failed",
  unknown: "unknown",
};

/** A badge for `state`; `text` is by default the text `state.<state>`. `look` overrules the colour. */
export const badge = (state, text = named("state", state), look = lookOf(state)) =>
  h("span", { class: `badge ${look}` }, text);

/** "ok", "warning", "failed", "unknown", or "neutral" for what has no colour of its own. */
export const lookOf = (state) => LOOKS[String(state).toLowerCase()] ?? "neutral";
