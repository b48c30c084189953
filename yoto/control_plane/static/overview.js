// The overview: what state everything is in, and how it has been going.

import { alertText } from "./alert_text.js";
import { get } from "./api.js";
import { badge } from "./badge.js";
import { h, replace } from "./dom.js";
import { age, now, quantity } from "./format.js";
import { causeList } from "./headline.js";
import { hint } from "./help.js";
import { isStale, refresh, subscribe, watch } from "./live.js";
import { openAlerts } from "./open_alerts.js";
import { loadCharts } from "./overview/charts.js";
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

// Charts, and the tables beside them

const charts = loadCharts(heardOf);

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

subscribe({ status: showStatus, performance: charts.take, alerts: showAlerts });

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
