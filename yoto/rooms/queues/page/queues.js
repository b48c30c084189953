// Queues: what waits, what died, and who works.

import { get, post, put } from "../control/api.js";
import { act, show } from "../control/dialog.js";
import { badge, h, replace } from "../control/dom.js";
import { age, duration, moment, number, quantity, subject } from "../control/format.js";
import { repeat, subscribe, throttled } from "../control/live.js";
import { keep, may, state, t } from "../control/page.js";
import { bar, load, tiles } from "../control/states.js";
import { pagedTable, table } from "../control/table.js";

const part = (id) => document.getElementById(id);
const code = (text) => h("span", { class: "name-of" }, text);
const REFRESH = 2; // s between readings

const STRATEGIES = { conservative: t("queues.conservative"), auto: t("queues.auto"), aggressive: t("queues.aggressive") };
const WHY = { forced: t("queues.why_forced"), configured: t("queues.why_configured"), analysis: t("queues.why_analysis") };
const ADVICE = {
  queue_growing: t("queues.queue_growing"),
  queue_standing: t("queues.queue_standing"),
  items_overdue: t("queues.items_overdue"),
  pace_too_low: t("queues.pace_too_low"),
  subject_dominates: t("queues.subject_dominates"),
  reason_dominates: t("queues.reason_dominates"),
};
const HEALTH = { excellent: t("queues.excellent"), attention: t("queues.attention"), warning: t("queues.warning"), critical: t("queues.critical") };
const HEALTH_LOOKS = { excellent: "ok", attention: "unknown", warning: "warning", critical: "failed" };

// The batch queue

const kinds = table({
  label: t("queues.kinds"),
  key: (row) => row.kind,
  addressed: "kind",
  columns: [
    { title: t("queues.kind"), head: true, render: ({ kind }) => code(kind), sort: (row) => row.kind },
    { title: t("queues.waiting"), number: true, render: ({ waiting }) => number(waiting), sort: (row) => row.waiting },
    { title: t("queues.in_flight"), number: true, render: ({ in_flight: found }) => number(found) },
    { title: t("queues.delayed"), number: true, render: ({ delayed }) => number(delayed) },
    { title: t("queues.dead"), number: true, render: ({ dead }) => number(dead), sort: (row) => row.dead },
    { title: t("queues.oldest"), number: true, render: ({ oldest_age: found }) => quantity(found, "s"), sort: (row) => row.oldest_age },
    { title: t("queues.rates"), number: true, render: ({ inflow, processing }) => `${quantity(inflow, "per_second")} → ${quantity(processing, "per_second")}` },
    { title: t("queues.handled"), render: ({ served }) => (served ? badge("ok", t("queues.served")) : badge("warning", t("queues.unserved"))) },
  ],
  actions: [
    { title: t("queues.letters"), right: "view", when: ({ dead }) => dead > 0, run: ({ kind }) => open(kind) },
    { title: t("queues.redrive_all"), when: ({ dead }) => dead > 0, run: redriveAll },
  ],
  none: t("queues.no_kinds"),
});
const consumers = table({
  label: t("queues.consumers"),
  key: (row) => row.name,
  columns: [
    { title: t("queues.worker"), head: true, render: ({ name }) => subject(`worker:${name}`) },
    { title: t("queues.busy"), render: ({ busy, workers }) => bar(busy, workers, { label: t("queues.busy"), words: t("queues.busy_of", { busy: number(busy), workers: number(workers) }) }) },
    { title: t("queues.in_flight"), number: true, render: ({ in_flight: found }) => number(found) },
    { title: t("queues.hanging"), number: true, render: ({ abandoned }) => number(abandoned) },
    { title: t("queues.heard"), render: ({ silent_for: silent }) => t("unit.ago", { age: duration(silent) }) },
  ],
  none: t("queues.no_consumers"),
});

const showBatch = ({ batch }) =>
  tiles([
    { name: t("queues.waiting"), value: number(batch.waiting), hint: t("queues.more", { in_flight: number(batch.in_flight), delayed: number(batch.delayed) }) },
    { name: t("queues.oldest"), help: "oldest", value: quantity(batch.oldest_age, "s") },
    { name: t("queues.inflow"), help: "inflow", value: quantity(batch.inflow, "per_second") },
    { name: t("queues.processing"), help: "processing", value: quantity(batch.processing, "per_second") },
    { name: t("queues.dead"), help: "dead_letters", value: number(batch.dead) },
  ]);

// One reading for all parts; each shows by itself when it could not be had.
const read = () => {
  const found = get("/queues");
  const fetch = () => found;
  load(part("batch"), fetch, showBatch);
  load(part("kinds"), fetch, ({ batch }) => (kinds.show(batch.kinds), kinds.element));
  load(part("consumers"), fetch, ({ batch }) => (consumers.show(batch.consumers), consumers.element));
  load(part("invalidation"), fetch, ({ invalidation }) => showInvalidation(invalidation));
};
const reload = repeat(read, REFRESH);

async function redriveAll({ kind, dead }) {
  await act({
    title: t("queues.redrive_all_of", { kind }),
    intro: t("queues.redrive_all_does", { n: number(dead) }),
    submit: t("queues.redrive_all"),
    run: ({ reason }, { key }) => post(`/queues/${encodeURIComponent(kind)}/redrive`, { reason }, { key }),
    done: ({ redriven }) => t("queues.redriven", { n: number(redriven) }),
  });
  changed();
}

// Changes of queues by background work are seen at once; else they are read again and again.
subscribe({ tasks: throttled(reload, 500) });

// Dead letters of one kind

let letters = null;
let opener = null;

