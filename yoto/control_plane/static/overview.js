// The overview: what state everything is in, and how it has been going.

import { borders } from "./additions.js";
import { get } from "./api.js";
import { chart, eventsBetween, isHole, RANGES, rangePicker } from "./chart.js";
import { badge, h, replace } from "./dom.js";
import { addressOf, age, introduce, nameOf, now, quantity, timestamp, toMs } from "./format.js";
import { causeList, levelOfCause } from "./headline.js";
import { isStale, refresh, subscribe, throttled, watch } from "./live.js";
import { has, home, keep, named, state, t } from "./page.js";
import { failed, hint, load, loading, stale, unstale } from "./states.js";
import { table } from "./table.js";

const part = (id) => document.getElementById(id);

// When each part was last heard of, and the parts that could not be read the last time.
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

// How it has been going: charts over a range, or over a stretch of time that was dragged in one of
// them and is kept in the address; marks of what happened; and what is in the counts, as tables.

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
const NEAR = "200px"; // below what is seen, from which on the tables are read
const SOON = 2000; // ms: marks of what comes together are read once
const TURNS = ["alert.*", "config.changed", "switch.changed", "maintenance.changed", "policy.changed", "worker.*"];
// The bounds that links, messages and alerts may name: moments in ISO 8601.
const MOMENT = /^\d{4}-\d\d-\d\dT/;

/**
 * Fill the parts "range", "charts" and "breakdown". `heard(name, well)` is told whether these could be
 * had. Returns `{take(data, kind)}`, the handler of the topic "performance".
 */
function loadCharts(heard) {
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

  async function readPoints(marks = null) {
    const asked = JSON.stringify(query());
    const found = await load(part("charts"), () => get("/stats/performance", { ...query(), marks }), (answer) => {
      if (asked === JSON.stringify(query())) {
        showPoints(answer); // else another one was chosen meanwhile
        showMarks(answer.marks);
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

  const readMarks = async () => showMarks(await get("/stats/marks", query()).catch(() => null));

  async function showMarks(found) {
    if (found) {
      const marks = await marksOf(found.items);
      charts.forEach((one) => one.mark(marks));
    }
  }

  // The tables are below the charts: viewers who do not look there need neither them nor their module.
  let looked = false;
  const readTables = () =>
    looked && load(part("breakdown"), () => Promise.all([import("./overview/breakdown.js"), get("/stats/breakdown", query())]), ([{ breakdownTables }, found]) => breakdownTables(found));

  function read() {
    whole.hidden = span === null;
    replace(shown, span ? `${timestamp(span[0])} – ${timestamp(span[1])}` : null);
    readTables();
    return readPoints(true);
  }

  const sight = new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting)) {
      sight.disconnect();
      looked = true;
      readTables();
    }
  }, { rootMargin: NEAR });
  // Before there are charts, what is below them is in sight.
  read().then(() => sight.observe(part("breakdown")));
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

  /** Add the next point. After missed points, or where it is of other workers, the whole line is read anew. */
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

// Marks in charts: events, and the borders of good values.

/** The answer of `/stats/marks`, as charts take marks. */
function marksOf(items) {
  items.forEach((one) => one.by_name && introduce(one.by, one.by_name));
  return Promise.all(items.map(async (one) => ({ at: one.at, kind: one.kind, text: await textOf(one), href: whereOf(one) })));
}

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
  return addressOf(`${kind === "alert" ? kind : "worker"}:${id}`) ?? eventsBetween(second, second + 1000);
}

/** A function that gives the borders of a metric, by what optional features know; none where they are unknown. */
async function thresholdsOf() {
  const found = await Promise.all(borders.map((one) => one().catch(() => () => [])));
  return (metric) => found.flatMap((one) => one(metric));
}

const charts = loadCharts(heardOf);

// Health: the news of the socket, and the parts that only the detailed status has.

const DETAILS = 10; // s between readings of the details
let nodes = [];
const networks = new Map(); // by topic of a cause, for those who may know

part("health").append(loading());

// The measures of the strips, and by topic the level of its cause, so that both show the same level.
let levels = new Map();
let measures = [];

