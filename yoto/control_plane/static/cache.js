// Cache and consistency: what each tier answers, how far each worker follows the log, and the acts.

import { get, jsonId, post } from "./api.js";
import { act } from "./dialog.js";
import { badge, h, replace } from "./dom.js";
import { age, duration, number, quantity, subject, until } from "./format.js";
import { edit } from "./guards/editor.js";
import { asText } from "./guards/fields.js";
import { linesPart } from "./cache/lines.js";
import { repeat, subscribe, throttled } from "./live.js";
import { asksFor, may, named, page, parts, state, t } from "./page.js";
import { bar, load, tiles } from "./states.js";
import { table } from "./table.js";

const part = (id) => document.getElementById(id);

const ACCOUNTS = [["user", t("cache.user")], ["application", t("cache.application")]];
const TARGETS = [...ACCOUNTS, ["role", t("cache.role")], ["team", t("cache.team")], ...page.resources.map(({ type }) => [type, named("scope", type)]), ["all", t("cache.all")]];
const TIERS = { l1: t("cache.l1"), l2: t("cache.l2"), db: t("cache.db") };
const KINDS = { users: t("cache.users"), conditional: t("cache.conditional") };
const WORKER_LOOKS = { following: "ok", cut_off: "failed", unknown: "unknown" };
const REFRESH = 3; // s between readings
const LONG_LAG = 100; // entries of the log that fill the bar

// The picture

const workers = table({
  label: t("cache.workers"),
  columns: [
    { title: t("cache.worker"), head: true, render: ({ id }) => h("span", { class: "name-of" }, subject(`worker:${id}`)), sort: (row) => row.id },
    { title: t("cache.state"), render: ({ state }) => badge(state, undefined, WORKER_LOOKS[state]), sort: (row) => row.state },
    { title: t("cache.behind"), help: "lag", render: behindOf, sort: (row) => row.behind },
    { title: t("cache.silence"), help: "silence", render: silenceOf, sort: (row) => row.silence_s },
    { title: t("cache.held"), number: true, render: ({ keys }) => number(keys), sort: (row) => row.keys },
    { title: t("cache.as_of"), render: ({ age_s }) => (age_s === 0 ? t("cache.now") : t("unit.ago", { age: duration(age_s) })), sort: (row) => row.age_s },
  ],
  none: t("cache.no_workers"),
});
const memory = table({
  label: t("cache.memory"),
  key: (row) => row.kind,
  columns: [
    { title: t("cache.kind"), head: true, render: ({ kind }) => KINDS[kind] ?? kind },
    { title: t("cache.keys"), number: true, render: ({ keys }) => number(keys) },
    { title: t("cache.capacity"), number: true, render: ({ capacity }) => number(capacity) },
    { title: t("cache.used"), render: ({ kind, keys, capacity }) => bar(keys, capacity, { label: KINDS[kind] ?? kind }) },
    { title: t("cache.evictions"), number: true, render: ({ evictions }) => number(evictions) },
  ],
});
const l2Size = h("p", { class: "quiet small" }, t("cache.l2_size"));
let bound = 0;
let newest = null;

function behindOf({ behind, applied_number: applied }) {
  // The numbers themselves are for whoever compares logs.
  const title = t("cache.at_entry", { applied: number(applied), newest: number(newest) });
  if (behind === null) {
    return h("span", { title }, t("cache.lag_unknown"));
  }
  const words = behind === 0 ? t("cache.up_to_date") : t("cache.entries_behind", { n: number(behind) });
  return h("span", { title }, bar(behind, LONG_LAG, { label: t("cache.behind"), words }));
}

function silenceOf({ silence_s: silence }) {
  return silence === null ? "–" : bar(silence, bound, { label: t("cache.silence"), words: t("cache.of_bound", { n: number(silence), bound: number(bound) }) });
}

function showTiers(found) {
  const { events, tiers } = found;
  replace(part("window"), found.window.complete ? t("cache.window", { time: duration(found.window.seconds) }) : t("cache.window_here", { time: duration(found.window.seconds) }));
  return tiles([
    ...tiers.filter(({ tier }) => tier !== "db").map((one) => ({ name: t("cache.rate_of", { tier: TIERS[one.tier] }), help: "hit_rate", value: quantity(one.hit_rate, "ratio"), hint: t("cache.hits_of", { hits: number(one.hits), asked: number(one.hits + one.misses + one.bypassed + one.errors) }) })),
    ...tiers.filter(({ tier }) => tier === "db").map((one) => ({ name: t("cache.loads"), value: number(one.hits), hint: one.errors ? t("cache.load_errors", { n: number(one.errors) }) : null })),
    { name: t("cache.stampedes"), help: "stampedes", value: number(events.stampedes_avoided) },
    { name: t("cache.refused"), help: "stale_refused", value: number(events.stale_refused ?? 0), hint: t("cache.refused_hint") },
    { name: t("cache.bypassed"), help: "bypassed", value: number(tiers.reduce((sum, one) => sum + one.bypassed, 0)), hint: t("cache.bypassed_hint") },
  ]);
}

function showWorkers(found) {
  bound = found.log.max_staleness_s;
  newest = found.log.newest_number;
  workers.show(found.workers);
  return workers.element;
}

function showMemory(found) {
  replace(part("instance"), found.instance);
  memory.show(found.stores);
  return [memory.element, l2Size];
}

