// Records of decisions as a list, those of one question folded into one line.

import { get } from "../control/api.js";
import { badge, h } from "../control/dom.js";
import { duration, number, subject, timestamp } from "../control/format.js";
import { home, t } from "../control/page.js";
import { place } from "../control/permissions/places.js";
import { reason as reasonOf } from "../control/permissions/sign.js";
import { pagedTable } from "../control/table.js";
import { foldDecisions } from "./folding.js";

// On a telephone a record is a card of several lines.
const PAGE = matchMedia("(max-width: 46rem)").matches ? 10 : 25;
const READ = 100; // records a request
const SHOWN_RECORDS = 50; // of a row, once it is opened
const SHOWN = 8; // characters of the id of a request, which its title has whole
// Requests for one page of the list: each looks at a part of the log, and filters may rarely meet.
const LOOKS = 10;

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

  // A viewer who asks for one request wants to see all that was decided in it.
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
