// What an alert says, in the language of the page.

import { known, number, quantity } from "./format.js";
import { has, t } from "./page.js";

const share = (value) => quantity(value, "share");
const FORMATS = { hit_rate: share, response_time: (value) => quantity(value, "ms"), error_rate: share, memory: share };

/** The text of an alert. Rules of the platform have one in each language; others say what was written for them. */
export function alertText({ rule, cause, value, limit, text }) {
  const key = `says.${rule}`;
  if (!has(key) || cause !== "value" || !known(value) || !known(limit)) {
    return text;
  }
  const format = FORMATS[rule] ?? number;
  return t(key, { value: format(value), limit: format(limit) });
}
