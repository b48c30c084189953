// Every worker, and draining one.

import { get, post } from "./api.js";
import { act } from "./dialog.js";
import { badge, h, replace } from "./dom.js";
import { age, duration, now, quantity, subject, timestamp, until } from "./format.js";
import { subscribe } from "./live.js";
import { keep, parts, state, t } from "./page.js";
import { sparkline } from "./sparkline.js";
import { load } from "./states.js";
import { table } from "./table.js";

const SECONDS = 5; // between looks; what is told live is looked at once
const STANDARD_DRAIN = 900; // s
const LONGEST_DRAIN = 86400; // s
const MIB = 1 << 20;
const MEMORY_SECONDS = 120; // between two values of the memory over time
const WORDS = { live: t("instances.live"), draining: t("instances.draining"), silent: t("instances.silent"), ended: t("instances.ended") };

const part = (id) => document.getElementById(id);
let workers = [];
let readAt = 0;

/** Whether a worker is heard: only then its last report is current. */
const isHeard = ({ state }) => state === "live" || state === "draining";
const ofNow = (worker, value) => (isHeard(worker) ? value : null);

const rows = table({
  addressed: "worker",
  label: t("instances.list"),
  none: t("instances.none_running"),
  columns: [
    { title: t("instances.instance"), head: true, render: nameOf, sort: (row) => row.id },
    { title: t("instances.state"), render: stateOf, sort: (row) => row.state },
    { title: t("instances.version"), render: (row) => two(row.version ?? "–", row.async_mode ?? "–"), sort: (row) => row.version },
    { title: t("instances.uptime"), number: true, render: (row) => h("span", { title: timestamp(row.started_at) }, duration(row.uptime_s)), sort: (row) => row.uptime_s },
    { title: t("instances.config"), help: "config", number: true, render: configOf, sort: (row) => row.config_version },
    { title: t("instances.lag"), help: "silence", number: true, render: lagOf, sort: (row) => ofNow(row, row.log_silent_s) },
    { title: t("instances.memory"), help: "memory", number: true, render: memoryOf, sort: (row) => ofNow(row, row.memory_bytes) },
    { title: t("instances.sockets"), number: true, render: (row) => quantity(ofNow(row, row.sockets)), sort: (row) => ofNow(row, row.sockets) },
    { title: t("instances.heard"), number: true, render: (row) => age(readAt - row.heard_ms), sort: (row) => row.heard_ms },
  ],
  actions: [
    { title: t("instances.drain"), when: (row) => row.state === "live" && row.drain === null, run: drain },
    { title: t("instances.resume"), when: (row) => isHeard(row) && row.drain !== null, run: resume },
  ],
});

function two(first, second) {
  return [first, h("br"), h("span", { class: "quiet small" }, second)];
}

function nameOf({ id, host, pid, answering }) {
  return [h("span", { class: "mono" }, id), answering ? [" ", badge("", t("instances.answering"), "neutral")] : null, h("br"), h("span", { class: "quiet small" }, t("instances.process", { host, pid }))];
}

function stateOf({ state, drain: order, end }) {
  if (order === null) {
    return [badge(state, WORDS[state]), h("div", { class: "quiet small" }, endOf(state, end))];
  }
  const asked = state === "draining" ? null : [" ", h("span", { class: "small" }, t("instances.asked"))];
  return [badge(state, WORDS[state]), asked, " ", h("span", { class: "small" }, until(order.until_ms)), h("div", { class: "order quiet small" }, parts("instances.order", { by: subject(order.by), reason: order.reason }))];
}

/** How a worker ended, or that nobody saw how. */
function endOf(state, end) {
  if (end !== null) {
    return end.signal ? t("instances.killed", { signal: end.signal }) : t("instances.exited", { code: end.code });
  }
  return { silent: t("instances.silent_why"), ended: t("instances.shut_down") }[state] ?? null;
}