function showStatus(status, kind) {
  heardOf("health", kind !== "failed");
  if (kind !== "failed") {
    showCauses(status.headline.causes);
    replace(part("health"), strip(status.components));
    if (measures.length) {
      replace(part("minute"), strip(measures));
    }
  } else if (!part("health").querySelector(".strip")) {
    replace(part("health"), failed(status, refresh));
  }
}

// The causes come each second and are drawn only when they differ: links keep the focus.
let shownCauses = "";
const unfolded = new Set();

function showCauses(causes) {
  part("causes-card").hidden = causes.length === 0;
  // An alert that waits to end says nothing of how its measure is now.
  levels = new Map(causes.filter(({ recovering }) => !recovering).map((one) => [one.topic, levelOfCause(one)]));
  // REST alone tells the networks of failed sign-ins, see below.
  const located = causes.map((one) => ({ ...one, network: networks.get(one.topic) ?? one.network }));
  if (JSON.stringify(located) !== shownCauses) {
    shownCauses = JSON.stringify(located);
    replace(part("causes"), causeList(located, unfolded));
  }
}

const strip = (found) => h("ul", { class: "strip" }, found.map(componentOf));
const MEASURE = "health:";

function componentOf({ name, state, value, unit, limit, detail, at }) {
  const measure = name.startsWith(MEASURE);
  const title = measure ? named("measure", name.slice(MEASURE.length)) : named("component", name);
  const told = levels.has(name);
  const level = told && state !== "ok" ? levels.get(name) : state;
  return h(
    "li",
    { dataset: { state } },
    h("span", { class: "name" }, title, has(`help.${name}`) ? [" ", hint(name, title)] : null),
    badge(level),
    h("span", { class: "value", title: spoken(detail) }, valueOf(name, value, unit, limit)),
    // A healthy part needs no words, nor does one named above among the causes.
    state === "ok" || told ? null : h("span", { class: "small" }, spoken(detail)),
    age(at),
  );
}

/** The server's words on a part, in the language of the page where its sentence is a known one: "2 live, 1 silent". */
function spoken(detail) {
  const part = (text) => {
    const [, n, words] = /^(\d+) (\w+)$/.exec(text) ?? [null, null, text];
    const key = `said.${words.toLowerCase().match(/[a-z]+/g)?.join("_")}`;
    return has(key) ? t(key, { n }) : null;
  };
  const whole = part(detail);
  const parts = whole === null ? detail.split(", ").map(part) : [whole];
  return parts.includes(null) ? detail : parts.join(t("shared.between"));
}

function valueOf(name, value, unit, limit) {
  const shown = quantity(value, unit);
  if (name === "redis" && nodes.length > 1) {
    return t("overview.nodes", { value: shown, n: nodes.filter(({ state }) => state === "ok").length, all: nodes.length });
  }
  return (unit === "count" || name.startsWith(MEASURE)) && limit !== null ? `${shown} / ${quantity(limit, unit)}` : shown;
}

const servers = table({
  label: t("overview.servers"),
  key: (row) => row.name,
  columns: [
    { title: t("overview.server"), head: true, render: (row) => row.name.slice("redis:".length) },
    { title: t("status.state"), render: (row) => badge(row.state) },
    { title: t("overview.about"), render: (row) => spoken(row.detail) },
    { title: t("overview.latency"), number: true, render: (row) => quantity(row.value, row.unit) },
    { title: t("status.age"), number: true, render: (row) => age(row.at) },
  ],
});

const showDetails = () =>
  load([part("minute"), part("servers")], () => get("/status/detailed"), ({ components: all, headline }) => {
    networks.clear();
    headline.causes.forEach(({ topic, network }) => network && networks.set(topic, network));
    showCauses(headline.causes);
    measures = all.filter(({ group }) => group === "health");
    nodes = all.filter(({ name }) => name.startsWith("redis:"));
    // One server is what the strip tells of.
    part("servers-card").hidden = nodes.length < 2;
    servers.show(nodes);
    replace(part("servers"), servers.element);
    return strip(measures);
  });

showDetails();
setInterval(() => document.hidden || showDetails(), DETAILS * 1000);

subscribe({ status: showStatus, performance: charts.take });

// Parts that are no longer heard of are marked as stale.
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
