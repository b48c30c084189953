// The order of guards: first those that stop calls, then those that begin to, then those that admit all.

import { named, t } from "../page.js";

// A state by colour (and border), word, and shape of the badge.
const LOOKS = {
  closed: "ok", passing: "ok", free: "ok",
  half_open: "warning", limiting: "warning", waiting: "warning", metrics_only: "warning", disabled: "warning",
  open: "failed", isolated: "failed", full: "failed",
  idle: "neutral", unknown: "unknown",
};
const RANKS = ["failed", "warning", "unknown", "ok", "neutral"];

/** How a guard looks; each partition of a bulkhead is full or free by itself. */
export const lookOf = (guard) => (isParted(guard) ? "neutral" : (LOOKS[guard.state] ?? "unknown"));

/** Its state in words; for a bulkhead in partitions, which have a state each, the strategy instead. */
export const stateOf = (guard) => (isParted(guard) ? t("guards.by_partition", { partition: named("guard_choice", guard.bulkhead.strategy) }) : named("guard_state", guard.state));

const isParted = (guard) => Boolean(guard.bulkhead) && guard.bulkhead.held === null;

const callsOf = ({ rates }) => (rates.passes ?? 0) + (rates.rejections ?? 0);

/** Nobody calls it, and nothing is the matter with it: it can be folded away. */
export const isIdle = (guard, mark) => RANKS.indexOf(lookOf(guard)) >= RANKS.indexOf("ok") && !callsOf(guard) && !mark && guard.defined;

/** The most severe first, then by name: a busy one that overtakes another is no reason to move. */
export function bySeverity(one, other) {
  const [rank, others] = [one, other].map((guard) => RANKS.indexOf(lookOf(guard)));
  return rank - others || one.name.localeCompare(other.name) || one.kind.localeCompare(other.kind);
}
