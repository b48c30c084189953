// What changed between two values, field by field.

import { h } from "./dom.js";
import { t } from "./page.js";

/** The fields of `before` and `after` that differ: `[{path, before, after}]`; undefined: not there. */
export function differences(before, after) {
  const old = flat(before);
  const fresh = flat(after);
  const paths = [...new Set([...old.keys(), ...fresh.keys()])];
  return paths
    .map((path) => ({ path, before: old.get(path), after: fresh.get(path) }))
    .filter((one) => JSON.stringify(one.before) !== JSON.stringify(one.after));
}

/** The same as a list: what was is struck out, what is stands behind it. */
export function differenceList(before, after) {
  const lines = differences(before, after);
  return lines.length ? h("ul", { class: "difference" }, lines.map(lineOf)) : h("span", { class: "quiet" }, t("difference.none"));
}

const lineOf = ({ path, before, after }) =>
  h(
    "li",
    {},
    path ? h("span", { class: "path" }, `${path} `) : null,
    before === undefined ? null : h("del", {}, h("span", { class: "hidden-text" }, `${t("difference.before")} `), text(before)),
    before === undefined || after === undefined ? null : " → ",
    after === undefined ? null : h("ins", {}, h("span", { class: "hidden-text" }, `${t("difference.after")} `), text(after)),
  );

const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** Paths of a value's leaves; lists are leaves, since their places mean nothing. */
function flat(value, path = "", found = new Map()) {
  if (value !== null && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length) {
    for (const [name, inner] of Object.entries(value)) {
      flat(inner, path ? `${path}.${name}` : name, found);
    }
  } else if (value !== null && value !== undefined) {
    found.set(path, value);
  }
  return found;
}
