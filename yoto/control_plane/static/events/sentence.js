// The sentence for an event in the language of the page, how bad it is, and which events say the same.

import { duration, known, number, quantity, subject, subjects, until } from "../format.js";
import { alertText } from "../headline.js";
import { has, named, parts, t } from "../page.js";

const SUBJECTS = 6; // of a change of permissions, that its line names
const LONGEST_VALUE = 80; // characters of a value, where there is no sentence
const MOST_PAIRS = 8;

/** How bad it is: "critical", "error", "warning", "ok" (something is well again) or "info". */
export const severityOf = ({ type, data }) => SEVERITIES[type]?.(data ?? {}) ?? "info";

const always = (severity) => () => severity;
const BREAKERS = { open: "warning", isolated: "warning", disabled: "warning", closed: "ok" };
const SEVERITIES = {
  "alert.raised": ({ level }) => level,
  "alert.changed": ({ level }) => level,
  "alert.resolved": always("ok"),
  "breaker.transitioned": ({ old, new: now }) => (now === "closed" && old === "none" ? "info" : BREAKERS[now]),
  "breaker.opened_locally": always("warning"),
  "guard.rejections": always("warning"),
  "degradation.changed": ({ new: level }) => (level === "none" ? "ok" : "warning"),
  "store.lost": always("error"),
  "store.recovered": always("ok"),
  "worker.ended": ({ how, code }) => (how === "shutdown" || (how === "exit" && code === 0) ? "info" : "error"),
  "policy.load_failed": always("error"),
  "policy.slow": always("warning"),
  "policy.taken_out": always("error"),
  "policy.put_back": always("ok"),
  "policy.rolled_back": always("warning"),
  "tuning.reverted": always("warning"),
  "forecast.anomaly": always("warning"),
  "maintenance.changed": ({ enabled }) => (enabled ? "warning" : "ok"),
  "events.cleared": always("warning"),
  "task.finished": ({ success }) => (success ? "info" : "error"),
};

/** Whether an event is one for people: some only wake the workers that follow it. */
export const isNews = ({ type, data }) => !(type === "degradation.changed" && data?.old === data?.new);

// The fields that name an author: an act of somebody has a line of its own, however often it is repeated.
const WHO = ["author", "by", "actor", "changed_by"];
// The values that tell apart two events of a type; for other types, all but the numbers.
const KEYS = {
  "guard.rejections": ({ kind, name, caller }) => [kind, name, caller],
  "breaker.transitioned": ({ name, old, new: now, reason }) => [name, old, now, reason],
  "task.progress": ({ task_id: id }) => [id],
  "task.finished": ({ task_id: id }) => [id],
  "alert.raised": ({ rule, labels }) => [rule, labels],
  "alert.resolved": ({ rule, labels }) => [rule, labels],
  "policy.changed": ({ action, author }) => [action, author],
};

/** Whether it came with a release, or with the application, whose name is its author: nobody did it. */
const isBundled = (type, data) => type === "policy.changed" && data.action === "default";

/** Events with one key say the same and are one line; null: it has a line of its own. */
export function keyOf({ type, data }) {
  if (data === null || typeof data !== "object" || (WHO.some((name) => data[name]) && !isBundled(type, data))) {
    return null;
  }
  const key = KEYS[type]?.(data) ?? Object.entries(data).filter(([name, value]) => typeof value !== "number" && name !== "position");
  return JSON.stringify([type, key]);
}

/**
 * The sentence of an event, as what an element holds; `events` are those of its line, the newest
 * first, and `link` says whether names are links.
 */
export function sentenceOf(events, link) {
  const [{ type, data }] = events;
  const key = keyOfText(type, data);
  if (!has(key)) {
    return pairs(data, link);
  }
  const values = new Proxy({}, { get: (_, name) => valueOf(String(name), events, link), has: () => true });
  const notes = [noteOf(type, data), data.late ? t("events.told_late") : null].filter(Boolean);
  return [parts(key, values), ...notes.map((note) => [" · ", note])];
}

