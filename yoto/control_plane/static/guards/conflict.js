// Somebody else changed what is being edited: who, and of each value what it was, is, and would be.

import { h } from "../dom.js";
import { age, subject } from "../format.js";
import { named, parts, t } from "../page.js";
import { asText, dimensionNamed } from "./fields.js";

/**
 * The notice about it. `opened` is the entry as the form was filled from it, `current` as it is now,
 * `typed` what the form would set, `fields` describe them. `settle(take)` is called with whether the
 * operator takes theirs.
 */
export function conflictNotice({ opened, current, typed, fields, settle }) {
  const theirs = current.override;
  const who = theirs ? parts("guards.conflict_by", { author: subject(theirs.author), reason: theirs.reason || t("banner.no_reason") }) : t("guards.conflict_deleted");
  const keep = h("button", { type: "button", class: "primary", onclick: () => settle(false) }, t("guards.keep_mine"));
  const element = h(
    "div",
    { class: "conflict" },
    h("h3", {}, t("guards.conflict", { version: current.version })),
    h("p", {}, who, " ", theirs ? age(theirs.at) : ""),
    tableOf(rowsOf(opened, current, typed, fields)),
    h("p", { class: "quiet small" }, t("guards.conflict_intro")),
    h("div", { class: "buttons" }, keep, h("button", { type: "button", onclick: () => settle(true) }, t("guards.take_theirs"))),
  );
  return { element, focus: () => keep.focus() };
}

/** The values that are not the same on all sides: `[label, [as opened, now, as typed]]` each. */
function rowsOf(opened, current, typed, fields) {
  // Fields that operators do not set keep the values beneath.
  const yours = { ...current.defaults, ...current.tuned?.values, ...typed };
  return rowsBetween([opened.values, current.values, yours], fields);
}

function rowsBetween(all, fields) {
  return fields.flatMap((field) => {
    const sides = all.map((values) => leaves(values[field.name], field));
    const labels = new Set(sides.flatMap((side) => [...side.keys()]));
    return [...labels].map((label) => [label, sides.map((side) => side.get(label) ?? "–")]).filter(([, shown]) => new Set(shown).size > 1);
  });
}

/** The server's account of a conflict, `{difference, current}`, as a table; `fields` describe the values. */
export function conflictTable({ difference, current }, fields) {
  const side = (name) => Object.fromEntries(difference.map((row) => [row.field, row[name] ?? current.defaults[row.field]]));
  const asked = fields.filter(({ name }) => difference.some((row) => row.field === name));
  return tableOf(rowsBetween([side("base"), side("theirs"), side("yours")], asked));
}

/** The parts of a value by their labels: each number of its dimensions. */
function leaves(value, field) {
  const label = named("guard_field", field.name);
  if (field.type !== "dimensions" || value === null || value === undefined) {
    return new Map([[label, asText(value, field)]]);
  }
  return new Map(Object.entries(value).flatMap(([name, own]) => Object.entries(own).map(([part, n]) => [`${dimensionNamed(name)}: ${named("guard_field", part)}`, asText(n)])));
}

function tableOf(rows) {
  const head = h("thead", {}, h("tr", {}, [t("guards.field"), t("guards.when_opened"), t("guards.theirs"), t("guards.yours")].map((text) => h("th", { scope: "col" }, text))));
  const cells = (shown) => shown.map((text) => h("td", {}, h("code", {}, text)));
  return h("div", { class: "scroll" }, h("table", { class: "diff" }, head, h("tbody", {}, rows.map(([label, shown]) => h("tr", {}, h("th", { scope: "row" }, label), cells(shown))))));
}
