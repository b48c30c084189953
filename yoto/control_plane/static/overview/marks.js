// What charts are marked with: what happened, and the borders of alert rules.

import { get } from "../api.js";
import { eventsBetween } from "../chart.js";
import { page, named, t } from "../page.js";
import { addressOf, nameOf } from "../subject.js";

const home = page.api.replace(/api$/, "");
const LEVELS = ["warning", "error", "critical"];
const MS = 1000; // of a second: charts of times that a rule watches in seconds

/** Marks as charts take them, of what `/stats/marks` answers. */
export const marksOf = (items) =>
  Promise.all(items.map(async (one) => ({ at: one.at, kind: one.kind, text: await textOf(one), href: whereOf(one) })));

async function textOf({ kind, what, subject, by, id }) {
  if (kind === "alert") {
    return `${named("rule", subject ?? id)}: ${named("event", what)}`;
  }
  if (kind === "restart") {
    return `${t(`overview.${what.replace("worker.", "worker_")}`)} ${id}`;
  }
  return [what, subject, by ? await nameOf(by) : null].filter(Boolean).join(" · ");
}

function whereOf({ kind, id, at }) {
  const second = Math.floor(at / 1000) * 1000;
  if (kind === "act") {
    return `${home}audit?${new URLSearchParams({ from: new Date(second).toISOString(), to: new Date(second + 1000).toISOString() })}`;
  }
  return kind === "alert" ? `${home}alerts?alert=${encodeURIComponent(id)}` : addressOf(`worker:${id}`) ?? eventsBetween(second, second + 1000);
}

/** A function that gives the borders of a metric, by the rules of now; none where they are unknown. */
export async function thresholdsOf() {
  const { items } = await get("/alerts/rules").catch(() => ({ items: [] }));
  return (metric) => {
    const rule = items.find((one) => one.metric === metric && one.enabled);
    const factor = rule?.unit === "s" ? MS : 1;
    return rule ? LEVELS.filter((level) => rule[level] !== null).map((level) => ({ at: rule[level] * factor, level, label: t(`rules.${level}`) })) : [];
  };
}
