// The decision log on the page of permissions: what people were allowed and denied, asked again, and over
// time; and whom something was denied recently, among the questions that stand in the empty form.

import { recents, tabs } from "../control/additions.js";
import { get } from "../control/api.js";
import { h, replace, uniqueId } from "../control/dom.js";
import { now, toMs, zone } from "../control/format.js";
import { MOMENT, toLocal, toMoment } from "../control/moments.js";
import { keep, state, t } from "../control/page.js";
import { placeOf } from "../control/permissions/places.js";
import { form, narrowestFirst, permissionPicker, picker, select, userPicker } from "../control/permissions/question.js";
import { MOST, recentList } from "../control/permissions/recent.js";
import { reasonText } from "../control/permissions/sign.js";
import { foldDecisions } from "./folding.js";
import { decisionList } from "./list.js";
import { record } from "./record.js";
import { trends } from "./trends.js";

const OFFERED = 10;
const TIMES = ["from", "to"];
// In the address as the API calls them.
const FILTERS = ["user", "place", "permission", "allowed", "reason", "request", "policy_version", ...TIMES];

function decisionsTab() {
  const found = h("div", {});
  const opened = h("div", { class: "decision" });
  const listed = h("div", {});
  const given = state();
  const inputs = {
    user: optional(userPicker()),
    place: picker({ label: t("permissions.place"), find: places, required: false }),
    permission: optional(permissionPicker()),
    allowed: select(t("permissions.verdict"), [["", t("permissions.any")], ["false", t("permissions.denied")], ["true", t("permissions.allowed")]]),
    reason: picker({ label: t("permissions.reason"), find: async () => REASONS.map((code) => [code, reasonText(code)]), required: false }),
    request: picker({ label: t("permissions.request"), find: async () => [], required: false }),
    policy_version: picker({ label: t("permissions.policy_version"), find: async () => [], required: false }),
    from: timeInput(t("permissions.from")),
    to: timeInput(t("permissions.to")),
  };
  FILTERS.forEach((name) => inputs[name].set(given[name] ?? ""));
  const asked = form(Object.values(inputs), t("permissions.find"), found, async () => {
    const query = Object.fromEntries(FILTERS.map((name) => [name, inputs[name].value()]));
    query.user = query.user.replace(/^#/, "");
    keep(query);
    const list = decisionList(query, open);
    await list.reload();
    return list.element;
  });

  function open(row) {
    keep({ record: row.id });
    listed.hidden = true;
    const heading = h("h2", { tabindex: "-1" }, t("permissions.record", { id: row.id }));
    replace(opened, h("div", { class: "card-head" }, heading, h("button", { type: "button", onclick: close }, t("permissions.back_to_log"))), record(row.id));
    heading.focus();
  }

  function close() {
    keep({ record: null });
    replace(opened);
    listed.hidden = false;
    asked.element.querySelector("button").focus();
  }

  const over = trends();
  replace(listed, h("p", { class: "quiet" }, t("permissions.decisions_intro")), asked.element, found, over.element);
  asked.send();
  if (/^\d+$/.test(given.record ?? "")) {
    open({ id: Number(given.record) });
  }
  return { element: h("div", {}, opened, listed), ask: () => {}, shown: over.shown, hidden: over.hidden };
}

// Reasons of the permission system itself; policies have codes of their own.
const REASONS = ["not_granted", "overwrite_denied", "no_channel_access", "timed_out", "not_member", "unknown_user", "disabled", "excluded", "not_satisfied", "lacks_role", "sign_in_again", "granted", "owner", "administrator", "super_admin"];

function optional(part) {
  part.input.required = false;
  return part;
}

/** Places whose name contains a text, of the types that most questions are about. */
async function places(text) {
  const search = text.replace(/^#/, "");
  if (search.includes(":")) {
    return [];
  }
  const pages = await Promise.all(narrowestFirst().slice(0, 3).map((scope) => get("/resources", { scope, search, limit: OFFERED })));
  return pages.flatMap((page) => page.items.map((one) => [`${one.scope}:${one.id}`, [one.name, one.home?.name].filter(Boolean).join(" · ")]));
}

/** A moment: ISO 8601 in UTC for the API and the address, local time in the input. */
function timeInput(label) {
  const id = uniqueId("time");
  const input = h("input", { id, ...MOMENT });
  return {
    element: h("div", {}, h("label", { for: id }, `${label} (${zone(now())})`), input),
    input,
    value() {
      const ms = toMoment(input.value);
      return ms === null ? "" : new Date(ms).toISOString();
    },
    set(text) {
      input.value = toLocal(text ? toMs(text) : null);
    },
  };
}

// People to whom something was denied recently

const DENIALS_READ = 100; // that are looked through
const NAME = /^[\w.-]+$/; // of a permission; an expression cannot be asked here

function recentDenials(ask) {
  const denials = h("div");
  get("/decisions", { allowed: false, limit: DENIALS_READ }).then(
    ({ items }) => replace(denials, recentList(t("permissions.recent_denials"), foldDecisions(items).filter(({ user, permission }) => user && NAME.test(permission)).slice(0, MOST).map(questionOf), ask)),
    () => {}, // who may not read the log has the form alone
  );
  return denials;
}

function questionOf({ user, permission, place }) {
  const { scope = place, scope_id = null } = placeOf(place);
  return { username: user, permission, scope, scope_id };
}

tabs.push(["decisions", t("permissions.decisions"), decisionsTab]);
recents.push(recentDenials);
