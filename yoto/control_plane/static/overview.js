// The overview: what state everything is in, and how it has been going.

import { keep, state } from "./address.js";
import { alertText } from "./alert_text.js";
import { get } from "./api.js";
import { badge } from "./badge.js";
import { chart, isHole, RANGES, rangePicker } from "./chart.js";
import { h, replace } from "./dom.js";
import { age, now, quantity } from "./format.js";
import { causeList } from "./headline.js";
import { hint } from "./help.js";
import { isStale, refresh, subscribe, watch } from "./live.js";
import { openAlerts } from "./open_alerts.js";
import { has, named, t } from "./page.js";
import { empty, failed, load, loading, stale, unstale } from "./states.js";
import { table } from "./table.js";

const part = (id) => document.getElementById(id);

// Which parts were heard of, and when last; and which of them the server could not tell the last time.
const reportedAt = new Map();
const broken = new Set();

function heardOf(name, well) {
  if (well) {
    reportedAt.set(name, now());
    broken.delete(name);
  } else {
    broken.add(name);
  }
}

// Charts

const SPECS = [
  { title: t("overview.decisions"), help: "decisions", unit: "per_second", area: true, top: 1, series: [{ key: "checks_allowed", title: t("overview.allowed"), colour: 1 }, { key: "checks_denied", title: t("overview.denied"), colour: 2 }, { key: "checks_unknown", title: t("overview.undecided"), colour: 3 }] },
  { title: t("overview.check_time"), help: "check_time", unit: "ms", series: [{ key: "check_p50_ms", title: "p50", colour: 1 }, { key: "check_p95_ms", title: "p95", colour: 4 }, { key: "check_p99_ms", title: "p99", colour: 5 }] },
  { title: t("overview.hit_rates"), help: "hit_rate", unit: "ratio", top: 100, series: [{ key: "l1_hit_rate", title: t("overview.l1"), colour: 1 }, { key: "l2_hit_rate", title: t("overview.l2"), colour: 4 }] },
  { title: t("overview.staleness"), help: "staleness", unit: "ms", area: true, series: [{ key: "staleness_p99_ms", title: t("overview.stale_age"), colour: 4 }] },
  { title: t("overview.requests"), help: "requests", unit: "per_second", area: true, top: 1, series: [{ key: "request_rate", title: t("overview.rate"), colour: 1 }] },
  { title: t("overview.request_time"), help: "response_time", unit: "ms", series: [{ key: "request_p95_ms", title: "p95", colour: 4 }] },
  { title: t("overview.failures"), help: "error_rate", unit: "ratio", area: true, top: 1, series: [{ key: "error_rate", title: t("overview.share"), colour: 2 }] },
  { title: t("overview.rejections"), help: "rejections", unit: "per_second", area: true, top: 1, series: [{ key: "rejection_rate", title: t("overview.rate"), colour: 3 }] },
];
const REFRESH = 60; // s between readings of the longer ranges, whose points are longer than that

const charts = SPECS.map(chart);
const incomplete = h("p", { class: "notice unknown", hidden: true }, t("overview.incomplete"));
const grid = h("div", { class: "grid wide" }, charts.map(({ element }) => h("div", { class: "card" }, element)));
const picker = rangePicker(state().range in RANGES ? state().range : "10m", () => {
  keep({ range: picker.value() });
  showRange();
});
part("range").append(picker.element);
let newest; // when the last second was that is shown of the last ten minutes; 0: there is none
let ofAll = true; // whether the last point was of all workers

async function showRange() {
  const range = picker.value();
  const found = await load(part("charts"), () => get("/stats/performance", { range }), (answer) => {
    if (range === picker.value()) {
      showPoints(answer); // else another one was chosen meanwhile
    }
  });
  heardOf("charts", found !== null);
}

function showPoints({ range, points, complete, resolution_s: step }) {
  newest = Math.max(newest ?? 0, points.at(-1)?.at ?? 0);
  incomplete.hidden = complete !== false;
  charts.forEach((one) => one.show(points, RANGES[range], step));
  replace(part("charts"), incomplete, grid);
}

showRange();
setInterval(() => document.hidden || (picker.value() === "10m" && !broken.has("charts")) || showRange(), REFRESH * 1000);

function showPerformance(data, kind) {
  if (picker.value() !== "10m") {
    return;
  }
  if (kind === "failed") {
    heardOf("charts", false);
  } else if (kind === "poll") {
    heardOf("charts", true);
    showPoints(data);
  } else if (newest !== undefined) {
    showPoint(data);
  }
}

/** One more second. What was missed, or is of other workers than the line so far, is read whole. */
function showPoint(point) {
  const other = (point.complete !== false) !== ofAll;
  const missed = newest > 0 && isHole(newest, point.at, 1);
  ofAll = point.complete !== false;
  newest = Math.max(newest, point.at);
  charts.forEach((one) => one.push(point));
  if (!ofAll) {
    incomplete.hidden = false;
  }
  if (other || missed) {
    showRange();
  } else {
    heardOf("charts", true);
  }
}