/** The memory in use, and as it was over time. */
function memoryOf(row) {
  const past = row.memory_past_mib ?? [];
  const [least, most] = [Math.min(...past), Math.max(...past)].map((one) => quantity(one * MIB, "bytes"));
  const over = t("instances.memory_over", { least, most, time: duration((past.length - 1) * MEMORY_SECONDS) });
  return [quantity(ofNow(row, row.memory_bytes), "bytes"), past.length > 1 ? [h("div", { class: "memory" }, sparkline(past, over)), h("div", { class: "quiet small" }, over)] : null];
}

/** Whether a worker has the newest configuration that any has: the number of it is no news. */
function configOf(row) {
  if (!isHeard(row) || !row.config_version) {
    return "–";
  }
  const newest = workers.filter(isHeard).reduce((most, { config_version: one }) => (BigInt(one || 0) > most ? BigInt(one) : most), 0n);
  const same = BigInt(row.config_version) === newest;
  return h("span", { title: row.config_version }, same ? t("instances.config_same") : badge("warning", t("instances.config_behind")));
}

function lagOf(worker) {
  const lags = [[t("instances.lag_log"), worker.log_silent_s, worker.log_position], [t("instances.lag_events"), worker.events_silent_s, worker.event_position]];
  return lags.map(([name, seconds, position]) => h("div", { title: position }, h("span", { class: "quiet small" }, name), " ", quantity(ofNow(worker, seconds), "s")));
}

// Reading

const showEnded = h("input", { type: "checkbox", checked: "ended" in state(), onchange: () => (keep({ ended: showEnded.checked ? "true" : null }), draw()) });
const endedCount = h("span");
replace(part("ended"), h("label", { class: "check" }, showEnded, endedCount));

function draw() {
  const ended = workers.filter(({ state }) => state === "ended");
  part("ended").hidden = ended.length === 0;
  replace(endedCount, t("instances.show_ended", { n: ended.length }));
  rows.show(showEnded.checked ? workers : workers.filter(({ state }) => state !== "ended"));
  const counted = Object.keys(WORDS).map((state) => [state, workers.filter((worker) => worker.state === state).length]);
  replace(part("counts"), counted.filter(([, n]) => n > 0).map(([state, n]) => badge(state, `${n} ${WORDS[state]}`)));
  return workers.length ? rows.element : h("p", { class: "quiet" }, t("instances.none"));
}

const look = () =>
  load([part("list"), part("counts")], () => get("/instances"), ({ items }) => {
    workers = items;
    readAt = now();
    return draw();
  });

look();
setInterval(() => document.hidden || look(), SECONDS * 1000);
subscribe({ events: (_, kind) => kind === "delta" && look() }, { types: ["worker.*"] });

// Acting

const others = (worker) => workers.some((one) => one.id !== worker.id && one.state === "live");
const path = (worker, what) => `/instances/${encodeURIComponent(worker.id)}/${what}`;
const whenAcknowledged = (text) => (found) => (found.acknowledged ? text : t("instances.not_yet"));

async function drain(worker) {
  await act({
    title: t("instances.drain_title", { id: worker.id }),
    intro: [t("instances.drain_does"), others(worker) ? null : h("p", { class: "notice warning" }, t("instances.drain_last")), worker.answering ? h("p", {}, t("instances.drain_self")) : null],
    submit: t("instances.drain"),
    danger: !others(worker),
    expiry: { required: true, standard: STANDARD_DRAIN, longest: LONGEST_DRAIN },
    run: ({ reason, expires_in: seconds }, { key }) => post(path(worker, "drain"), { reason, seconds }, { key }),
    done: whenAcknowledged(t("instances.drained")),
  });
  look();
}

async function resume(worker) {
  await act({
    title: t("instances.resume_title", { id: worker.id }),
    intro: t("instances.resume_does"),
    submit: t("instances.resume"),
    run: ({ reason }, { key }) => post(path(worker, "resume"), { reason }, { key }),
    done: whenAcknowledged(t("instances.resumed")),
  });
  look();
}
