// How data reads: numbers with their units, times with their zone, in the language of the page, and
// names in the place of ids. An unknown value (null, undefined, NaN) is a dash, never a zero.

import { get } from "./api.js";
import { h, replace } from "./dom.js";
import { has, home, named, page, t } from "./page.js";

const UNKNOWN = "–";
const UNITS = [["days", 86400], ["hours", 3600], ["minutes", 60], ["seconds", 1]];
const BYTES = ["B", "KiB", "MiB", "GiB", "TiB"];
// Moments below are in seconds: as ms they would be before 1973.
const SECONDS_BELOW = 1e11;
const language = page.language ?? "en";
// How far the clock of this browser is behind that of the server, ms. The server said its time when it
// wrote the page, however long the scripts took to come after it.
const written = () => performance.timeOrigin + (performance.getEntriesByType("navigation")[0]?.responseStart ?? performance.now());
const offset = page.now ? Date.parse(page.now) - written() : 0;

export const known = (value) => value !== null && value !== undefined && !Number.isNaN(value);

/** The server's time, in ms since 1970. */
export const now = () => Date.now() + offset;

/** A number: at most `digits` behind the point; by default as many as its size deserves. */
export function number(value, digits = fitting(value)) {
  return known(value) ? formatter(digits).format(value) : UNKNOWN;
}

/**
 * A number with its unit: "ms", "s", "per_second", "ratio" (0..1, shown in per cent), "bytes",
 * "count", or any text, which is put behind the number.
 */
export function quantity(value, unit = "count") {
  if (!known(value)) {
    return UNKNOWN;
  }
  switch (unit) {
    case "count":
      return number(value);
    case "ratio":
    case "share":
      return `${number(value * 100, value === 0 || Math.abs(value) >= 0.1 ? 1 : 2)} %`;
    case "per_second":
    case "1/s":
      return t("unit.per_second", { n: number(value) });
    case "bytes":
      return bytes(value);
    case "s":
      return value < 60 ? t("unit.seconds", { n: number(value) }) : duration(value);
    default:
      return `${number(value)} ${unit}`;
  }
}

/** How a unit is written beside the name of what it measures. */
export function unitName(unit) {
  const names = { ratio: "%", share: "%", per_second: t("unit.per_second", { n: "" }).trim(), "1/s": t("unit.per_second", { n: "" }).trim(), count: "", bytes: "B" };
  return names[unit] ?? unit;
}

/** A length of time in the largest unit that fits into it, rounded down, as the server says it. */
export function duration(seconds) {
  if (!known(seconds)) {
    return UNKNOWN;
  }
  const [name, size] = UNITS.find((unit) => seconds >= unit[1]) ?? UNITS.at(-1);
  return t(`unit.${name}`, { n: Math.max(0, Math.floor(seconds / size)) });
}

/** A moment with its zone: "2026-11-25 02:40:11 UTC". Takes ISO 8601 or ms since 1970. */
export function timestamp(at) {
  const ms = toMs(at);
  return ms === null ? UNKNOWN : `${moments.format(ms)} ${zone(ms)}`;
}

/** The time of day alone, for lists whose day is told elsewhere. */
export const clock = (at) => (toMs(at) === null ? UNKNOWN : clocks.format(toMs(at)));

/** ms since 1970 of an ISO 8601 text, or of a number of ms or s; null for anything else. */
export function toMs(at) {
  const ms = typeof at === "string" ? Date.parse(at) : at;
  if (typeof ms !== "number" || !Number.isFinite(ms)) {
    return null;
  }
  return Math.abs(ms) < SECONDS_BELOW ? ms * 1000 : ms;
}

/** How old: an element that counts on by itself, and tells the moment when pointed at. */
export function age(at) {
  const ms = toMs(at);
  return ms === null
    ? h("span", { class: "quiet" }, UNKNOWN)
    : h("time", { datetime: new Date(ms).toISOString(), title: timestamp(ms), dataset: { at: ms } }, t("unit.ago", { age: duration((now() - ms) / 1000) }));
}

