// Suggestions for tuning, and their outcomes.

import { get, post } from "../control/api.js";
import { act } from "../control/dialog.js";
import { badge, h } from "../control/dom.js";
import { age, duration, number, quantity } from "../control/format.js";
import { repeat, subscribe, throttled } from "../control/live.js";
import { has, named, t } from "../control/page.js";
import { changed, load } from "../control/states.js";
import { table } from "../control/table.js";

const part = (id) => document.getElementById(id);
const REFRESH = 15; // s between readings where nothing is told
const DRAW_DELAY = 300; // ms: what comes together is read once

// Suggestions

const suggestions = table({
  label: t("suggestions.suggestions"),
  none: t("suggestions.none"),
  columns: [
    { title: t("suggestions.setting"), head: true, render: (one) => h("code", {}, one.key) },
    { title: t("suggestions.change"), number: true, render: (one) => `${inUnit(one.now, one.unit)} → ${inUnit(one.proposed, one.unit)}` },
    { title: t("suggestions.confidence"), number: true, render: (one) => quantity(one.confidence, "ratio") },
    { title: t("suggestions.why"), render: (one) => [h("div", {}, whyOf(one)), h("div", { class: "quiet" }, textOf(`suggest.${one.code}_effect`, {}, one.effect))] },
  ],
  actions: [
    { title: t("suggestions.apply"), when: (one) => one.live, run: (one) => decide(one, "apply") },
    { title: t("suggestions.dismiss"), run: (one) => decide(one, "dismiss") },
  ],
});

const outcomes = table({
  label: t("suggestions.outcomes"),
  none: t("suggestions.no_outcomes"),
  key: (one) => `${one.id}@${one.at}`,
  columns: [
    { title: t("suggestions.setting"), head: true, render: (one) => h("code", {}, one.key) },
    { title: t("suggestions.change"), number: true, render: changeOf },
    { title: t("suggestions.result"), render: (one) => badge(one.result, t(`suggestions.result_${one.result}`), { kept: "ok", reverted: "warning" }[one.result]) },
    { title: t("suggestions.verdict"), render: verdictOf },
    { title: t("suggestions.by"), render: (one) => one.author },
    { title: t("suggestions.at"), render: (one) => age(one.ended_at) },
  ],
});

function changeOf(one) {
  return `${one.before === null ? t("suggestions.configured") : inUnit(one.before, one.unit)} → ${inUnit(one.value, one.unit)}`;
}

/** A value of a setting with what it counts. */
const inUnit = (value, unit) => (has(`lever_unit.${unit}`) ? t(`lever_unit.${unit}`, { n: number(value) }) : quantity(value, unit));

// Figures tell their unit by the end of their name.
const UNITS = { ms: "ms", s: "s", share: "share" };
const figure = ([name, value]) => [name, typeof value === "string" ? value : quantity(value, UNITS[name.split("_").at(-1)] ?? "count")];

/** The text of a code, in the language of the page; the server's own text where there is none. */
const textOf = (key, figures, otherwise) => (has(key) ? t(key, Object.fromEntries(Object.entries(figures).map(figure))) : otherwise);
const whyOf = (one) => textOf(`suggest.${one.code}`, one.figures, one.why);
// Some measure one pool or bulkhead: "pool_waits:requests".
const metricName = ({ metric }) => {
  const [kind, ...name] = metric.split(":");
  return [named("tuned_metric", kind), name.join(":")].filter(Boolean).join(" ");
};

function verdictOf(one) {
  const measured = Object.entries(one.figures).map(([name, value]) => [name, quantity(value, one.metric_unit ?? "count")]);
  return has(`tuned.${one.verdict}`) ? t(`tuned.${one.verdict}`, { metric: metricName(one), ...Object.fromEntries(measured) }) : one.why;
}

const dismissed = table({
  label: t("suggestions.dismissed"),
  key: (one) => one.id,
  columns: [{ title: t("suggestions.setting"), head: true, render: (one) => h("code", {}, one.id) }],
  actions: [{ title: t("suggestions.restore"), run: (one) => restore(one.id) }],
});

const restore = (id) =>
  act({
    title: t("suggestions.restore_title", { setting: id }),
    intro: t("suggestions.restore_does"),
    submit: t("suggestions.restore"),
    run: ({ reason }, { key }) => post("/suggestions/restore", { id, reason }, { key }),
    done: t("suggestions.restore_done"),
  }).then(() => redraw());

const drawnSuggestions = changed(part("suggestions"), (found) => {
  suggestions.show(found.items);
  outcomes.show(found.outcomes);
  dismissed.show(found.dismissed.map((id) => ({ id })));
  return h(
    "div",
    {},
    found.observed ? observedNotice(found.observed, found.window) : suggestions.element,
    h("h3", { class: "actions" }, t("suggestions.outcomes")),
    outcomes.element,
    found.dismissed.length ? [h("h3", { class: "actions" }, t("suggestions.dismissed")), dismissed.element] : null,
  );
});

const drawSuggestions = () => load(part("suggestions"), () => get("/suggestions"), drawnSuggestions);

const observedNotice = (one, window) =>
  h("div", { class: "notice warning", id: "observed" }, h("b", {}, one.key), ` ${changeOf(one)} · ${t("suggestions.observed", { metric: metricName(one), n: duration(window) })} · `, age(one.at));

const decide = (one, what) =>
  act({
    title: t(`suggestions.${what}_title`, { setting: one.key }),
    intro: [t(`suggestions.${what}_does`), h("p", {}, h("code", {}, one.key), ` ${inUnit(one.now, one.unit)} → ${inUnit(one.proposed, one.unit)}`)],
    submit: t(`suggestions.${what}`),
    run: ({ reason }, { key }) => post(`/suggestions/${what}`, { id: one.id, reason }, { key }),
    done: t(`suggestions.${what}_done`),
  }).then(() => redraw());

// Keeping it true

const redraw = throttled(repeat(drawSuggestions, REFRESH), DRAW_DELAY);
subscribe({ events: (_, kind) => kind === "delta" && redraw() }, { types: ["tuning.applied", "tuning.kept", "tuning.reverted"] });
