// What happened to one guard, among the last events of all of them.

import { get } from "../api.js";
import { h } from "../dom.js";
import { moment, number, subject } from "../format.js";
import { t } from "../page.js";
import { load } from "../states.js";
import { table } from "../table.js";

const READ = 500;
const MOST = 50;
const LONGEST = 80; // characters of a value
// What the page says already.
const SAID = new Set(["name"]);
const AUTHORS = new Set(["author", "by"]);

/** Fill `node`; `{add(event)}` puts a new one on top, and says whether it is of this guard. */
export function eventsPart(name, types, node) {
  let shown = [];
  const isOf = ({ data }) => data?.name === name;
  const place = h("div");
  const list = table({
    label: t("guard.events"),
    none: t("guard.no_events", { n: number(READ) }),
    columns: [
      { title: t("guards.when"), render: (one) => h("span", { class: "unbroken" }, moment(one.at)) },
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
    shown = events.slice(0, MOST);
    list.show(shown);
    place.replaceChildren(list.element);
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

const known = (value) => value !== null && value !== "" && !(typeof value === "object" && !Object.keys(value).length);

function pair([key, value]) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return [h("span", {}, h("span", { class: "quiet" }, key), " ", AUTHORS.has(key) ? subject(value) : short), " "];
}
