// Forecasts of the next minutes, values that were not as expected, and metrics that changed their nature:
// the latest report of the worker that forecasts.

import { get } from "../control/api.js";
import { badge, h } from "../control/dom.js";
import { age, clock, moment, number, quantity } from "../control/format.js";
import { repeat, subscribe, throttled } from "../control/live.js";
import { named, t } from "../control/page.js";
import { changed, load, tiles } from "../control/states.js";
import { table } from "../control/table.js";

const place = document.getElementById("forecasts");
const REFRESH = 30; // s: each minute brings a new one
const NEWS_DELAY = 300; // ms: what comes together is read once
const MOST = 20; // anomalies, and drifts, the newest
const UNKNOWN = { nobody: t("forecasts.unknown_nobody"), old: t("forecasts.unknown_old") };
const SILENT = { history: t("forecasts.silent_history"), naive: t("forecasts.silent_naive"), unmeasured: t("forecasts.silent_unmeasured") };

const metric = (one) => named("foretold", one.metric);
const deviations = (value) => quantity(value, "σ");

const metrics = table({
  label: t("forecasts.forecasts"),
  key: (one) => one.metric,
  columns: [
    { title: t("forecasts.metric"), head: true, render: metric },
    { title: t("forecasts.level"), number: true, render: (one) => quantity(one.level, one.unit) },
    { title: t("forecasts.expected"), render: expected },
    { title: t("forecasts.trend"), number: true, render: trend },
    { title: t("forecasts.ratio"), number: true, render: (one) => quantity(one.ratio, "ratio") },
    { title: t("forecasts.score"), number: true, render: (one) => deviations(one.score) },
  ],
});

const anomalies = table({
  label: t("forecasts.anomalies"),
  key: (one) => `${one.metric}@${one.at}`,
  none: t("forecasts.no_anomalies"),
  columns: [
    { title: t("forecasts.metric"), head: true, render: metric },
    { title: t("forecasts.from"), render: (one) => moment(one.at) },
    { title: t("forecasts.until"), render: (one) => moment(one.until) },
    { title: t("forecasts.was"), number: true, render: (one) => quantity(one.value, one.unit) },
    { title: t("forecasts.was_expected"), number: true, render: (one) => quantity(one.expected, one.unit) },
    { title: t("forecasts.how_far"), number: true, render: (one) => deviations(one.score) },
  ],
});

const drifts = table({
  label: t("forecasts.drifts"),
  key: (one) => `${one.metric}@${one.at}`,
  none: t("forecasts.no_drifts"),
  columns: [
    { title: t("forecasts.metric"), head: true, render: metric },
    { title: t("forecasts.since"), render: (one) => moment(one.at) },
  ],
});

function expected(one) {
  const last = one.minutes.at(-1);
  const range = t("forecasts.between", { low: quantity(last.lower, one.unit), high: quantity(last.upper, one.unit) });
  return [h("div", {}, `${quantity(last.value, one.unit)} ${t("forecasts.at", { at: clock(last.at) })}`), h("div", { class: "quiet small" }, range)];
}

/** The last minute of the metrics without a forecast, and why they have none. */
const known = (found) =>
  found.length
    ? [
        h("h3", { class: "actions" }, t("forecasts.last_minute")),
        tiles(found.map((one) => ({ name: metric(one), value: quantity(one.level, one.unit), hint: [SILENT[one.silent] ?? one.silent, one.silent === "unmeasured" && one.level_at ? [" · ", age(one.level_at)] : null] }))),
      ]
    : null;

function trend(one) {
  if (one.trend === null) {
    return null;
  }
  const share = one.unit === "ratio";
  // A share moves by a few hundredths of a per cent, which would be shown as none.
  const size = share ? `${number(one.trend * 100, 3)} %` : quantity(one.trend, one.unit);
  return t("forecasts.per_minute", { n: one.trend > 0 ? `+${size}` : size });
}

const reportedBy = (found) => (found.said_at ? h("p", { class: "quiet small" }, t("forecasts.said", { instance: found.instance }), " ", age(found.said_at)) : null);

function draw(found) {
  const unknown = found.reason !== null;
  const offered = found.metrics.filter((one) => one.silent === null);
  metrics.show(offered);
  anomalies.show(found.anomalies.slice(0, MOST));
  drifts.show(found.drifts.slice(0, MOST));
  // Nothing that was found is only good news where somebody looked.
  const nothing = unknown ? t("forecasts.none_known") : offered.length ? null : t("forecasts.none_compared");
  const listed = (list, rows) => (nothing && !rows.length ? h("p", { class: "quiet" }, nothing) : list.element);
  return h(
    "div",
    {},
    unknown ? h("div", { class: "notice warning", id: "forecasts-unknown" }, badge("unknown"), " ", UNKNOWN[found.reason] ?? found.reason) : offered.length ? metrics.element : null,
    known(found.metrics.filter((one) => one.silent !== null)),
    reportedBy(found),
    h("h3", { class: "actions" }, t("forecasts.anomalies")),
    listed(anomalies, found.anomalies),
    h("h3", { class: "actions" }, t("forecasts.drifts")),
    h("p", { class: "quiet small" }, t("forecasts.drifts_about")),
    listed(drifts, found.drifts),
  );
}

const drawn = changed(place, draw);
const redraw = repeat(() => load(place, () => get("/forecasts"), drawn), REFRESH);
const news = throttled(redraw, NEWS_DELAY);
subscribe({ events: (_, kind) => kind === "delta" && news() }, { types: ["forecast.*"] });
