// A page of one guard: its parts, how it does over time, who calls, what happened and who set it.

import { marksNow } from "./additions.js";
import { get } from "./api.js";
import { RANGES, rangePicker } from "./chart.js";
import { h, replace } from "./dom.js";
import { callersPart } from "./guard/callers.js";
import { chartsPart } from "./guard/charts.js";
import { eventsPart } from "./guard/events.js";
import { historyPart } from "./guard/history.js";
import { guardCard } from "./guards/card.js";
import { subscribe } from "./live.js";
import { keep, page, state, t } from "./page.js";
import { empty, load } from "./states.js";

const KINDS = ["circuit_breaker", "rate_limit", "bulkhead"];
const EVERY = 3; // s between looks; what is told live is looked at once
const SLOWLY = 10; // s between looks at the lines
const TYPES = ["breaker.*", "guard.rejections", "config.*", "tuning.*"];

const part = (id) => document.getElementById(id);
const { name } = page.shown;
const cards = new Map();
const list = h("div", { class: "guard-list" });
let marks = new Map(); // by kind

document.querySelector(".headline h1").textContent = name;
document.title = `${name} · ${document.title}`;
const first = await look();
if (first?.length) {
  begin(first);
} else {
  part("rest").hidden = true;
}

/** The parts with exactly this name: the API lists all whose names contain it. */
async function guards() {
  const [found, marked] = await Promise.all([get("/guards", { name, limit: 100 }), marksNow()]);
  marks = new Map(marked.filter((one) => one.name === name).map((one) => [one.kind, one]));
  return found.items.filter((one) => one.name === name);
}

function look() {
  return load(part("parts"), guards, (found) => {
    for (const guard of found) {
      const card = cards.get(guard.kind) ?? guardCard(look);
      cards.set(guard.kind, card);
      card.show(guard, marks.get(guard.kind));
    }
    replace(list, KINDS.filter((kind) => cards.has(kind)).map((kind) => cards.get(kind).element));
    return found.length ? list : empty(t("guard.no_such"));
  });
}

function begin(found) {
  const range = state().range in RANGES ? state().range : "10m";
  const charts = chartsPart(found, part("charts"), range);
  const picker = rangePicker(range, (chosen) => {
    keep({ range: chosen === "10m" ? null : chosen });
    charts.look(chosen);
  });
  replace(part("range"), picker.element);
  const callers = found.some((one) => one.limiter) ? callersPart(name, part("callers"), part("callers-line")) : null;
  part("callers-card").hidden = callers === null;
  const events = eventsPart(name, TYPES, part("events"));
  const history = historyPart(found.map((one) => one.kind), name, part("history"), look);
  const every = (seconds, ...runs) => setInterval(() => document.hidden || runs.forEach((run) => run()), seconds * 1000);
  every(EVERY, look);
  every(SLOWLY, () => charts.look(picker.value()), () => callers?.look());
  subscribe({ events: (event, kind) => kind === "delta" && events.add(event) && (look(), history.look()) }, { types: TYPES });
}
