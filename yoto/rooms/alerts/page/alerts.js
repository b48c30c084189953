// Alerts with who takes care of them, and silences.

import { LEVELS } from "./count.js";
import { alertDetail } from "./detail.js";
import { levelBadge, levelOf, saidOf, stateOf, subjectOf } from "./parts.js";
import { get, post } from "../control/api.js";
import { act, show } from "../control/dialog.js";
import { badge, h, reported } from "../control/dom.js";
import { age, known, moment, quantity, subject, until } from "../control/format.js";
import { alertText, callerOf } from "../control/headline.js";
import { repeat, subscribe, throttled } from "../control/live.js";
import { home, keep, may, named, parts, state, t } from "../control/page.js";
import { pagedTable } from "../control/table.js";

const part = (id) => document.getElementById(id);
const STATES = ["open", "unclaimed", "over", "any"];
const EVERY_RULE = "*";
const REFRESH = 15; // s between readings where nothing is told
const DRAW_DELAY = 300; // ms: what comes together is read once

// Alerts

// The headline's causes, which know more of firing alerts: the caller, and the alert from which one follows.
let causes = [];
const causeOf = ({ id }) => causes.find(({ kind, where }) => kind === "alert" && where === `alerts?alert=${id}`);

/** The alert, among `items`, from which one follows. */
function rootOf(one, items) {
  const topic = one.open ? causeOf(one)?.follows : null;
  return topic ? items.find((other) => other.open && causeOf(other)?.topic === topic) : undefined;
}

/** Each consequence behind its cause. */
function causesFirst(items) {
  const roots = new Map(items.map((one) => [one, rootOf(one, items)]));
  return items.filter((one) => !roots.get(one)).flatMap((root) => [root, ...items.filter((one) => roots.get(one) === root).map((one) => ({ ...one, root }))]);
}

// The address holds the filters, so that a list can be sent.
const address = state();
const which = choice("state", t("alerts.state"), STATES.map((name) => [name, t(`alerts.state_${name}`)]));
const level = choice("level", t("alerts.level"), [["", t("alerts.any_level")], ...LEVELS.map((name) => [name, t(`alerts.level_${name}`)])]);
part("alert-tools").append(which.element, level.element);

const alerts = pagedTable({
  label: t("alerts.alerts"),
  none: t("alerts.no_alerts"),
  fetch: async (after) => {
    const found = await get("/alerts", { after, state: which.value(), level: level.value() });
    return { ...found, items: causesFirst(found.items) };
  },
  columns: [
    { title: t("alerts.level"), render: levelBadge },
    { title: t("alerts.rule"), head: true, render: about },
    { title: t("alerts.now"), number: true, render: (one) => (one.open ? measured(one, one.value) : null) },
    { title: t("alerts.limit"), number: true, render: (one) => measured(one, one.limit) },
    { title: t("alerts.since"), render: (one) => age(one.raised_at) },
    { title: t("alerts.state"), render: stateOf },
  ],
  actions: [
    { title: t("alerts.acknowledge"), when: (one) => one.open && !one.acknowledged_by, run: (one) => acknowledge(one) },
    { title: t("alerts.silence"), when: (one) => one.open && !one.silenced, run: reported((one) => silence(one)) },
    { title: t("alerts.history"), right: "view", run: reported((one) => history(one)) },
  ],
});
part("alerts").append(alerts.element);

function about(one) {
  const caller = one.open ? causeOf(one)?.caller : null;
  const network = one.open ? causeOf(one)?.network : null;
  return h(
    "div",
    { class: one.root ? "about follows" : "about" },
    h("a", { href: `${home}alerts?alert=${one.id}` }, named("rule", one.rule)),
    subjectOf(one),
    h("div", { class: "quiet small" }, saidOf(one)),
    caller ? h("div", { class: "small" }, parts("headline.caller", { caller: callerOf(caller) })) : null,
    network ? h("div", { class: "small" }, t("headline.network", { network })) : null,
    one.root ? h("div", { class: "quiet small" }, t("alerts.follows", { rule: named("rule", one.root.rule) })) : null,
  );
}

const measured = ({ unit }, value) => quantity(value, unit ?? "count");

const acknowledge = (one) =>
  act({
    title: t("alerts.acknowledge_title", { rule: named("rule", one.rule) }),
    intro: t("alerts.acknowledge_does"),
    submit: t("alerts.acknowledge"),
    run: ({ reason }, { key }) => post(`/alerts/${one.id}/acknowledge`, { reason }, { key }),
    done: t("alerts.acknowledged"),
  }).then(redraw);