// Some say another thing by what they have.
const VARIANTS = {
  "alert.silenced": ({ rule }) => (rule === "*" ? "_all" : ""),
  "breaker.transitioned": ({ old }) => (old === "none" ? "_new" : ""),
  "config.changed": ({ action }) => `_${action}`,
  "degradation.changed": ({ new: level }) => (level === "none" ? "_over" : ""),
  "guard.rejections": ({ caller }) => (caller ? "_caller" : ""),
  "maintenance.changed": ({ enabled }) => (enabled ? "" : "_over"),
  "permission.changed": ({ count, subjects: names }) => (names?.length ? (count === 1 ? "_one" : "") : "_nameless"),
  "policy.changed": (data) => (isBundled("policy.changed", data) || !data.author ? "_nobody" : ""),
  "switch.changed": ({ enabled }) => (enabled ? "_on" : "_off"),
  "task.finished": ({ success }) => (success ? "" : "_failed"),
  "task.progress": ({ total }) => (total ? "" : "_began"),
  "worker.ended": ({ how }) => `_${how}`,
  "worker.steered": ({ draining }) => (draining ? "" : "_back"),
};

/** Whether an event is of an access request whose user and purpose the viewer may not know. */
const isHidden = (type, data) => type.startsWith("access_request.") && !known(data?.user_id);
const keyOfText = (type, data) => `happened.${type}${isHidden(type, data) ? "_hidden" : (VARIANTS[type]?.(data ?? {}) ?? "")}`;

// A reason that is a code is part of the sentence.
const noteOf = (type, { reason, note, cause }) => (type === "breaker.transitioned" || type === "degradation.changed" ? (reason && named("why", reason)) : reason || note || (type === "store.lost" ? cause : null));

function valueOf(name, events, link) {
  const [{ type, data }] = events;
  const value = data[name];
  const of = (whom, text = null) => subject(whom, { text, link });
  switch (name) {
    case "said":
      return alertText(data);
    case "rule":
      return [named("rule", value), Object.values(data.labels ?? {}).map((one) => ` (${one})`)];
    case "name":
      return GUARDS.has(kindOf(type, data)) ? of(`guard:${kindOf(type, data)}:${value}`, value) : type.startsWith("policy.") ? policiesOf(events, link) : value;
    case "action":
      return named("did", `policy.${value}`);
    case "kind":
      return named("kind", value);
    case "caller":
      return value.split(" ").map((one, at) => [at ? t("shared.between") : "", of(one)]);
    case "calls":
      return number(events.reduce((sum, one) => sum + (one.data.count ?? 0), 0));
    case "who":
      return of(WHO.map((one) => data[one]).find(Boolean) ?? "system");
    case "user":
      return of(`user:${data.user_id}`);
    case "where":
      return data.scope_id === null || data.scope_id === undefined ? named("scope", data.scope) : of(`${data.scope}:${data.scope_id}`);
    case "names":
      return some(data.subjects, data.count, link);
    case "worker":
      return of(`worker:${value}`);
    case "old":
    case "new":
      return named("happened_state", value);
    case "level":
      return named("state", value);
    case "until":
      return until(data.until_ms);
    case "lasted":
    case "lost":
      return duration((data.lasted_ms ?? data.lost_ms) / 1000);
    case "seconds":
      return quantity(value, "s");
    case "store":
      return named("component", value);
    case "source":
      return value.startsWith("alert:") ? named("rule", value.slice("alert:".length)) : value;
    case "feature":
      return value || t("banner.every_feature");
    case "metric":
      return named("foretold", value);
    case "task":
    case "step":
      return named("task", value);
    default:
      return typeof value === "number" ? number(value) : short(value ?? "–");
  }
}

/** The first of what a line is about, and how many there are besides. */
function some(all, count, link) {
  const first = all.slice(0, SUBJECTS);
  return [subjects(first, { link }), count > first.length ? t("events.subjects_more", { n: count - first.length }) : ""];
}

/** The policies that a line is about, each once. */
function policiesOf(events, link) {
  const all = [...new Set(events.map(({ data }) => `policy:${data.name}`))];
  return some(all, all.length, link);
}

const GUARDS = new Set(["circuit_breaker", "rate_limit", "bulkhead"]);
const kindOf = (type, data) => (type.startsWith("breaker.") ? "circuit_breaker" : type.startsWith("rate_limit.") ? "rate_limit" : data.kind);

// An event without a sentence, such as one of an application, is shown as its data.

function pairs(data, link) {
  if (data === null || typeof data !== "object" || Array.isArray(data)) {
    return data === null || data === undefined ? "" : short(data);
  }
  const found = Object.entries(data).filter(([, value]) => !(value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0)));
  return found.slice(0, MOST_PAIRS).map(([name, value], at) => [at ? " · " : "", `${name} `, WHO.includes(name) ? subject(value, { link }) : short(value)]);
}

function short(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
