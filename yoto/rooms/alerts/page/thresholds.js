// The values from which on there is an alert. A change that somebody else makes meanwhile is shown, and
// nothing that was typed is lost.

import { get, post, put, read } from "../control/api.js";
import { act, show } from "../control/dialog.js";
import { differenceList } from "../control/difference.js";
import { badge, h, replace, reported } from "../control/dom.js";
import { duration, known, moment, quantity, unitName } from "../control/format.js";
import { repeat } from "../control/live.js";
import { may, named, t } from "../control/page.js";
import { load } from "../control/states.js";
import { pagedTable, table } from "../control/table.js";
import { LEVELS } from "./count.js";

const NUMBERS = [...LEVELS, "hold", "recover", "hysteresis", "unknown_after"];
const STALE = 412;
const REFRESH = 20; // s between readings

const rules = table({
  label: t("settings.thresholds"),
  key: (one) => one.name,
  addressed: "rule",
  columns: [
    { title: t("settings.rule"), head: true, render: (one) => [h("span", {}, named("rule", one.name)), " ", h("div", { class: "quiet small" }, one.own ? h("code", {}, one.metric) : named("watched", one.name))] },
    ...LEVELS.map((level) => ({ title: t(`rules.${level}`), number: true, render: (one) => shown(one, level) })),
    { title: t("settings.holds"), number: true, render: (one) => duration(one.hold) },
    { title: t("settings.state"), render: (one) => [one.enabled ? badge("ok", t("settings.on")) : badge("neutral", t("settings.off")), one.own ? [" ", badge("neutral", t("settings.own"))] : Object.keys(one.set).length ? [" ", badge("warning", t("settings.changed"))] : null] },
  ],
  actions: [
    { title: t("settings.edit"), right: "admin", run: reported((one) => edit(one.name)) },
    { title: t("settings.reset"), right: "admin", when: (one) => !one.own && Object.keys(one.set).length > 0, run: reported((one) => reset(one.name)) },
    { title: t("settings.remove"), right: "admin", danger: true, when: (one) => one.own, run: reported((one) => remove(one.name)) },
    { title: t("settings.history"), right: "view", run: history },
  ],
});

const shown = (one, field) => {
  const text = valueText(one, field, one[field]);
  const value = LEVELS.includes(field) && known(one[field]) ? t(one.direction === "low" ? "settings.below" : "settings.above", { value: text }) : text;
  return field in one.set && !one.own ? h("b", { title: t("settings.default_is", { value: valueText(one, field, one.default[field]) }) }, value) : value;
};

const LENGTHS = new Set(["hold", "recover", "unknown_after"]); // s

/** The value of a field of a rule in words; thresholds have the unit of what the rule watches. */
function valueText(rule, field, value) {
  if (typeof value === "boolean") {
    return t(value ? "settings.on" : "settings.off");
  }
  if (!known(value)) {
    return t("settings.no_limit");
  }
  if (LENGTHS.has(field)) {
    return duration(value);
  }
  return quantity(value, LEVELS.includes(field) ? rule.unit : field === "hysteresis" ? "share" : "count");
}

/** The label of a field, with the unit in which it is typed: shares are typed as 0 to 1. */
function fieldLabel(rule, field) {
  const unit = rule.unit === "share" ? t("settings.unit_share") : unitName(rule.unit);
  return LEVELS.includes(field) && unit ? t("settings.field_in", { field: t(`rules.${field}`), unit }) : named("rules", field);
}

/** Fields and values by name, for people. */
const inWords = (rule, values) => Object.fromEntries(Object.entries(values).map(([field, value]) => [named("rules", field), typeof value === "string" ? value : valueText(rule, field, value)]));

if (may("admin")) {
  document.getElementById("threshold-new").append(h("button", { type: "button", onclick: () => add() }, t("settings.rule_add")));
}

const drawThresholds = () =>
  load(document.getElementById("threshold-list"), () => get("/alerts/rules"), ({ items }) => {
    rules.show(items);
    return rules.element;
  });

