// The audit log: who changed what, from what to what, and why. The address holds what is shown: the
// filters as the API calls them, and the record that is open.

import { apiAddress, get } from "./api.js";
import { show } from "./dialog.js";
import { differenceList } from "./difference.js";
import { copyLink, h, replace } from "./dom.js";
import { actName, moment, now, number, subject, toMs, zone } from "./format.js";
import { MOMENT, toLocal, toMoment } from "./moments.js";
import { addressWith, home, keep, named, state, t } from "./page.js";
import { failed, loading } from "./states.js";
import { pagedTable } from "./table.js";

const part = (id) => document.getElementById(id);
const TYPING = 300; // ms without a key until it is searched
const EVERY = 5; // s between looks for new records
// On a telephone a record is a card of several lines.
const PAGE = matchMedia("(max-width: 46rem)").matches ? 10 : 50;
const AT_ONCE = 5000; // ms
const FOLDED = 4; // equal records from which on they are one line
const AT_TOP = 200; // px: nobody reads further down, where rows would move
// The part of a change that a line of the list shows; the details show all.
const SHORT = { most: 4, longest: 48 };
// Records about operators and rights come first: on a busy day messages bury them.
const AREAS = ["operators_and_rights", "operators", "rights", "policies", "sign_ins", ""];
const EVERYTHING = "all"; // in the address, where an empty parameter is none
const SETTINGS = "resilience.config."; // acts on the settings of guards
const PARTS = new Set(["rate_limit", "circuit_breaker", "bulkhead"]);
const GUARDS = new Set(["rate_limit", "circuit_breaker", "bulkhead", "breaker", "limiter"]);
const FILTERS = [
  { name: "actor", label: t("audit.actor") },
  { name: "action", label: t("audit.action"), hint: "alert." },
  { name: "subject", label: t("audit.subject"), hint: "role:9" },
  { name: "server_id", label: t("audit.server"), type: "number" },
  { name: "from", label: `${t("audit.from")} (${zone(now())})`, type: "moment" },
  { name: "to", label: `${t("audit.to")} (${zone(now())})`, type: "moment" },
];

const given = state();
let area = given.area === EVERYTHING ? "" : AREAS.includes(given.area) ? given.area : AREAS[0];
const chips = AREAS.map((name) => h("button", { type: "button", "aria-pressed": String(name === area), onclick: () => choose(name) }, named("audit_area", name || "everything")));
const inputs = FILTERS.map(({ name, label, type = "text", hint }) => {
  const id = `filter-${name}`;
  const input = type === "moment" ? h("input", { id, name, ...MOMENT, value: toLocal(new Date(given[name] ?? "").getTime()) }) : h("input", { id, name, type, placeholder: hint, min: type === "number" ? 1 : null, autocomplete: "off", spellcheck: "false", value: given[name] ?? "" });
  return { name, type, input, element: h("div", {}, h("label", { for: id }, label), input) };
});
const exports = [["json", t("audit.export_json")], ["csv", t("audit.export_csv")]].map(([format, text]) => ({ format, link: h("a", { class: "button", id: `export-${format}`, download: `audit.${format}` }, text) }));
const fresh = h("button", { type: "button", hidden: true, onclick: toTop });
const form = part("filters");
part("areas").append(...chips);
form.append(...inputs.map(({ element }) => element), h("div", { class: "buttons" }, h("button", { type: "reset" }, t("audit.clear")), exports.map(({ link }) => link)));
// Enter asks again only in a form that has such a button.
form.append(h("button", { type: "submit", hidden: true }));
part("more-filters").open = inputs.some(({ input }) => input.value) || !matchMedia("(max-width: 46rem)").matches;

let newest = null; // the id of the newest record that is shown
let looking = false;

const records = pagedTable({
  label: t("audit.title"),
  none: t("audit.none"),
  fetch: async (after) => {
    const found = await get("/audit", { ...query(), after, limit: PAGE });
    if (after === null) {
      newest = found.items[0]?.id ?? 0;
      fresh.hidden = true;
    }
    return { ...found, items: folded(found.items) };
  },
  columns: [
    { title: t("audit.at"), render: (one) => h("span", { class: "unbroken" }, moment(one.at)) },
    { title: t("audit.who"), render: (one) => h("span", { class: "unbroken" }, whoOf(one)) },
    { title: t("audit.act"), head: true, render: (one) => actName(one.action) },
    { title: t("audit.subject"), render: (one) => (one.rows ? subjectsOf(one.rows) : subjectOf(one.subject)) },
    { title: t("audit.changed"), render: (one) => (one.rows ? h("span", { class: "quiet" }, t("audit.each")) : differenceList(one.before, valuesOf(one.after), SHORT)) },
    { title: t("audit.reason"), render: (one) => one.reason },
  ],
  actions: [
    { title: t("audit.undo"), when: (one) => wayBack(one) !== null, run: (one) => location.assign(wayBack(one)) },
    { title: t("audit.details"), right: "view", when: (one) => !one.rows, run: (one) => open(one.id, one) },
  ],
});
part("records").append(h("div", { class: "buttons", role: "status" }, fresh), records.element);

/** Records as lines: an author's act on many things at once, without a reason of its own, is one line. */
function folded(items) {
  const said = ({ action, actor, after, reason }) => (reason ? null : JSON.stringify([action, actor?.id ?? after?.author ?? null]));
  const lines = [];
  for (const one of items) {
    const last = lines.at(-1);
    if (last && said(last[0]) !== null && said(last[0]) === said(one) && toMs(last[0].at) - toMs(one.at) <= AT_ONCE) {
      last.push(one);
    } else {
      lines.push([one]);
    }
  }
  return lines.flatMap((rows) => (rows.length < FOLDED ? rows : [{ ...rows[0], rows }]));
}

