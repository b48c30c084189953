// One alert: what it is about over time, what changed before it, what to do, and the acts on it.

import { get } from "../control/api.js";
import { chart, eventsBetween } from "../control/chart.js";
import { differenceList } from "../control/difference.js";
import { badge, h, replace } from "../control/dom.js";
import { addressOf, age, known, moment, quantity, subject, toMs } from "../control/format.js";
import { home, may, named, t } from "../control/page.js";
import { load, tiles } from "../control/states.js";
import { table } from "../control/table.js";
import { levelBadge, saidOf, stateOf, subjectOf } from "./parts.js";

const MOST_FIELDS = 3; // of a change that are shown
const LONGEST = 40; // characters of a value
const FIRST = 10; // changes that are shown before somebody asks for the rest
const MARKS = { audit: "act", event: "act", worker: "restart" };
const WEB = /^https?:\/\//;

/**
 * The view of one alert in `node`. `acts`: `{acknowledge(one), silence(one), history(one)}`. Returns
 * `reload`, which reads it again.
 */
export function alertDetail(node, id, acts) {
  const facts = h("div");
  const curve = h("div");
  const before = h("div");
  replace(node, facts, curve, h("h3", {}, t("alerts.before")), h("p", { class: "quiet small" }, t("alerts.before_about")), before);
  let plot = null;
  let changes = [];
  let raised = null;

  const list = table({
    label: t("alerts.before"),
    none: t("alerts.nothing_before"),
    key: (one) => `${one.kind}:${one.id}:${one.what}`,
    columns: [
      { title: t("alerts.at"), render: (one) => moment(one.at) },
      { title: t("alerts.what"), head: true, render: (one) => [badge("neutral", t(`alerts.change_${one.kind}`)), " ", h("a", { href: sourceOf(one) }, one.what)] },
      { title: t("alerts.subject"), render: (one) => one.subject && subject(one.kind === "worker" ? `worker:${one.subject}` : one.subject) },
      { title: t("alerts.by"), render: (one) => one.by && subject(one.by) },
      { title: t("alerts.reason"), render: (one) => one.reason },
      { title: t("alerts.change"), render: differenceOf },
    ],
  });

  function draw(one) {
    const measured = (value) => quantity(value, one.unit ?? "count");
    raised = one;
    return h(
      "div",
      {},
      h("div", { class: "card-head" }, h("h2", { id: "alert-title", tabindex: "-1" }, levelBadge(one), " ", named("rule", one.rule), subjectOf(one)), h("a", { href: `${home}alerts` }, t("alerts.all"))),
      h("p", {}, saidOf(one)),
      tiles([
        { name: t("alerts.now"), value: one.open ? measured(one.value) : "–" },
        { name: t("alerts.peak"), value: measured(one.peak_value), hint: t(`alerts.level_${one.peak_level}`) },
        { name: t("alerts.limit"), value: measured(one.limit) },
        { name: t("alerts.since"), value: age(one.raised_at), hint: moment(one.raised_at) },
      ]),
      h("p", {}, stateOf(one)),
      h(
        "div",
        { class: "buttons" },
        may("operate") && one.open && !one.acknowledged_by ? h("button", { type: "button", class: "primary", onclick: () => acts.acknowledge(one) }, t("alerts.acknowledge")) : null,
        may("operate") && one.open && !one.silenced ? h("button", { type: "button", onclick: () => acts.silence(one) }, t("alerts.silence")) : null,
        h("button", { type: "button", onclick: () => acts.history(one) }, t("alerts.history")),
        one.runbook ? h("a", { class: "button", href: runbookOf(one) }, t("alerts.runbook")) : null,
      ),
    );
  }

  function drawValues({ unit, thresholds, points, resolution_s: step, since, until, complete }) {
    // A rule that was loosened ended it: it is shown with the threshold that it had.
    const limitOf = ({ level, at }) => (raised?.open === false && raised.cause === "value" && level === raised.peak_level && known(raised.limit) ? raised.limit : at);
    const borders = thresholds.map((one) => ({ at: limitOf(one), level: one.level, label: t(`alerts.level_${one.level}`), always: true }));
    plot ??= chart({ title: t("alerts.around"), unit: unit ?? "count", series: [{ key: "value", title: named("rule", raised?.rule ?? ""), colour: 1 }] });
    plot.limits(borders);
    // A count of a minute that is not over would look like a fall.
    plot.show(points.filter((one) => one.at <= toMs(until)), [toMs(since), toMs(until)], step);
    mark();
    return h("div", {}, complete ? null : h("p", { class: "notice unknown" }, t("alerts.incomplete")), plot.element);
  }

  function drawBefore({ items, more, unknown }) {
    changes = items;
    list.show(items.slice(0, FIRST));
    mark();
    const rest = h("button", { type: "button", onclick: showRest }, t("shared.more"));
    function showRest() {
      list.show(items);
      rest.remove();
    }
    return h(
      "div",
      {},
      unknown.length ? h("p", { class: "notice unknown" }, t("alerts.before_unknown", { what: unknown.map((kind) => t(`alerts.change_${kind}`)).join(", ") })) : null,
      list.element,
      items.length > FIRST ? h("div", { class: "more" }, rest) : null,
      more ? h("p", { class: "quiet small" }, t("alerts.before_more")) : null,
    );
  }

  function mark() {
    const own = raised ? [{ at: toMs(raised.raised_at), kind: "alert", text: t("alerts.raised") }] : [];
    plot?.mark([...own, ...changes.map((one) => ({ at: toMs(one.at), kind: MARKS[one.kind], text: [one.what, one.subject].filter(Boolean).join(" "), href: sourceOf(one) }))]);
  }

  async function reload() {
    const [one] = await Promise.all([load(facts, () => get(`/alerts/${id}`), draw), before.dataset.loaded ? null : load(before, () => get(`/alerts/${id}/before`), drawBefore)]);
    if (one && (one.open || !curve.dataset.loaded)) {
      load(curve, () => get(`/alerts/${id}/values`), drawValues);
    }
  }

  return reload;
}

/** Where more is known of a change. */
function sourceOf(one) {
  const [from, to] = [Math.floor(toMs(one.at) / 1000) * 1000, (Math.floor(toMs(one.at) / 1000) + 1) * 1000];
  const times = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  return { audit: `${home}audit?${times}`, event: eventsBetween(from, to), worker: addressOf(`worker:${one.id}`) }[one.kind];
}

// A path is of this server, wherever it is mounted; a text that is neither a path nor of the web is no link.
const runbookOf = ({ runbook }) => (WEB.test(runbook) ? runbook : home + runbook.replace(/^\/control\//, ""));

function differenceOf({ kind, data }) {
  const most = { most: MOST_FIELDS, longest: LONGEST };
  return kind === "audit" ? differenceList(data.before, data.after, most) : differenceList(null, data, most);
}
