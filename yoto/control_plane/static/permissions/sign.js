// Effects as signs, beside their words; and codes of reasons in words.

import { h } from "../dom.js";
import { has, t } from "../page.js";

const SIGNS = { allow: "✓", deny: "✕" };

export const sign = (effect) => SIGNS[effect] ?? "·";

/** A reason in words; its code where it is of a policy of one's own. */
export function reasonText(code) {
  const [name, about] = String(code).split(/:(.*)/s);
  return has(`reason.${name}`) ? t(`reason.${name}`) + (about ? ` (${about})` : "") : String(code);
}

/** The same as an element, which has the code as its hint. */
export const reason = (code) => h("span", { title: code }, reasonText(code));
