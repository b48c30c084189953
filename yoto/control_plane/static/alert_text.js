// What an alert says, in the language of the page.

import { known, quantity } from "./format.js";
import { has, t } from "./page.js";

// In what the rules of the platform measure, where that is more than a number: news do not say so.
const UNITS = { hit_rate: "share", response_time: "ms", error_rate: "share", memory: "share", queue_age: "s", invalidation_lag: "s", log_silence: "s" };

/**
 * The text of an alert, about the worst that it was: that holds while the value falls, and afterwards.
 * Rules of the platform have one in each language; others say what was written for them.
 */
export function alertText({ rule, cause, peak_value: peak, limit, text }) {
  const key = `says.${rule}`;
  if (!has(key) || cause === "unknown" || !known(peak) || !known(limit)) {
    return text;
  }
  const format = (value) => quantity(value, UNITS[rule] ?? "count");
  return t(key, { value: format(peak), limit: format(limit) });
}

/** The level of an alert: of one that is over, the worst that it was. */
export const levelOf = (alert) => (alert.open === false ? alert.peak_level : alert.level);