/** How long until then: an element that counts down; "over" afterwards. */
export function until(at) {
  const ms = toMs(at);
  return ms === null
    ? h("span", { class: "quiet" }, t("unit.no_end"))
    : h("time", { datetime: new Date(ms).toISOString(), title: timestamp(ms), dataset: { until: ms } }, left(ms));
}

/** A moment as an element. */
export function moment(at) {
  const ms = toMs(at);
  return h("time", ms === null ? {} : { datetime: new Date(ms).toISOString() }, timestamp(at));
}

const left = (ms) => (ms > now() ? t("unit.left", { n: duration((ms - now()) / 1000) }) : t("unit.over"));

/** Lets the ages on the page grow; the frame of the page calls it each second. */
export function tick() {
  for (const element of document.querySelectorAll("time[data-at], time[data-until], time[data-age]")) {
    const { at, until: end, age: old } = element.dataset;
    if (old !== undefined) {
      // Written by the server, which told how old it was when the page was made.
      element.dataset.since ??= String(now() - performance.now() - Number(old) * 1000);
    }
    const since = at ?? element.dataset.since;
    const text = end !== undefined ? left(Number(end)) : duration((now() - Number(since)) / 1000);
    const shownText = at !== undefined ? t("unit.ago", { age: text }) : text;
    if (element.textContent !== shownText) {
      element.textContent = shownText;
    }
  }
}

const formatters = new Map();

function formatter(digits) {
  if (!formatters.has(digits)) {
    formatters.set(digits, new Intl.NumberFormat(language, { maximumFractionDigits: digits }));
  }
  return formatters.get(digits);
}

function fitting(value) {
  const size = Math.abs(value ?? 0);
  return size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
}

function bytes(value) {
  let step = 0;
  let size = value;
  while (Math.abs(size) >= 1024 && step < BYTES.length - 1) {
    size /= 1024;
    step += 1;
  }
  return `${number(size)} ${BYTES[step]}`;
}

const parts = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
// Swedish writes dates as ISO 8601 does.
const moments = new Intl.DateTimeFormat("sv-SE", parts);
const clocks = new Intl.DateTimeFormat("sv-SE", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const zones = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });
export const zone = (ms) => zones.formatToParts(ms).find((part) => part.type === "timeZoneName")?.value ?? "";

// Names in the place of ids, each a link where the thing has a page. The names that a page asks for
// at once are one request, and none is asked for twice.

const MOST = 100; // names a request
const NAMED = new Set(["guard", "policy", "worker", "request", "alert"]); // an id is a name
const RESOURCES = new Set((page.resources ?? []).map((one) => one.type));
// The kinds whose names the server knows; everything else is called by its id. Pages of an application,
// which call another API, say the names that they know (`introduce`).
const ASKED = new Set(page.token ? [] : ["user", "application", "team", "role", ...RESOURCES]);
// Authors without an account.
const NOBODY = { break_glass: "author.break_glass", system: "author.system", public: "author.public" };

const answers = new Map(); // what the server answered, by what it was asked for
const drawn = new Map(); // the elements that wait for it
let waiting = null;

/**
 * An element with the name of `of`, such as "user:31", "role:5", "channel:2", "guard:rate_limit:x",
 * "policy:hours", "alert:17", "worker:ab12" or "request:…"; also an author, such as "cli:anna".
 *
 * text: what it says instead of the name, if that is known already. link: false for a name alone.
 */
export function subject(of, { text = null, link = true } = {}) {
  const key = String(of ?? "");
  const element = h(link && addressOf(key) ? "a" : "span", { class: "subject", title: key, href: link ? addressOf(key) : null, dataset: { of: key } });
  const [kind, id] = kindAndId(key);
  const answer = text === null ? answers.get(key) : null;
  if (answer) {
    return show(element, answer);
  }
  if (text !== null || !ASKED.has(kind) || !id) {
    return replace(element, text ?? spoken(kind, id, key));
  }
  replace(element, key);
  wait(key, element);
  return element;
}