async function edit(name) {
  const { data: base, etag: opened } = await read(`/alerts/rules/${encodeURIComponent(name)}`);
  // The current rule. Only typed values are compared with `base`: the rest is not of this operator.
  let [rule, etag] = [base, opened];
  const changes = (values) =>
    Object.fromEntries(Object.entries(values).filter(([field, value]) => field !== "reason" && value !== base[field]));
  const difference = h("div");
  const look = (values) => replace(difference, differenceList(inWords(rule, pick(rule, changes(values))), inWords(rule, changes(values))));
  await act({
    title: t("settings.edit_title", { rule: named("rule", name) }),
    intro: h("p", {}, base.metric, " · ", t(`settings.bad_${base.direction}`)),
    submit: t("settings.save"),
    fields: [
      ...NUMBERS.map((field) => ({ name: field, label: fieldLabel(base, field), type: "number", step: "any", value: base[field], hint: hintOf(base, field) })),
      { name: "runbook", label: t("rules.runbook"), value: base.runbook, maxlength: 500, hint: t("settings.runbook_hint") },
      { name: "enabled", label: t("rules.enabled"), type: "checkbox", value: base.enabled },
    ],
    preview: look,
    async run(values, { key }) {
      try {
        return await put(`/alerts/rules/${encodeURIComponent(name)}`, { values: changes(values), reason: values.reason }, { etag, key });
      } catch (problem) {
        if (problem.status === STALE) {
          ({ data: rule, etag } = await read(`/alerts/rules/${encodeURIComponent(name)}`));
          look(values);
          const set = Object.entries(inWords(rule, rule.set)).map(([field, value]) => `${field} = ${value}`);
          problem.errors = {};
          problem.message = t("settings.conflict", { fields: set.join(", ") || "–", typed: Object.keys(inWords(rule, changes(values))).join(", ") });
        }
        throw problem;
      }
    },
    done: t("settings.saved"),
  });
  drawThresholds();
}

function hintOf(rule, field) {
  return rule.own ? null : t("settings.default_is", { value: valueText(rule, field, rule.default[field]) });
}

const pick = (rule, wanted) => Object.fromEntries(Object.keys(wanted).map((field) => [field, rule[field]]));

const add = () =>
  act({
    title: t("settings.rule_add"),
    intro: t("settings.rule_add_does"),
    submit: t("settings.rule_add"),
    fields: [
      { name: "name", label: t("settings.name"), required: true, maxlength: 64, hint: t("settings.webhook_name") },
      { name: "metric", label: t("settings.metric"), required: true, hint: "yoto_queue_items" },
      { name: "direction", label: t("settings.direction"), type: "select", options: [["high", t("settings.bad_high")], ["low", t("settings.bad_low")]] },
      ...LEVELS.map((level) => ({ name: level, label: t(`rules.${level}`), type: "number", step: "any" })),
      { name: "hold", label: t("rules.hold"), type: "number", step: "any", value: 30 },
      { name: "runbook", label: t("rules.runbook"), maxlength: 500, hint: t("settings.runbook_hint") },
    ],
    run: ({ name, reason, ...values }, { key }) => post("/alerts/rules", { name, values, reason }, { key }),
    done: t("settings.saved"),
  }).then(drawThresholds);

async function remove(name) {
  const { etag } = await read(`/alerts/rules/${encodeURIComponent(name)}`);
  await act({
    title: t("settings.remove_title", { name }),
    intro: t("settings.rule_remove_does"),
    submit: t("settings.remove"),
    danger: true,
    run: ({ reason }, { key }) => post(`/alerts/rules/${encodeURIComponent(name)}/remove`, { reason }, { etag, key }),
    done: t("settings.rule_removed"),
  });
  drawThresholds();
}

async function reset(name) {
  const { data: rule, etag } = await read(`/alerts/rules/${encodeURIComponent(name)}`);
  await act({
    title: t("settings.reset_title", { rule: named("rule", name) }),
    intro: differenceList(inWords(rule, rule.set), inWords(rule, pick({ ...rule, ...rule.default }, rule.set))),
    submit: t("settings.reset"),
    run: ({ reason }, { key }) => post(`/alerts/rules/${encodeURIComponent(name)}/reset`, { reason }, { etag, key }),
    done: t("settings.saved"),
  });
  drawThresholds();
}

async function history(rule) {
  const { name } = rule;
  const known_so_far = new Map(); // by version: each is compared with the one before it
  const list = pagedTable({
    fetch: async (after) => {
      const page = await get(`/alerts/rules/${encodeURIComponent(name)}/history`, { after });
      page.items.forEach((one) => known_so_far.set(one.version, one));
      return page;
    },
    label: t("settings.history"),
    key: (one) => one.version,
    none: t("settings.no_history"),
    columns: [
      { title: t("settings.version"), number: true, head: true, render: (one) => one.version },
      { title: t("settings.changed"), render: (one) => differenceList(inWords(rule, known_so_far.get(one.version - 1)?.set ?? {}), inWords(rule, one.set)) },
      { title: t("settings.by"), render: (one) => one.by },
      { title: t("settings.reason"), render: (one) => one.reason },
      { title: t("settings.at"), render: (one) => moment(one.at) },
    ],
  });
  list.reload();
  await show({ title: t("settings.history_of", { rule: named("rule", name) }), body: list.element, wide: true });
}

repeat(drawThresholds, REFRESH);
