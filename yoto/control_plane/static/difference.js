// The difference between two values, field by field.

import { h } from "./dom.js";
import { subject } from "./format.js";
import { page, t } from "./page.js";

// A field that ends so holds the id of such a thing: `role_id`, `from.user_id`.
const IDS = new RegExp(`(?:^|[._])(${["user", "role", "team", ...(page.resources ?? []).map((one) => one.type)].join("|")})_id$`);

/** The fields of `before` and `after` that differ: `[{path, before, after}]`; undefined: not there. */
export function differences(before, after) {
  const old = flat(before);
  const fresh = flat(after);
  const paths = [...new Set([...old.keys(), ...fresh.keys()])];
  return paths
    .map((path) => ({ path, before: old.get(path), after: fresh.get(path) }))
    .filter((one) => JSON.stringify(one.before) !== JSON.stringify(one.after));
}

/**
 * The same as a list: the old value is struck out, the new one follows. At most `most` lines are shown,
 * and `longest` characters of each value.
 */
export function differenceList(before, after, { most = Infinity, longest = Infinity } = {}) {
  const lines = differences(before, after);
  if (!lines.length) {
    return h("span", { class: "quiet" }, t("difference.none"));
  }
  const more = lines.length - most;
  return h("ul", { class: "difference" }, lines.slice(0, most).map((line) => lineOf(line, longest)), more > 0 ? h("li", { class: "quiet" }, t("difference.more", { n: more })) : null);
}

const lineOf = ({ path, before, after }, longest) =>
  h(
    "li",
    {},
    path ? h("span", { class: "path" }, `${path} `) : null,
    before === undefined ? null : h("del", {}, h("span", { class: "hidden-text" }, `${t("difference.before")} `), shown(path, before, longest)),
    before === undefined || after === undefined ? null : " → ",
    after === undefined ? null : h("ins", {}, h("span", { class: "hidden-text" }, `${t("difference.after")} `), shown(path, after, longest)),
  );

function shown(path, value, longest) {
  const kind = IDS.exec(path)?.[1];
  return kind && ["number", "string"].includes(typeof value) ? subject(`${kind}:${value}`) : text(value, longest);
}

function text(value, longest) {
  const whole = typeof value === "string" ? value : JSON.stringify(value);
  return whole.length > longest ? `${whole.slice(0, longest)}…` : whole;
}

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
