// Acts upon rights: foretold by the server, and followed by what did change.

import { h, isLost, replace, toHeading } from "../control/dom.js";
import { now } from "../control/format.js";
import { t } from "../control/page.js";
import { doing } from "./denied.js";
import { foretold, outcome } from "./preview.js";

/**
 * Draw `node` anew after an act: the focused element in it, known by its name, has the focus again; if it
 * is gone, the heading has.
 */
export async function drawnAnew(node, draw) {
  const called = (one) => one.getAttribute("aria-label") ?? one.getAttribute("aria-labelledby") ?? one.textContent;
  const name = node.contains(document.activeElement) ? called(document.activeElement) : null;
  await draw();
  if (name !== null && isLost()) {
    const same = [...node.querySelectorAll("button, select, input")].find((one) => called(one) === name && !one.disabled);
    if (same) {
      same.focus();
    } else {
      toHeading(node);
    }
  }
}

/**
 * An act in a dialog. `tries(values)` brings it as `foretold` takes it, or undefined while nothing
 * is chosen or nothing would change; all other options are those of `act`.
 */
export async function changeRights(place, { tries, run, ...options }) {
  let turns = [];
  let since = null;
  const look = async (values, signal) => {
    const act = tries(values);
    const found = act === undefined ? { node: null, turns: [] } : await foretold(place, act, signal);
    turns = found.turns;
    return found.node;
  };
  const done = await doing(place, {
    ...options,
    preview: look,
    async run(values, more) {
      since = new Date(now()).toISOString();
      return run(values, more);
    },
  });
  if (done && turns.length) {
    // Not awaited: the caller draws meanwhile.
    outcome(place, turns, since)
      .catch((problem) => h("p", { role: "status" }, t("preview.outcome_not_now", { why: problem.message })))
      .then((said) => replace(document.getElementById("outcome"), said));
  }
  return done;
}
