// The audit log: who changed what, from what to what, and why.

import { apiAddress, get } from "./api.js";
import { differenceList } from "./difference.js";
import { show } from "./dialog.js";
import { h } from "./dom.js";
import { moment, now, zone } from "./format.js";
import { named, t } from "./page.js";
import { pagedTable } from "./table.js";

const part = (id) => document.getElementById(id);
const TYPING = 300; // ms without a key until it is searched
// What a line of the list shows of a change; the details show all.
const SHORT = { most: 4, longest: 48 };
// What operators and people's rights are about comes first: on a busy day messages bury it.
const AREAS = ["operators_and_rights", "operators", "rights", "sign_ins", ""];
const FILTERS = [
  { name: "area", label: t("audit.area"), type: "select" },
  { name: "actor", label: t("audit.actor") },
  { name: "action", label: t("audit.action"), hint: "alert." },
  { name: "subject", label: t("audit.subject"), hint: "role:9" },
  { name: "server_id", label: t("audit.server"), type: "number" },
  { name: "from", label: `${t("audit.from")} (${zone(now())})`, type: "datetime-local" },
  { name: "to", label: `${t("audit.to")} (${zone(now())})`, type: "datetime-local" },
];

const inputs = FILTERS.map(({ name, label, type = "text", hint }) => {
  const id = `filter-${name}`;
  const input = type === "select" ? h("select", { id, name }, AREAS.map((area) => h("option", { value: area }, named("audit_area", area || "everything")))) : h("input", { id, name, type, placeholder: hint, min: type === "number" ? 1 : null, autocomplete: "off", spellcheck: "false" });
  return { name, type, input, element: h("div", {}, h("label", { for: id }, label), input) };
});
const exporting = h("a", { class: "button", id: "export", download: "audit.json" }, t("audit.export"));
const form = part("filters");
form.append(...inputs.map(({ element }) => element), h("div", { class: "buttons" }, h("button", { type: "reset" }, t("audit.clear")), exporting));
// Enter asks again only in a form that has such a button.
form.append(h("button", { type: "submit", hidden: true }));

function query() {
  const found = Object.fromEntries(
    inputs.map(({ name, type, input }) => {
      const value = input.value.trim();
      return [name, type === "datetime-local" && value ? new Date(value).toISOString() : value];
    }),
  );
  // Who names an act, or what it was done to, means it wherever it belongs.
  return found.action || found.subject ? { ...found, area: "" } : found;
}

const records = pagedTable({
  label: t("audit.title"),
  none: t("audit.none"),
  fetch: (after) => get("/audit", { ...query(), after }),
  columns: [
    { title: t("audit.at"), render: (one) => h("span", { class: "unbroken" }, moment(one.at)) },
    { title: t("audit.who"), render: (one) => h("span", { class: "unbroken" }, whoOf(one)) },
    { title: t("audit.act"), head: true, render: (one) => h("code", {}, one.action) },
    { title: t("audit.subject"), render: (one) => h("span", { class: "unbroken" }, one.subject) },
    { title: t("audit.changed"), render: (one) => differenceList(one.before, valuesOf(one.after), SHORT) },
    { title: t("audit.reason"), render: (one) => one.reason },
  ],
  actions: [{ title: t("audit.details"), right: "view", run: details }],
});
part("records").append(records.element);

/** What is now, to be compared with what was: acts on settings keep their values beside who acted. */
function valuesOf(after) {
  if (after === null || !("values" in after && "author" in after)) {
    return after;
  }
  const { subject: _, author: __, values, ...details } = after;
  return { ...values, ...details };
}

function whoOf(one) {
  if (one.actor) {
    return h("span", { title: one.actor.display_name }, one.actor.username);
  }
  return h("span", { class: "quiet" }, one.after?.author ?? t("audit.system"));
}

function details(one) {
  const facts = [
    [t("audit.at"), moment(one.at)],
    [t("audit.who"), whoOf(one)],
    [t("audit.act"), h("code", {}, one.action)],
    [t("audit.subject"), one.subject],
    [t("audit.server"), one.server_id],
    [t("audit.reason"), one.reason],
    [t("audit.address"), one.address],
    [t("audit.request"), one.request_id],
  ].filter(([, value]) => value !== null);
  const side = (title, value) => h("div", {}, h("h3", {}, title), h("pre", { class: "scroll", tabindex: 0 }, value === null ? "–" : JSON.stringify(value, null, 2)));
  return show({
    title: t("audit.record", { id: one.id }),
    wide: true,
    body: h("div", {}, h("dl", { class: "facts" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])), h("div", { class: "columns actions" }, side(t("difference.before"), one.before), side(t("difference.after"), one.after))),
  });
}

let waiting = null;

function search() {
  exporting.href = apiAddress("/audit/export", query());
  records.restart();
}

function later() {
  clearTimeout(waiting);
  waiting = setTimeout(search, TYPING);
}

form.addEventListener("input", later);
form.addEventListener("reset", later);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
search();
