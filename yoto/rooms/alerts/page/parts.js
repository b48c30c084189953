// The parts that the list of alerts and the view of one share.

import { badge, h } from "../control/dom.js";
import { age, duration, subject, toMs } from "../control/format.js";
import { alertText, recovery } from "../control/headline.js";
import { home, named, t } from "../control/page.js";

// The kind of guard that the label "name" of these rules names.
const GUARDS = { refusals_of_one: "rate_limit", breaker_open: "circuit_breaker", breaker_isolated: "circuit_breaker" };

/** The subject of an alert or a silence, by its labels: a guard and a kind of items lead to their pages. */
export const subjectOf = ({ rule, labels }) => Object.entries(labels).map((one) => [" ", h("span", { class: "labels" }, labelOf(rule, ...one))]);

function labelOf(rule, name, value) {
  if (name === "name" && GUARDS[rule]) {
    return [`${named("kind", GUARDS[rule])} `, subject(`guard:${GUARDS[rule]}:${value}`, { text: value })];
  }
  return name === "kind" ? [`${t("alerts.items_of")} `, h("a", { href: `${home}queues?kind=${encodeURIComponent(value)}` }, value)] : `${name}: ${value}`;
}

/** The level of an alert; the worst that it had where it is over. */
export const levelOf = (alert) => (alert.open === false ? alert.peak_level : alert.level);

/** How bad an alert is: its level, or that its value is back and it waits to end. */
export function levelBadge(one) {
  const level = one.recovering ? "recovering" : levelOf(one);
  return badge(level, t(`condition.${level}`));
}

/** The text of an alert; a recovering one has the value at which it fired, and the current one. */
export const saidOf = (one) => recovery(one) ?? alertText(one);

/** The state of an alert: who works on it, whether it is silenced, or how long it lasted. */
export function stateOf(one) {
  if (!one.open) {
    const lasted = duration((toMs(one.resolved_at) - toMs(one.raised_at)) / 1000);
    return [badge("resolved", t("alerts.is_over")), ` ${t("alerts.lasted", { n: lasted })} · `, age(one.resolved_at)];
  }
  const taken = one.acknowledged_by
    ? [badge("acknowledged", t("alerts.taken")), " ", subject(one.acknowledged_by), one.note ? `: ${one.note}` : ""]
    : [badge("firing", t("alerts.untaken"))];
  return [taken, one.silenced ? [" ", badge("neutral", t("alerts.silenced"))] : null];
}
