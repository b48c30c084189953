// A recorded decision asked again: what it was, what it would be now, and what was changed between.

import { post } from "../control/api.js";
import { h } from "../control/dom.js";
import { actName, subject, timestamp } from "../control/format.js";
import { named, t } from "../control/page.js";
import { derivation } from "../control/permissions/explain.js";
import { place } from "../control/permissions/places.js";
import { load } from "../control/states.js";
import { verdict } from "./list.js";

/** The element of a record. */
export function record(id) {
  const element = h("div", {});
  load(element, () => post(`/decisions/${id}/replay`), drawn);
  return element;
}

function drawn(found) {
  const one = found.decision;
  const facts = [
    [t("permissions.user"), subject(`user:${one.user_id}`, { text: one.user })],
    [t("permissions.permission"), h("code", {}, one.permission)],
    [t("permissions.place"), place(one.place)],
    [t("permissions.request"), one.request_id === null ? "–" : subject(`request:${one.request_id}`)],
    [t("permissions.network"), one.address ?? "–"],
    [t("permissions.answered_by"), named("tier", one.tier)],
    [t("permissions.policy_version"), one.policy_version === null ? "–" : h("code", {}, one.policy_version)],
  ];
  return [
    h("section", { class: "card" }, h("dl", { class: "facts" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]))),
    h("div", { class: "side-by-side" }, replay(found), explanation(found)),
  ];
}

function replay(found) {
  const one = found.decision;
  const facts = [
    [t("permissions.then"), [verdict(one), h("div", { class: "quiet" }, timestamp(one.at))]],
    [t("permissions.now"), found.now === null ? t("permissions.unknown") : verdict(found.now)],
  ];
  const moved = found.outcome === "same" && !found.same_permissions ? ` ${t("permissions.others_changed")}` : "";
  return h(
    "section",
    { class: "card replay" },
    h("h3", {}, t("permissions.replay")),
    h("dl", { class: "facts" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    h("p", {}, t(`replay.${found.now === null ? "too_long" : found.outcome}`), moved),
    found.changes.length ? h("ol", { class: "changes" }, found.changes.map(change)) : null,
    one.policy_version === null ? null : h("p", { class: "quiet" }, t("permissions.policies_then")),
  );
}

const change = (one) =>
  h(
    "li",
    {},
    h("a", { href: `audit?record=${one.id}` }, h("time", { datetime: one.at }, timestamp(one.at))),
    " · ",
    actName(one.action),
    " · ",
    subject(one.subject),
    " · ",
    subject(one.actor_id === null ? "system" : `user:${one.actor_id}`, { text: one.actor }),
    one.reason ? h("div", { class: "quiet" }, one.reason) : null,
  );

const explanation = (found) =>
  h("div", {}, found.explanation === null ? h("section", { class: "card" }, h("h3", {}, t("permissions.explain_now")), h("p", { class: "quiet" }, t("permissions.not_explained"))) : derivation(found.explanation));
