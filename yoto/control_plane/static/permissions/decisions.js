// The decision log: what people were allowed and denied, asked again, and over time.

import { get } from "../api.js";
import { badge, h, replace, uniqueId } from "../dom.js";
import { duration, now, number, subject, timestamp, toMs, zone } from "../format.js";
import { MOMENT, toLocal, toMoment } from "../moments.js";
import { keep, page, state, t } from "../page.js";
import { pagedTable } from "../table.js";
import { foldDecisions } from "./folding.js";
import { place } from "./places.js";
import { form, narrowestFirst, permissionPicker, picker, select, userPicker } from "./question.js";
import { record } from "./record.js";
import { reason as reasonOf, reasonText } from "./sign.js";
import { trends } from "./trends.js";

// On a telephone a record is a card of several lines.
const PAGE = matchMedia("(max-width: 46rem)").matches ? 10 : 25;
const READ = 100; // records a request
const SHOWN_RECORDS = 50; // of a row, once it is opened
const SHOWN = 8; // characters of the id of a request, which its title has whole
// Requests for one page of the list: each looks at a part of the log, and filters may rarely meet.
const LOOKS = 10;
const OFFERED = 10;
const TIMES = ["from", "to"];
// Pages of one thing show the list as well, and are a level deeper.
const home = page.api.replace(/api$/, "");
// In the address as the API calls them.
const FILTERS = ["user", "place", "permission", "allowed", "reason", "request", "policy_version", ...TIMES];

export function decisionsTab() {
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

/**
 * Records that `query` asks for, as the API calls its filters, newest first: `{element, reload(),
 * restart()}`. `open(row)` shows one of them; without it rows lead to the log.
 */
export function decisionList(query, open = null) {
  const asked = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined));
  const note = h("p", { class: "quiet", role: "status" });
  const list = pagedTable({
    label: t("permissions.decisions"),
    none: t("permissions.no_decisions"),
    columns: [
      { title: t("permissions.when"), render: (row) => when(row, open) },
      ...("user" in asked ? [] : [{ title: t("permissions.user"), head: true, render: (row) => subject(`user:${row.user_id}`, { text: row.user }) }]),
      { title: t("permissions.permission"), render: (row) => h("code", { class: "unbroken" }, row.permission) },
      { title: t("permissions.place"), render: placesOf },
      { title: t("permissions.verdict"), render: verdict },
      { title: t("permissions.request"), render: (row) => (row.request_id === null || row.rows?.length > 1 ? null : h("span", { class: "request unbroken" }, subject(`request:${row.request_id}`, { text: row.request_id.slice(0, SHOWN) }))) },
      { title: t("permissions.policy_version"), render: (row) => (row.policy_version === null ? null : h("code", {}, row.policy_version)) },
    ],
    actions: open === null ? [] : [{ title: t("permissions.replay"), right: "view", run: open }],
    fetch,
  });

  // Who asks for one request wants to see all that was decided in it.
  const whole = "request" in asked;

  async function fetch(after) {
    const found = [];
    let page = { next: after };
    let rows = [];
    for (let looks = 0; looks < LOOKS && rows.length < PAGE; looks += 1) {
      page = await get("/decisions", { ...asked, after: page.next, limit: READ });
      found.push(...page.items);
      rows = whole ? found : foldDecisions(found);
      if (page.next === null) {
        break;
      }
    }
    const short = page.next !== null && rows.length < PAGE;
    note.textContent = short ? t("permissions.seen_to", { time: timestamp(page.seen_to ?? found.at(-1)?.at) }) : "";
    return { items: rows, next: page.next };
  }

  return { ...list, element: h("div", {}, list.element, note) };
}

/** When it was decided, as a link to the record where the list opens none itself; how often, and each time. */
function when(row, open) {
  const newest = recordLink(row, open === null);
  if (!(row.rows?.length > 1)) {
    return newest;
  }
  const summary = h("summary", {}, t("permissions.times", { n: number(row.times), time: duration(row.seconds) }));
  const records = h("ul", { class: "times" });
  const fill = () => records.hasChildNodes() || records.append(...row.rows.slice(0, SHOWN_RECORDS).map((one) => h("li", {}, recordLink(one))));
  return [newest, h("details", { ontoggle: fill }, summary, records)];
}

function recordLink(row, link = true) {
  const text = h("time", { datetime: row.at }, timestamp(row.at));
  return link ? h("a", { href: `${home}permissions?tab=decisions&record=${row.id}` }, text) : text;
}

const placesOf = ({ place: first, places = [first], more_places: more = 0 }) => [places.map((one, at) => [at ? t("shared.between") : "", place(one)]), more ? ` ${t("permissions.more_places", { n: more })}` : null];

/** A verdict with its reason in words. */
export const verdict = ({ allowed, reason, weight = 1, rows = [] }) =>
  h("span", {}, badge(allowed ? "allowed" : "denied", t(allowed ? "permissions.allowed" : "permissions.denied")), " ", reasonOf(reason), weight > 1 && rows.length < 2 ? h("span", { class: "quiet" }, ` × ${weight}`) : null);

// What the permission system says itself; policies have codes of their own.
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
