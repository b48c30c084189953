// How it has been going: charts over a range, or over a stretch of time that was dragged in one of
// them and is kept in the address; marks of what happened; and what is in the counts, as tables.

import { keep, state } from "../address.js";
import { get } from "../api.js";
import { chart, isHole, RANGES, rangePicker } from "../chart.js";
import { h, replace } from "../dom.js";
import { timestamp, toMs } from "../format.js";
import { subscribe } from "../live.js";
import { t } from "../page.js";
import { load } from "../states.js";
import { throttled } from "../tiles.js";
import { breakdownTables } from "./breakdown.js";
import { marksOf, thresholdsOf } from "./marks.js";

const SPECS = [
  { title: t("overview.decisions"), help: "decisions", unit: "per_second", area: true, top: 1, series: [{ key: "checks_allowed", title: t("overview.allowed"), colour: 1 }, { key: "checks_denied", title: t("overview.denied"), colour: 2 }, { key: "checks_unknown", title: t("overview.undecided"), colour: 3 }] },
  { title: t("overview.check_time"), help: "check_time", unit: "ms", series: [{ key: "check_p50_ms", title: "p50", colour: 1 }, { key: "check_p95_ms", title: "p95", colour: 4 }, { key: "check_p99_ms", title: "p99", colour: 5 }] },
  { title: t("overview.hit_rates"), help: "hit_rate", unit: "ratio", top: 100, rule: "cache_hit_rate", series: [{ key: "l1_hit_rate", title: t("overview.l1"), colour: 1 }, { key: "l2_hit_rate", title: t("overview.l2"), colour: 4 }] },
  { title: t("overview.staleness"), help: "staleness", unit: "ms", rule: "yoto_invalidation_staleness_worst", area: true, series: [{ key: "staleness_p99_ms", title: t("overview.stale_age"), colour: 4 }] },
  { title: t("overview.requests"), help: "requests", unit: "per_second", area: true, top: 1, series: [{ key: "request_rate", title: t("overview.rate"), colour: 1 }] },
  { title: t("overview.request_time"), help: "response_time", unit: "ms", rule: "response_ms", series: [{ key: "request_p95_ms", title: "p95", colour: 4 }] },
  { title: t("overview.failures"), help: "error_rate", unit: "ratio", area: true, top: 1, rule: "error_rate", series: [{ key: "error_rate", title: t("overview.share"), colour: 2 }] },
  { title: t("overview.rejections"), help: "rejections", unit: "per_second", area: true, top: 1, series: [{ key: "rejection_rate", title: t("overview.rate"), colour: 3 }] },
];
const LIVE = "10m";
const REFRESH = 60; // s between readings of what the socket does not tell
const SOON = 2000; // ms: marks of what comes together are read once
const TURNS = ["alert.*", "config.changed", "switch.changed", "maintenance.changed", "policy.changed", "worker.*"];
const part = (id) => document.getElementById(id);
// What links, messages and alerts may name: moments in ISO 8601.
const MOMENT = /^\d{4}-\d\d-\d\dT/;

/**
 * Fill the parts "range", "charts" and "breakdown". `heard(name, well)` is told whether these could be
 * had. Returns `{take(data, kind)}`, the handler of the topic "performance".
 */
export function loadCharts(heard) {
  const given = state();
  let range = given.range in RANGES ? given.range : LIVE;
  let span = MOMENT.test(given.from ?? "") && MOMENT.test(given.to ?? "") && toMs(given.from) < toMs(given.to) ? [toMs(given.from), toMs(given.to)] : null;
  let newest; // when the last point was that is shown of the last ten minutes; 0: there is none
  let ofAll = true; // whether the last point was of all workers
  let step = 5; // s

  const charts = SPECS.map((spec) => chart({ ...spec, zoom }));
  const incomplete = h("p", { class: "notice unknown", hidden: true }, t("overview.incomplete"));
  const grid = h("div", { class: "grid charts" }, charts.map(({ element }) => h("div", { class: "card" }, element)));
  const picker = rangePicker(range, choose);
  const whole = h("button", { type: "button", hidden: true, onclick: () => choose(range) }, t("overview.whole"));
  const shown = h("span", { class: "quiet small" });
  part("range").append(h("div", { class: "buttons" }, shown, whole, picker.element));

  const query = () => (span ? { from: new Date(span[0]).toISOString(), to: new Date(span[1]).toISOString() } : { range });
  const live = () => range === LIVE && !span;

  function choose(chosen) {
    range = chosen;
    span = null;
    show();
  }

  function zoom(from, to) {
    span = [Math.floor(from), Math.ceil(to)];
    show();
  }

  /** Show what is chosen, and keep that in the address. */
  function show() {
    const { from = null, to = null } = span ? query() : {};
    keep({ range: range === LIVE ? null : range, from, to });
    read();
  }

  async function readPoints() {
    const asked = JSON.stringify(query());
    const found = await load(part("charts"), () => get("/stats/performance", query()), (answer) => {
      if (asked === JSON.stringify(query())) {
        showPoints(answer); // else another one was chosen meanwhile
      }
    });
    heard("charts", found !== null);
  }

  function showPoints({ points, complete, resolution_s: every }) {
    step = every;
    newest = Math.max(newest ?? 0, points.at(-1)?.at ?? 0);
    incomplete.hidden = complete !== false;
    charts.forEach((one) => one.show(points, span ?? RANGES[range], step));
    replace(part("charts"), incomplete, grid);
  }

  const readMarks = async () => {
    const found = await get("/stats/marks", query()).catch(() => null);
    if (found) {
      const marks = await marksOf(found.items);
      charts.forEach((one) => one.mark(marks));
    }
  };

  const readTables = () => load(part("breakdown"), () => get("/stats/breakdown", query()), breakdownTables);

  function read() {
    whole.hidden = span === null;
    replace(shown, span ? `${timestamp(span[0])} – ${timestamp(span[1])}` : null);
    readPoints();
    readMarks();
    readTables();
  }

  read();
  thresholdsOf().then((found) => SPECS.forEach(({ rule }, at) => rule && charts[at].limits(found(rule))));
  setInterval(() => {
    if (!document.hidden && !span) {
      readMarks();
      readTables();
      if (!live()) {
        readPoints();
      }
    }
  }, REFRESH * 1000);
  const markSoon = throttled(readMarks, SOON);
  subscribe({ events: (_, kind) => kind === "delta" && !span && markSoon() }, { types: TURNS });

  /** The next point. What was missed, or is of other workers than the line so far, is read whole. */
  function add(point) {
    const other = (point.complete !== false) !== ofAll;
    const missed = newest > 0 && isHole(newest, point.at, step);
    ofAll = point.complete !== false;
    newest = Math.max(newest, point.at);
    charts.forEach((one) => one.push(point));
    if (!ofAll) {
      incomplete.hidden = false;
    }
    if (other || missed) {
      readPoints();
    } else {
      heard("charts", true);
    }
  }

  return {
    take(data, kind) {
      if (!live()) {
        return;
      }
      if (kind === "failed") {
        heard("charts", false);
      } else if (kind === "poll") {
        heard("charts", true);
        showPoints(data);
      } else if (newest !== undefined) {
        add(data);
      }
    },
  };
}
