// Rights that people ask for: those that wait for whoever looks, and what became of all.

import { get, post } from "../control/api.js";
import { act } from "../control/dialog.js";
import { badge, h } from "../control/dom.js";
import { age, duration, subject, until } from "../control/format.js";
import { repeat, subscribe, throttled } from "../control/live.js";
import { keep, page, state, t } from "../control/page.js";
import { pagedTable } from "../control/table.js";
import { REQUEST_EVENTS } from "./count.js";

const part = (id) => document.getElementById(id);
const STATES = ["open", "granted", "refused", "withdrawn", "lapsed", "ended"];
const LOOKS = { open: "warning", granted: "ok" };
const REFRESH = 60; // s between readings where nothing is told
const DRAW_DELAY = 300; // ms: what comes together is read once

const who = (one) => subject(`user:${one.user_id}`, { text: one.username, link: page.rights.includes("platform.view") });
const permissions = (one) => [one.permission, ...one.also];
const what = (one) => [permissions(one).map((name) => h("div", {}, h("code", {}, name))), h("div", { class: "quiet" }, subject(`${one.scope}:${one.scope_id}`, { text: one.place_name }))];
const approved = (one) => (one.needed > 1 ? h("div", { class: "quiet" }, t("access_requests.approved", { n: one.approvals.length, all: one.needed })) : null);

const columns = [
  { title: t("access_requests.who"), head: true, render: who },
  { title: t("access_requests.what"), render: what },
  { title: t("access_requests.why"), render: (one) => one.reason },
];

const inbox = pagedTable({
  label: t("access_requests.inbox"),
  none: t("access_requests.none"),
  addressed: "request",
  fetch: (after) => get("/access-requests", { after }),
  columns: [
    ...columns,
    { title: t("access_requests.seconds"), number: true, render: (one) => [duration(one.seconds), approved(one)] },
    { title: t("access_requests.asked"), render: (one) => age(one.created_at) },
    { title: t("access_requests.lapses"), render: (one) => until(one.due_at) },
  ],
  actions: [
    { title: t("access_requests.grant"), run: (one) => grant(one) },
    { title: t("access_requests.refuse"), run: (one) => refuse(one) },
  ],
});
part("inbox").append(inbox.element);

const chosen = h(
  "select",
  { onchange: () => (keep({ state: chosen.value }), all.reload()) },
  h("option", { value: "" }, t("access_requests.any_state")),
  STATES.map((name) => h("option", { value: name }, t(`access_requests.state_${name}`))),
);
chosen.value = STATES.includes(state().state) ? state().state : "";
part("all-tools").append(h("label", {}, t("access_requests.state"), " ", chosen));

const all = pagedTable({
  label: t("access_requests.all"),
  none: t("access_requests.none_at_all"),
  fetch: (after) => get("/access-requests", { box: "all", after, state: chosen.value }),
  columns: [
    ...columns,
    { title: t("access_requests.state"), render: (one) => [badge(one.state, t(`access_requests.state_${one.state}`), LOOKS[one.state] ?? "neutral"), approved(one)] },
    { title: t("access_requests.until"), render: (one) => (one.state === "granted" ? until(one.due_at) : one.ended_at && age(one.ended_at)) },
    { title: t("access_requests.by"), render: (one) => one.decided_by && [subject(one.decided_by, { text: one.decided_by_name }), h("div", { class: "quiet" }, one.decision ?? "")] },
  ],
  actions: [{ title: t("access_requests.end"), danger: true, when: (one) => one.state === "granted", run: (one) => end(one) }],
});
part("all").append(all.element);

const named = (one) => ({ who: one.username ?? one.user_id, permission: permissions(one).join(", "), place: one.place_name ?? `${one.scope} ${one.scope_id}` });

const grant = (one) =>
  act({
    title: t("access_requests.grant_title", named(one)),
    intro: [one.reason, h("p", {}, t(one.needed - one.approvals.length > 1 ? "access_requests.grant_first" : "access_requests.grant_does", named(one)))],
    submit: t("access_requests.grant"),
    fields: [{ name: "seconds", label: t("access_requests.seconds_s"), type: "number", value: one.seconds, min: 1, step: 1, required: true, hint: t("access_requests.seconds_hint", { n: duration(one.seconds) }) }],
    run: ({ seconds, reason }, { key }) => post(`/access-requests/${one.id}/grant`, { seconds: Number(seconds), reason }, { key }),
    done: (found) => t(found.state === "granted" ? "access_requests.granted" : "access_requests.one_approved"),
  }).then(redraw);

const refuse = (one) =>
  act({
    title: t("access_requests.refuse_title", named(one)),
    intro: one.reason,
    submit: t("access_requests.refuse"),
    danger: true,
    run: ({ reason }, { key }) => post(`/access-requests/${one.id}/refuse`, { reason }, { key }),
    done: t("access_requests.refused"),
  }).then(redraw);

const end = (one) =>
  act({
    title: t("access_requests.end_title", named(one)),
    submit: t("access_requests.end"),
    danger: true,
    run: ({ reason }, { key }) => post(`/access-requests/${one.id}/end`, { reason }, { key }),
    done: t("access_requests.ended"),
  }).then(redraw);

// Keeping it true

function reload() {
  inbox.reload();
  all.reload();
}

const redraw = throttled(repeat(reload, REFRESH), DRAW_DELAY);
subscribe({ events: (_, kind) => kind === "delta" && redraw(), gap: redraw }, { types: REQUEST_EVENTS });