/** `of` has that name, which the server is not asked for then. */
export function introduce(of, name) {
  const [kind, id] = kindAndId(of);
  answers.set(of, { of, kind, id, name, hint: null, known: true });
}

/** An act of the audit log (`role.update`), in words and with its code; one of an application is its code alone. */
export const actName = (action) => [has(`did.${action}`) ? [t(`did.${action}`), " "] : null, h("code", { class: "act-code" }, action)];

/** A list of them, with what stands between two. */
export const subjects = (all, options = {}) => all.flatMap((one, at) => (at ? [t("shared.between"), subject(one, options)] : [subject(one, options)]));

/** The name of `of` as a text, for what can be no element; `of` itself where nobody knows it. */
export async function nameOf(of) {
  const [kind, id] = kindAndId(of);
  if (!ASKED.has(kind) || !id) {
    return spoken(kind, id, of);
  }
  if (!answers.has(of)) {
    await new Promise((done) => wait(of, done));
  }
  return answers.get(of)?.name ?? of;
}

/** The address of the page of something, or null where there is none. */
export function addressOf(of) {
  const [kind, id] = kindAndId(of);
  if (!id || page.token) {
    return null;
  }
  const name = encodeURIComponent(id);
  const opens = (page.opens ?? []).includes.bind(page.opens ?? []);
  switch (kind) {
    case "user":
      return opens("person") ? `${home}people/${name}` : null;
    case "role":
      return opens("role") ? `${home}roles/${name}` : null;
    case "guard":
      return opens("guard") && !id.includes(":") ? `${home}guards/${name}` : `${home}guards?guard=${name}`;
    case "worker":
      return `${home}instances?worker=${name}`;
    default:
      if (kind in page.links) {
        return home + page.links[kind] + name;
      }
      return RESOURCES.has(kind) && opens("resource") ? `${home}resources/${kind}/${name}` : null;
  }
}

function kindAndId(of) {
  const text = String(of);
  const at = text.indexOf(":");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function spoken(kind, id, of) {
  if (NOBODY[kind]) {
    return t(NOBODY[kind]);
  }
  if (kind === "cli") {
    return t("author.cli", { name: id });
  }
  // A tag such as "policy" is of all of a kind, and has no id to be named by.
  return NAMED.has(kind) && id ? id : named("spoken", of);
}

function show(element, { of, kind, id, name, hint, known: there }) {
  element.title = [hint, of].filter(Boolean).join(" · ");
  if (!there) {
    // A thing that does not exist has no page; nor has a digest, by which limits against guessing count.
    element.removeAttribute("href");
    element.classList.add("unknown-subject");
    element.title = t("subject.unknown", { of });
    return replace(element, of);
  }
  const prefix = kind === "channel" && name !== null ? "#" : "";
  return replace(element, name === null ? `${has(`scope.${kind}`) ? t(`scope.${kind}`) : kind} ${id}` : prefix + name);
}

function wait(of, what) {
  drawn.set(of, [...(drawn.get(of) ?? []), what]);
  waiting ??= setTimeout(ask, 0);
}

async function ask() {
  waiting = null;
  const asked = [...drawn.keys()];
  const whoWaits = new Map(drawn);
  drawn.clear();
  for (let at = 0; at < asked.length; at += MOST) {
    const some = asked.slice(at, at + MOST);
    // Where nobody can say now, the ids stay, and whoever draws next asks again.
    const { items } = await get("/names", { of: some }).catch(() => ({ items: [] }));
    items.forEach((one) => answers.set(one.of, one));
    for (const of of some) {
      const answer = answers.get(of);
      for (const what of whoWaits.get(of)) {
        if (typeof what === "function") {
          what();
        } else if (answer) {
          show(what, answer);
        }
      }
    }
  }
}
