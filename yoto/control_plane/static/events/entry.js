// An event in the list: a line that tells it, which opens to its JSON. And what stands between two.

import { get } from "../api.js";
import { differenceList } from "../difference.js";
import { h, replace } from "../dom.js";
import { age, moment, subject, subjects, timestamp } from "../format.js";
import { page, parts, t } from "../page.js";
import { reach } from "../reach.js";

const MOST_PAIRS = 8; // of its data in the line
const LONGEST_VALUE = 80; // characters
// What tells most of an event comes first; what only programs read, last.
const FIRST = ["name", "rule", "worker", "step", "feature", "store", "kind", "action", "old", "new", "level", "enabled", "reason", "text", "author", "by"];
const LAST = ["bundle", "task_id", "alert_id"];
const REASONS = { trimmed: t("events.gap_trimmed"), lost: t("events.gap_lost"), slow: t("events.gap_slow") };
const SUBJECTS = 6; // of a change of permissions, that its line names
// Who did it, and what has a name, among its data.
const WHO = new Set(["author", "by", "actor", "changed_by"]);
const NAMED = /^(user|application|team|role|policy|[a-z][a-z0-9_]*):[^:\s]+$/;
const GUARDS = new Set(["circuit_breaker", "rate_limit", "bulkhead"]);
// What the line of an event says, where that is more than its data in pairs.
const GISTS = { "permission.changed": subjectsOf };
// What more there is to know of it, once it is opened.
const MORE = { "permission.changed": changeOf };
const SHORT = { most: 4, longest: 48 }; // of what an act changed

/** The element of an event `{id, type, at, source, data}`. */
export function entry(event) {
  const linked = h("p", { class: "gist" });
  const whole = h("pre", { tabindex: "0", role: "group", "aria-label": t("events.json", { type: event.type }) });
  const more = h("div");
  const details = h(
    "details",
    // Most are never opened, so that their JSON is not made before. A line that opens holds no links:
    // these stand in what it opens to.
    { ontoggle: () => details.open && (replace(linked, gistOf(event, true)), replace(more, MORE[event.type]?.(event.data)), replace(whole, JSON.stringify(event, null, 2))) },
    h(
      "summary",
      {},
      h("span", { class: "type" }, event.type),
      h("span", { class: "gist" }, gistOf(event, false)),
      h("span", { class: "when" }, moment(event.at), " ", age(event.at)),
    ),
    linked,
    more,
    whole,
  );
  return h("li", { dataset: { id: event.id } }, details);
}

const gistOf = ({ type, data }, link) => (GISTS[type] ?? pairs)(data, type, link);

/** What is looked through for a text, in lower case. */
export const words = (event) => `${event.id} ${event.type} ${event.source} ${JSON.stringify(event.data)}`.toLowerCase();

/** The marker where history is missing: `{after, reason}`. */
export const gap = ({ after, reason }) =>
  h("li", { class: "gap unknown" }, h("strong", {}, t("events.gap")), " ", REASONS[reason] ?? reason, after ? ` ${t("events.gap_after", { at: timestamp(milliseconds(after)) })}` : "");

/** ms since 1970 at which an event got its id, "<ms>-<number>". */
export const milliseconds = (id) => Number(String(id).split("-")[0]);

/** Whose permissions changed; the event itself names some of them only. */
function subjectsOf(data, type, link) {
  if (!Array.isArray(data?.subjects) || !Number.isInteger(data.count)) {
    return pairs(data, type, link);
  }
  const names = data.subjects.slice(0, SUBJECTS);
  const left = data.count - names.length;
  const words = { n: data.count, names: subjects(names, { link }) };
  const sentence = parts(data.count === 1 ? "events.subject_changed" : "events.subjects_changed", words);
  return [sentence, left > 0 ? t("events.subjects_more", { n: left }) : "", data.late ? h("span", { class: "quiet" }, ` · ${t("events.told_late")}`) : null];
}

/** Who did what, as far as the audit log says and may be read, and which workers have it. */
function changeOf({ position, records = [] }) {
  return [h("p", {}, reach(position)), records.length ? h("ul", { class: "acts" }, records.map(actOf)) : null];
}

function actOf(id) {
  const line = h("li");
  const draw = (one) =>
    h(
      "div",
      {},
      one.actor ? subject(`user:${one.actor.id}`, { text: one.actor.username }) : (one.after?.author ?? t("events.system")),
      " · ",
      h("a", { href: `${page.api.replace(/api$/, "audit")}?record=${id}` }, h("code", {}, one.action)),
      " · ",
      subject(one.subject),
      one.reason ? ` · ${one.reason}` : "",
      differenceList(one.before, one.after, SHORT),
    );
  // It may not be read by everybody, or not now.
  get(`/audit/${id}`).then((one) => replace(line, draw(one)), () => line.remove());
  return line;
}

function pairs(data, type, link) {
  if (data === null || typeof data !== "object" || Array.isArray(data)) {
    return data === null || data === undefined ? "" : short(data);
  }
  const pairs = Object.entries(data).filter(([, value]) => !isEmpty(value));
  pairs.sort(([a], [b]) => rank(a) - rank(b));
  return pairs.slice(0, MOST_PAIRS).map(([name, value]) => [h("span", { class: "pair" }, h("span", { class: "quiet" }, name), " ", named(name, value, { data, type, link })), " "]);
}

/** A value, as a name where it is that of somebody or something. */
function named(name, value, { data, type, link }) {
  if (typeof value !== "string") {
    return short(value);
  }
  const kind = type.startsWith("breaker.") ? "circuit_breaker" : data.kind;
  if (name === "name" && GUARDS.has(kind)) {
    return subject(`guard:${kind}:${value}`, { text: value, link });
  }
  if (name === "worker" || name === "alert_id") {
    return subject(`${name === "worker" ? name : "alert"}:${value}`, { link });
  }
  return WHO.has(name) || (name === "subject" && NAMED.test(value)) ? subject(value, { link }) : short(value);
}

const isEmpty = (value) => value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);

function rank(name) {
  if (LAST.includes(name)) {
    return FIRST.length + 1;
  }
  const at = FIRST.indexOf(name);
  return at < 0 ? FIRST.length : at;
}

function short(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