function open(kind) {
  keep({ letters: kind });
  opener = document.activeElement;
  const path = `/queues/${encodeURIComponent(kind)}/dead`;
  const one = (letter) => `${path}/${encodeURIComponent(letter.id)}`;
  letters = pagedTable({
    label: t("queues.letters_of", { kind }),
    columns: [
      { title: t("queues.id"), head: true, render: ({ id }) => code(id) },
      { title: t("queues.died"), render: ({ died_at: at }) => age(at) },
      { title: t("queues.tries"), number: true, render: ({ tries }) => number(tries) },
      { title: t("queues.cause"), render: ({ reason }) => reason },
      { title: t("queues.content"), render: ({ excerpt }) => code(excerpt) },
    ],
    actions: [
      { title: t("queues.show"), right: "view", run: (letter) => showLetter(one(letter)) },
      { title: t("queues.redrive"), run: (letter) => redrive(letter, one(letter)) },
      { title: t("queues.discard"), danger: true, run: (letter) => discard(letter, one(letter)) },
    ],
    none: t("queues.no_letters"),
    fetch: (after) => get(path, { after }),
  });
  replace(part("letters-title"), t("queues.letters_of", { kind }));
  replace(part("letters-acts"), h("button", { type: "button", onclick: close }, t("queues.close")));
  replace(part("letters"), letters.element);
  part("letters-card").hidden = false;
  part("letters-title").focus();
  letters.reload();
}

function close() {
  keep({ letters: null });
  letters = null;
  part("letters-card").hidden = true;
  // The focused element is hidden now; the button that opened the card may be gone with its letters.
  (opener?.isConnected ? opener : part("batch-title")).focus();
}

if (state().letters) {
  open(state().letters);
}

function changed() {
  reload();
  letters?.reload();
}

async function showLetter(path) {
  const body = h("div");
  load(body, () => get(path), (letter) => [
    h("dl", { class: "facts" }, facts([[t("queues.cause"), letter.reason], [t("queues.tries"), number(letter.tries)], [t("queues.enqueued"), moment(letter.enqueued_at)], [t("queues.died"), moment(letter.died_at)]])),
    h("pre", { class: "content", tabindex: "0", "aria-label": t("queues.content") }, pretty(letter.payload)),
  ]);
  await show({ title: t("queues.letter"), body, wide: true });
}

const facts = (pairs) => pairs.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);

function pretty(payload) {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}

async function redrive({ id }, path) {
  await act({
    title: t("queues.redrive_one", { id }),
    intro: t("queues.redrive_does"),
    submit: t("queues.redrive"),
    run: ({ reason }, { key }) => post(`${path}/redrive`, { reason }, { key }),
    done: ({ redriven }) => t("queues.redriven", { n: number(redriven) }),
  });
  changed();
}

async function discard({ id }, path) {
  await act({
    title: t("queues.discard_one", { id }),
    intro: t("queues.discard_does"),
    submit: t("queues.discard"),
    danger: true,
    run: ({ reason }, { key }) => post(`${path}/discard`, { reason }, { key }),
    done: t("queues.discarded"),
  });
  changed();
}

// The queue of invalidations

function showInvalidation(found) {
  const { strategy, recommendations } = found;
  offerStrategies(strategy);
  return [
    h("p", {}, badge(found.health, HEALTH[found.health], HEALTH_LOOKS[found.health]), " ", h("b", {}, t("queues.strategy", { name: STRATEGIES[strategy.in_force] })), " ", h("span", { class: "quiet" }, WHY[strategy.why]), forcedOf(strategy)),
    tiles([
      { name: t("queues.waiting"), value: number(found.waiting), hint: t("queues.claimed", { n: number(found.claimed) }) },
      { name: t("queues.later"), value: number(found.later) },
      { name: t("queues.oldest"), value: quantity(found.length ? found.oldest_age : null, "s") },
      { name: t("queues.inflow"), value: quantity(found.inflow, "per_second") },
      { name: t("queues.outflow"), value: quantity(found.outflow, "per_second") },
      { name: t("queues.merged"), help: "merged", value: number(found.totals.merged), hint: t("queues.of_submitted", { n: number(found.totals.submitted) }) },
    ]),
    recommendations.length ? h("ul", { class: "notes" }, recommendations.map(({ code: name, figures }) => h("li", {}, ADVICE[name] ?? name, figures.name ? ` (${figures.name})` : ""))) : null,
  ];
}

function offerStrategies(strategy) {
  if (may("operate")) {
    const choose = h("button", { type: "button", onclick: () => choose_strategy(false) }, t("queues.choose"));
    const end = strategy.why === "forced" ? h("button", { type: "button", onclick: () => choose_strategy(true) }, t("queues.end_choice")) : null;
    if (part("strategy-acts").children.length !== (end ? 2 : 1)) {
      replace(part("strategy-acts"), choose, end);
    }
  }
}

const forcedOf = ({ forced }) => (forced ? h("span", {}, " · ", t("queues.forced", { time: duration(forced.left_s), reason: forced.reason })) : null);

async function choose_strategy(ends) {
  await act({
    title: ends ? t("queues.end_choice") : t("queues.choose"),
    intro: ends ? t("queues.end_choice_does") : t("queues.choose_does"),
    submit: ends ? t("queues.end_choice") : t("queues.choose_do"),
    fields: ends ? [] : [{ name: "strategy", label: t("queues.which"), type: "select", options: Object.entries(STRATEGIES), value: "auto" }],
    expiry: ends ? null : { required: true, standard: 900, longest: 86400 },
    run: async ({ strategy, expires_in: seconds, reason }, { key }) => (await put("/queues/invalidation/strategy", ends ? { strategy: "normal", reason } : { strategy, seconds, reason }, { key })).data,
    done: ({ in_force: name }) => t("queues.strategy", { name: STRATEGIES[name] }),
  });
  reload();
}
