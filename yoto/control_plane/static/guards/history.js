// The history of an entry, who set what, when and why, with the way back: in its editor and on its own page.

import { get, post, read } from "../api.js";
import { act } from "../dialog.js";
import { differenceList } from "../difference.js";
import { h } from "../dom.js";
import { moment, subject } from "../format.js";
import { named, t } from "../page.js";
import { pagedTable } from "../table.js";
import { asText, dimensionNamed } from "./fields.js";

const SHOWN = 10;
const OPERATOR = "operator";

const entryAt = (kind, name) => `/config/${kind}/${encodeURIComponent(name)}`;

/**
 * The history of an entry as a table: `{element, reload()}`, as `pagedTable`. `changed()` is called after
 * it was rolled back; `readOnly` offers no roll-back; `onCount(n)` hears how many changes are shown.
 */
export function historyTable({ kind, name, label, changed, readOnly = false, onCount = () => {} }) {
  let newest = null; // the version of what operators set last
  let of = null; // what the fields of the kind are, by name
  return pagedTable({
    label,
    none: t("guards.no_history"),
    key: (row) => row.version,
    fetch: async (after) => {
      const [found, { fields }] = await Promise.all([get(`${entryAt(kind, name)}/history`, { after, limit: SHOWN }), of ? { fields: [] } : get(`/config/${kind}`, { limit: 1 })]);
      of ??= Object.fromEntries(fields.map((field) => [field.name, field]));
      if (after === null) {
        newest = found.items.find(isOperators)?.version ?? null;
        onCount(found.items.length);
      }
      return found;
    },
    columns: [
      { title: t("guards.version_short"), head: true, render: (row) => `v${row.version}` },
      { title: t("guards.what"), render: (row) => [named("guard_action", row.action), row.values ? h("ul", { class: "difference" }, Object.entries(row.values).map(([field, value]) => h("li", {}, h("span", { class: "path" }, named("guard_field", field), " "), asText(value, of[field])))) : null] },
      { title: t("guards.who"), render: (row) => [subject(row.author), row.origin === "tuner" ? ` (${t("guards.tuner")})` : "", h("div", { class: "quiet small" }, row.reason)] },
      { title: t("guards.when"), render: (row) => h("span", { class: "unbroken" }, moment(row.at)) },
    ],
    actions: [
      { title: t("guards.undo"), when: (row) => !readOnly && row.version === newest, run: async (row) => (await undo(kind, name, row.version)) && changed() },
      { title: t("guards.roll_back"), when: (row) => !readOnly && isOperators(row) && row.version !== newest, run: async (row) => (await rollBack(kind, name, row.version, t("guards.roll_back_title", { version: row.version }))) && changed() },
    ],
  });
}

const isOperators = (row) => row.origin === OPERATOR;

/** Back to what operators had set before a version; resolves with what became of it, or null. */
export const undo = (kind, name, version) => rollBack(kind, name, version - 1, t("guards.undo_title", { version }));

async function rollBack(kind, name, to, title) {
  const path = entryAt(kind, name);
  let seen = null; // the entry that the preview is of
  return act({
    title,
    intro: t("guards.roll_back_intro", { kind: named("kind", kind), name }),
    submit: t("guards.roll_back_do"),
    async preview(values, signal) {
      const [entry, { fields }, { items }] = await Promise.all([read(path), get(`/config/${kind}`, { limit: 1 }), get(`${path}/history`, { after: to + 1, limit: 100 })]);
      seen = entry.etag;
      const wanted = items.find(isOperators)?.values ?? {};
      const verdict = await post(`${path}/validate`, { values: wanted }, { signal });
      return verdict.valid ? differenceOf(verdict.difference, Object.fromEntries(fields.map((field) => [field.name, field]))) : h("p", { class: "failed notice" }, t("guards.invalid"), " ", Object.values(verdict.errors).flat().join(" "));
    },
    run: async (values, options) => post(`${path}/rollback`, { ...values, to_version: to }, { ...options, etag: seen ?? (await read(path)).etag }),
    done: t("guards.saved"),
  });
}

/** The values that would change, field by field; `of`: the fields of the kind by name. */
export function differenceOf(rows, of) {
  if (!rows.length) {
    return h("p", { class: "quiet" }, t("guards.no_difference"));
  }
  const side = (name) => Object.fromEntries(rows.flatMap((row) => partsOf(row[name], of[row.field], named("guard_field", row.field))));
  return differenceList(side("before"), side("after"));
}

/** The parts of a value that are compared one by one, by their labels: each number of its dimensions. */
function partsOf(value, field, called) {
  if (field?.type !== "dimensions" || value === null) {
    return [[called, asText(value, field)]];
  }
  return Object.entries(value).flatMap(([name, own]) => {
    const numbers = Object.entries(own);
    const dimension = dimensionNamed(name);
    return numbers.length ? numbers.map(([part, n]) => [t("guards.part_of", { dimension, part: named("guard_field", part) }), n]) : [[dimension, t("guards.as_limit")]];
  });
}