// One reading for all parts; each shows by itself when it could not be had.
export const reload = repeat(() => {
  const found = get("/cache");
  const fetch = () => found;
  load(part("tiers"), fetch, showTiers);
  load(part("workers"), fetch, showWorkers);
  load(part("memory"), fetch, showMemory);
}, REFRESH);

linesPart(part("lines"), part("lines-range"));
subscribe({ cache: throttled(reload, 2000) });

// The settings of operators and of the tuner

const SETTING = { title: t("cache.setting"), head: true, render: (row) => [named("guard_field", row.name), h("div", { class: "quiet small name-of" }, row.name.toUpperCase())] };
const DEFAULT = { title: t("cache.default"), number: true, render: (row) => withUnit(row.beneath, row.field) };
const settings = table({
  label: t("cache.settings"),
  key: (row) => row.name,
  columns: [SETTING, { title: t("cache.in_force"), number: true, render: (row) => withUnit(row.value, row.field) }, DEFAULT, { title: t("cache.set_by"), render: setBy }],
});
const defaults = table({ label: t("cache.default"), key: (row) => row.name, columns: [SETTING, DEFAULT] });
const untouched = h("details", {}, h("summary", { class: "quiet" }), defaults.element);

function withUnit(value, field) {
  const unit = typeof value === "number" && field.unit ? ` ${named("guard_unit", field.unit)}` : "";
  return `${typeof value === "number" ? number(value) : asText(value, field)}${unit}`;
}

function setBy({ layer }) {
  const who = [subject(layer.author), layer.origin === "tuner" ? ` (${t("cache.by_tuner")})` : ""];
  return [parts("guards.set_by", { author: who, reason: layer.reason || t("banner.no_reason") }), " ", age(layer.at), " · ", until(layer.expires_at)];
}

function showSettings({ items: [entry], fields }) {
  const layers = { operator: entry.override, tuner: entry.tuned };
  const rows = fields.filter((field) => !field.tuners_own).map((field) => {
    const { name } = field;
    const beneath = entry.defaults[name];
    // Nothing set is what the configuration says.
    return { name, field, beneath, value: entry.values[name] ?? beneath, layer: layers[entry.origins[name]] };
  });
  settings.show(rows.filter(({ layer }) => layer));
  defaults.show(rows.filter(({ layer }) => !layer));
  replace(untouched.firstChild, t("cache.at_default", { n: number(defaults.rows().length) }));
  return [settings.rows().length ? settings.element : null, defaults.rows().length ? untouched : null];
}

const reloadSettings = repeat(() => load(part("settings"), () => get("/config/tuning", { limit: 1 }), showSettings), REFRESH);

if (may("operate")) {
  part("settings-acts").append(h("button", { type: "button", onclick: async () => (await edit("tuning", "fleet")) && reloadSettings() }, t("cache.settings_change")));
}

// Acts

/** An id is a number where its type has integers, and of a user where it looks so. */
function target({ kind, id }) {
  const ids = page.resources.find(({ type }) => type === kind)?.ids ?? "integer";
  return { kind, id: kind === "all" || id === "" ? null : ids === "integer" ? jsonId(id) : id };
}

async function previewOf(values, signal) {
  if (values.kind !== "all" && values.id === "") {
    return t("cache.preview_needs_id");
  }
  const found = await post("/cache/invalidate/preview", target(values), { signal });
  const lines = [found.name === null ? t("cache.preview_nobody", { subject: found.subject }) : t("cache.preview_name", { subject: found.subject, name: found.name })];
  lines.push(found.memory === null ? t("cache.preview_memory_unknown") : t("cache.preview_memory", { users: number(found.memory.users), entries: number(found.memory.entries) }));
  if (ACCOUNTS.some(([kind]) => kind === values.kind)) {
    lines.push(found.redis_entries === null ? t("cache.preview_redis_unknown") : t("cache.preview_redis", { n: number(found.redis_entries) }));
  }
  if (found.people === null) {
    lines.push(t("cache.preview_people_unknown"));
  } else {
    lines.push(found.people.exact ? t("cache.preview_people", { n: number(found.people.count) }) : t("cache.preview_people_about", { n: number(found.people.count) }));
  }
  return h("ul", { class: "notes" }, lines.map((line) => h("li", {}, line)));
}

const invalidate = async ([kind, id] = ["user", ""]) => {
  await act({
    title: t("cache.invalidate"),
    intro: t("cache.invalidate_does"),
    submit: t("cache.invalidate_do"),
    danger: true,
    fields: [
      { name: "kind", label: t("cache.what"), type: "select", options: TARGETS, value: kind },
      { name: "id", label: t("cache.id"), value: id, hint: t("cache.id_hint") },
      { name: "memory", label: t("cache.memory_only"), type: "checkbox", hint: t("cache.memory_only_hint") },
    ],
    preview: previewOf,
    run: (values, { key }) => post("/cache/invalidate", { ...target(values), memory: values.memory, reason: values.reason }, { key }),
    done: ({ subject, position }) => t("cache.invalidated", { subject, position }),
  });
  reload();
};

/** An act with its button and what it does, as the page lists them. */
export const actLine = (title, does, run, { danger = false } = {}) => h("div", { class: "act-line" }, h("button", { type: "button", class: danger && "dangerous", onclick: run }, title), h("span", { class: "quiet small" }, does));

if (may("operate")) {
  part("acts").append(actLine(t("cache.invalidate"), t("cache.invalidate_does"), () => invalidate()));
  part("acts-card").hidden = false;
  const { target: wanted = "user:" } = state();
  if (asksFor("invalidate")) {
    invalidate(wanted.split(/:(.*)/s));
  }
}