const subjectsOf = (rows) => h("details", {}, h("summary", {}, t("audit.things", { n: number(rows.length) })), h("ul", { class: "ways" }, rows.map((one) => h("li", {}, h("button", { type: "button", class: "small", onclick: () => open(one.id, one) }, one.subject)))));

function query() {
  const found = Object.fromEntries(
    inputs.map(({ name, type, input }) => {
      const value = input.value.trim();
      const at = type === "moment" ? toMoment(value) : null;
      return [name, type !== "moment" ? value : at === null ? "" : new Date(at).toISOString()];
    }),
  );
  // A filter by act or by subject searches all areas.
  return { ...found, area: found.action || found.subject ? "" : area };
}

function choose(name) {
  area = name;
  chips.forEach((chip, at) => chip.setAttribute("aria-pressed", String(AREAS[at] === area)));
  search();
}

/** The value after a change, to compare with the one before: acts on settings keep it beside their author. */
function valuesOf(after) {
  if (after === null || typeof after !== "object" || Array.isArray(after)) {
    return after;
  }
  const { via: _, ...whole } = after; // how they were signed in
  if (!("values" in after && "author" in after)) {
    return whole;
  }
  const { subject: __, author: ___, values, ...details } = whole;
  return { ...values, ...details };
}

function whoOf(one) {
  if (one.actor) {
    return subject(`user:${one.actor.id}`, { text: one.actor.username });
  }
  return one.after?.author ? subject(one.after.author) : h("span", { class: "quiet" }, t("audit.system"));
}

/** The page of the guard whose settings a record changed, which asks for the reason to undo it; null: there is none. */
function wayBack({ action, subject: text, after }) {
  const [kind, name] = text.split(/:(.*)/s);
  return action.startsWith(SETTINGS) && PARTS.has(kind) && after?.origin === "operator" ? addressWith({ act: "undo", of: kind, version: after.version }, new URL(`${home}guards/${encodeURIComponent(name)}`, location.href).href) : null;
}

function subjectOf(text) {
  return GUARDS.has(text.split(":")[0]) ? subject(`guard:${text}`, { text }) : subject(text);
}

/** Show a record whole, by its id alone where it comes from the address. */
async function open(id, found = null) {
  const body = h("div", {}, loading());
  keep({ record: id });
  const ended = show({ title: t("audit.record", { id }), wide: true, body });
  async function fill() {
    try {
      replace(body, details(found ?? (await get(`/audit/${encodeURIComponent(id)}`))));
    } catch (problem) {
      replace(body, failed(problem, fill));
    }
  }
  await fill();
  await ended;
  keep({ record: null });
}

function details(one) {
  const facts = [
    [t("audit.at"), moment(one.at)],
    [t("audit.who"), whoOf(one)],
    [t("audit.act"), actName(one.action)],
    [t("audit.subject"), subjectOf(one.subject)],
    [t("audit.server"), one.server_id === null ? null : subject(`server:${one.server_id}`)],
    [t("audit.reason"), one.reason],
    [t("audit.address"), one.address],
    [t("audit.request"), one.request_id === null ? null : subject(`request:${one.request_id}`)],
  ].filter(([, value]) => value !== null);
  const side = (title, value) => h("div", {}, h("h3", {}, title), h("pre", { class: "scroll", tabindex: 0 }, value === null ? "–" : JSON.stringify(value, null, 2)));
  return [
    h("dl", { class: "facts" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    h("section", { "aria-label": t("audit.changed") }, h("h3", {}, t("audit.changed")), differenceList(one.before, valuesOf(one.after))),
    h("details", {}, h("summary", {}, t("audit.whole")), h("div", { class: "columns actions" }, side(t("difference.before"), one.before), side(t("difference.after"), one.after))),
    h("div", { class: "buttons" }, copyLink()),
  ];
}

let waiting = null;

function search() {
  const wanted = query();
  keep({ ...wanted, area: area === AREAS[0] ? null : area || EVERYTHING });
  exports.forEach(({ format, link }) => {
    link.href = apiAddress("/audit/export", { ...wanted, format });
  });
  records.restart();
}

function later() {
  clearTimeout(waiting);
  waiting = setTimeout(search, TYPING);
}

/** New records are shown at once to whoever is at the top; others are told how many there are. */
async function look() {
  if (document.hidden || looking || newest === null) {
    return;
  }
  looking = true;
  try {
    const { items } = await get("/audit", { ...query(), limit: PAGE });
    const n = items.filter((one) => one.id > newest).length;
    if (n && scrollY < AT_TOP) {
      await records.reload();
    } else if (n) {
      fresh.textContent = t("audit.fresh", { n: n < PAGE ? number(n) : `${number(n)}+` });
      fresh.hidden = false;
    }
  } catch {
    await records.reload(); // marks what is shown as old
  } finally {
    looking = false;
  }
}

async function toTop() {
  await records.restart();
  scrollTo({ top: 0 });
}

form.addEventListener("input", later);
form.addEventListener("reset", () => setTimeout(clear));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
setInterval(look, EVERY * 1000);
search();
if (given.record) {
  open(given.record);
}

/** Empty all filters: a reset of the form would restore those that the address had when it was loaded. */
function clear() {
  inputs.forEach(({ input }) => {
    input.value = "";
  });
  choose(AREAS[0]);
}