// Health: what the socket tells, and what only the detailed status has.

const DETAILS = 10; // s between readings of the details
let nodes = [];
const networks = new Map(); // by topic of a cause, for those who may know

part("health").append(loading());

function showStatus(status, kind) {
  heardOf("health", kind !== "failed");
  if (kind !== "failed") {
    showCauses(status.headline.causes);
    replace(part("health"), h("ul", { class: "strip" }, status.components.map(componentOf)));
  } else if (!part("health").querySelector(".strip")) {
    replace(part("health"), failed(status, refresh));
  }
}

// What the socket tells each second is drawn only when it is something else: links keep the focus.
let shownCauses = "";

function showCauses(causes) {
  part("causes-card").hidden = causes.length === 0;
  // Whence sign-ins that fail come is told by REST alone, see below.
  const located = causes.map((one) => ({ ...one, network: networks.get(one.topic) ?? one.network }));
  if (JSON.stringify(located) !== shownCauses) {
    shownCauses = JSON.stringify(located);
    replace(part("causes"), causeList(located));
  }
}

function componentOf({ name, state, value, unit, limit, detail, at }) {
  return h(
    "li",
    { dataset: { state } },
    h("span", { class: "name" }, named("component", name), has(`help.${name}`) ? [" ", hint(name, named("component", name))] : null),
    badge(state),
    h("span", { class: "value", title: detail }, valueOf(name, value, unit, limit)),
    // What is as it should be needs no words.
    state === "ok" ? null : h("span", { class: "small" }, detail),
    age(at),
  );
}

function valueOf(name, value, unit, limit) {
  const shown = quantity(value, unit);
  if (name === "redis" && nodes.length > 1) {
    return t("overview.nodes", { value: shown, n: nodes.filter(({ state }) => state === "ok").length, all: nodes.length });
  }
  return unit === "count" && limit !== null ? `${shown} / ${quantity(limit, unit)}` : shown;
}

const measures = table({
  label: t("health.title"),
  key: (row) => row.name,
  columns: [
    { title: t("health.measure"), head: true, render: (row) => named("measure", row.name.slice("health:".length)) },
    { title: t("status.state"), render: (row) => badge(row.state) },
    { title: t("status.value"), number: true, render: (row) => quantity(row.value, row.unit) },
    { title: t("health.limit"), number: true, render: (row) => quantity(row.limit, row.unit) },
    { title: t("status.age"), number: true, render: (row) => age(row.at) },
  ],
});

const servers = table({
  label: t("overview.servers"),
  key: (row) => row.name,
  columns: [
    { title: t("overview.server"), head: true, render: (row) => row.name.slice("redis:".length) },
    { title: t("status.state"), render: (row) => badge(row.state) },
    { title: t("overview.about"), render: (row) => row.detail },
    { title: t("overview.latency"), number: true, render: (row) => quantity(row.value, row.unit) },
    { title: t("status.age"), number: true, render: (row) => age(row.at) },
  ],
});

const showDetails = () =>
  load([part("minute"), part("servers")], () => get("/status/detailed"), ({ components, headline }) => {
    networks.clear();
    headline.causes.forEach(({ topic, network }) => network && networks.set(topic, network));
    showCauses(headline.causes);
    nodes = components.filter(({ name }) => name.startsWith("redis:"));
    // One server is what the strip tells of.
    part("servers-card").hidden = nodes.length < 2;
    servers.show(nodes);
    replace(part("servers"), servers.element);
    measures.show(components.filter(({ group }) => group === "health"));
    return measures.element;
  });

showDetails();
setInterval(() => document.hidden || showDetails(), DETAILS * 1000);

// Alerts: a snapshot has those that are open, and events tell what becomes of them.

part("alerts").append(loading());
const open = openAlerts();

function showAlerts(data, kind) {
  open.take(data, kind);
  const items = open.items();
  heardOf("alerts", items !== null);
  if (items !== null) {
    part("alerts").dataset.loaded = "";
    replace(part("alerts"), items.length ? h("ul", { class: "alerts" }, items.map(alertOf)) : empty(t("overview.no_alerts"), { compact: true }));
  } else if (kind === "failed" && !part("alerts").dataset.loaded) {
    replace(part("alerts"), failed(data, refresh));
  }
}

const alertOf = (alert) =>
  h(
    "li",
    {},
    badge(alert.level),
    " ",
    h("b", {}, named("rule", alert.rule)),
    " ",
    alertText(alert),
    " ",
    age(alert.raised_at),
    alert.acknowledged_by ? h("span", { class: "quiet" }, " ", t("overview.acknowledged", { by: alert.acknowledged_by })) : null,
  );

subscribe({ status: showStatus, performance: showPerformance, alerts: showAlerts });

// What is heard no more is shown as what it is: old.
let heard = null;
watch(({ at }) => {
  heard = at;
});
setInterval(() => {
  for (const [name, at] of reportedAt) {
    if (isStale() || broken.has(name)) {
      stale(part(name), broken.has(name) ? at : heard);
    } else {
      unstale(part(name));
    }
  }
}, 1000);