async function history(one) {
  const found = await get(`/alerts/${one.id}`);
  const list = pagedTable({
    label: t("alerts.history"),
    fetch: async (after) => (after === null ? { items: found.history, next: found.history_next } : get(`/alerts/${one.id}/history`, { after })),
    columns: [
      { title: t("alerts.at"), render: (entry) => moment(entry.at) },
      { title: t("alerts.event"), head: true, render: (entry) => named("event", entry.type) },
      { title: t("alerts.level"), render: (entry) => (entry.data.level ? badge(entry.data.level, t(`alerts.level_${entry.data.level}`)) : null) },
      { title: t("alerts.what"), render: (entry) => summaryOf(entry, found.unit) },
      { title: t("alerts.by"), render: (entry) => entry.data.by && subject(entry.data.by) },
    ],
  });
  list.reload();
  await show({ title: t("alerts.history_of", { rule: named("rule", one.rule) }), body: list.element, wide: true });
}

/** An event of an alert, in words: somebody's note, or the measured value. */
function summaryOf({ type, data }, unit) {
  if (type === "alert.resolved" && data.cause === "value" && known(data.value)) {
    return t("alerts.back", { value: quantity(data.value, unit ?? "count") });
  }
  return data.note || data.reason || (data.text ? alertText(data) : null);
}

// Silences

const silences = pagedTable({
  label: t("alerts.silences"),
  none: t("alerts.no_silences"),
  columns: [
    { title: t("alerts.rule"), head: true, render: (one) => [h("span", {}, ruleName(one.rule)), subjectOf(one)] },
    { title: t("alerts.ends"), render: (one) => until(one.until) },
    { title: t("alerts.by"), render: (one) => subject(one.by) },
    { title: t("alerts.reason"), render: (one) => one.reason },
  ],
  actions: [{ title: t("alerts.end"), run: (one) => endSilence(one) }],
  fetch: (after) => get("/alerts/silences", { after }),
});
part("silences").append(silences.element);

const ruleName = (rule) => (rule === EVERY_RULE ? t("alerts.every_rule") : named("rule", rule));

if (may("operate")) {
  part("silence-new").append(h("button", { type: "button", onclick: reported(() => silence(null)) }, t("alerts.new_silence")));
}

async function silence(one) {
  const rules = one ? [] : (await get("/alerts/rules")).items;
  const fields = one
    ? []
    : [{ name: "rule", label: t("alerts.rule"), type: "select", options: [[EVERY_RULE, t("alerts.every_rule")], ...rules.map(({ name }) => [name, named("rule", name)])] }];
  await act({
    title: one ? t("alerts.silence_title", { rule: named("rule", one.rule) }) : t("alerts.new_silence"),
    intro: t("alerts.silence_does"),
    submit: t("alerts.silence"),
    fields,
    expiry: { required: true, standard: 3600 },
    run: ({ rule, reason, expires_in: seconds }, { key }) =>
      post("/alerts/silences", { rule: one?.rule ?? rule, labels: one?.labels ?? {}, seconds, reason }, { key }),
    done: t("alerts.silence_begun"),
  });
  redraw();
}

const endSilence = (one) =>
  act({
    title: t("alerts.end_title", { rule: ruleName(one.rule) }),
    intro: t("alerts.end_does"),
    submit: t("alerts.end"),
    run: ({ reason }, { key }) => post(`/alerts/silences/${one.id}/end`, { reason }, { key }),
    done: t("alerts.silence_ended"),
  }).then(redraw);

// Keeping it true

function choice(name, label, options) {
  const id = `choose-${name}`;
  const select = h("select", { id, onchange: choose }, options.map(([value, text]) => h("option", { value, selected: value === address[name] }, text)));
  function choose() {
    keep({ [name]: select.value === options[0][0] ? null : select.value });
    alerts.restart();
  }
  return { element: h("div", {}, h("label", { for: id }, label), select), value: () => select.value };
}

// One of them, named in the address: `?alert=17`.
const wanted = address.alert;
const detail = /^\d{1,15}$/.test(wanted ?? "") ? alertDetail(part("alert"), wanted, { acknowledge, silence: reported(silence), history: reported(history) }) : null;
part("alert-card").hidden = detail === null;

function reload() {
  detail?.();
  alerts.reload();
  silences.reload();
}

let shownCauses = "";
subscribe({
  status(status, kind) {
    causes = kind === "failed" ? causes : status.headline.causes;
    const shown = JSON.stringify(causes.map(({ where, caller, network, follows }) => [where, caller, network, follows]));
    if (shown !== shownCauses) {
      shownCauses = shown;
      redraw();
    }
  },
});
const redraw = throttled(repeat(reload, REFRESH), DRAW_DELAY);
subscribe({ alerts: (_, kind) => kind === "delta" && redraw(), events: (_, kind) => kind === "delta" && redraw() }, { types: ["alert.silenced", "alert.unsilenced"] });
