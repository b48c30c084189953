// The events of one guard, among the last events of all guards: equal ones in a row are one line.

import { get } from "../api.js";
import { h } from "../dom.js";
import { moment, number, subject } from "../format.js";
import { t } from "../page.js";
import { load } from "../states.js";
import { table } from "../table.js";

const READ = 500;
const LONGEST = 80; // characters of a value
const SHOWN = 5; // lines, until somebody wants to see all
// Fields that the page says already.
const SAID = new Set(["name"]);
const AUTHORS = new Set(["author", "by"]);
const SUBJECTS = /^(user|server|application):\S+$/;
// Fields that differ between events that say the same.
const COUNTS = new Set(["count", "caller_count", "period"]);

/** Fill `node`; `{add(event)}` puts a new one on top, and says whether it is of this guard. */
export function eventsPart(name, types, node) {
  let shown = [];
  let all = false;
  const isOf = ({ data }) => data?.name === name;
  const place = h("div");
  const more = h("button", { type: "button", onclick: () => ((all = true), draw(shown)) }, t("shared.more"));
  const list = table({
    label: t("guard.events"),
    none: t("guard.no_events", { n: number(READ) }),
    columns: [
      { title: t("guards.when"), render: (one) => h("span", { class: "unbroken" }, moment(one.at), one.times > 1 ? h("div", { class: "quiet small" }, t("guard.times", { n: number(one.times) }), " ", moment(one.since)) : null) },
      { title: t("guard.event"), head: true, render: (one) => h("code", {}, one.type) },
      { title: t("guards.what"), render: (one) => Object.entries(one.data).filter(([key, value]) => !SAID.has(key) && known(value)).map(pair) },
    ],
  });

  load(node, () => get("/events", { types: types.join(","), limit: READ }), ({ items }) => {
    // Some may have been told before they were read.
    const there = new Set(shown.map((one) => one.id));
    draw([...shown, ...items.filter((one) => isOf(one) && !there.has(one.id))]);
    return place;
  });

  function draw(events) {
    shown = events;
    const lines = folded(events);
    list.show(all ? lines : lines.slice(0, SHOWN));
    place.replaceChildren(list.element, ...(lines.length > SHOWN && !all ? [h("div", { class: "more" }, more)] : []));
  }

  function add(event) {
    const own = isOf(event);
    if (own) {
      draw([event, ...shown.filter((one) => one.id !== event.id)]);
    }
    return own;
  }

  return { add };
}

/** Events, newest first, as lines: those that say the same one after the other are one, with their sum. */
export function folded(events) {
  const lines = [];
  for (const one of events) {
    const last = lines.at(-1);
    if (last && sameAs(last, one)) {
      last.times += 1;
      last.since = one.at;
      last.data = { ...last.data, count: (last.data.count ?? 0) + (one.data.count ?? 0) || undefined };
    } else {
      lines.push({ ...one, times: 1, since: one.at });
    }
  }
  return lines;
}

const saying = ({ type, data }) => JSON.stringify([type, Object.entries(data).filter(([key]) => !COUNTS.has(key))]);
const sameAs = (one, other) => saying(one) === saying(other);

const known = (value) => value !== null && value !== undefined && value !== "" && !(typeof value === "object" && !Object.keys(value).length);

function pair([key, value]) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return [h("span", {}, h("span", { class: "quiet" }, key), " ", AUTHORS.has(key) ? subject(value) : nameIn(short)), " "];
}

/** "user:2 server:1" by name. */
const nameIn = (text) => (text.split(" ").every((word) => SUBJECTS.test(word)) ? text.split(" ").flatMap((word, at) => [at ? " · " : "", subject(word)]) : text);
