// The wall: every guard as a card or a line, the most severe first and idle ones folded; and features
// that are switched off. Filters and the form of the list are in the address.

import { marksNow } from "./additions.js";
import { get } from "./api.js";
import { badge, h, replace } from "./dom.js";
import { quantity, subject } from "./format.js";
import { guardCard } from "./guards/card.js";
import { degradationTable } from "./guards/degradation.js";
import { edit } from "./guards/editor.js";
import { bySeverity, isIdle, lookOf, stateOf } from "./guards/order.js";
import { subscribe } from "./live.js";
import { asksFor, keep, named, state, t } from "./page.js";
import { empty, load } from "./states.js";
import { table } from "./table.js";

const KINDS = ["circuit_breaker", "rate_limit", "bulkhead"];
const EVERY = 3; // s between looks; what is told live is looked at once
const PAGE = 100;
const ASLEEP = 6; // guards that are shown where all are idle, so that the page is not empty

const keyOf = (guard) => `${guard.kind} ${guard.name}`;
const part = (id) => document.getElementById(id);
const cards = new Map();
const FILTERS = ["name", "kind", "state"];
const VIEWS = ["cards", "table"];
const given = state();
let view = VIEWS.includes(given.view) && !given.guard ? given.view : VIEWS[0];
const idle = h("details", { class: "idle", open: given.idle === "open" }, h("summary", { onclick: () => keep({ idle: idle.open ? null : "open" }) }));
const groups = [idle, h("div")].map(() => ({ cards: h("div", { class: "guard-list" }), lines: linesOf() }));
const list = h("div", {}, h("h2", { class: "hidden-text" }, t("guards.list")));
let guards = [];
let marked = new Map();
const awake = new Set(); // who was called since the page was opened stays where it is
let looking = false;

const filter = { name: part("filter-name"), kind: part("filter-kind"), state: part("filter-state") };
filter.kind.append(...KINDS.map((kind) => h("option", { value: kind }, named("kind", kind))));
part("filters").open = FILTERS.some((name) => given[name]) || !matchMedia("(max-width: 46rem)").matches;
part("filter").addEventListener("submit", (event) => event.preventDefault());
filter.name.value = given.name ?? "";
filter.kind.value = KINDS.includes(given.kind) ? given.kind : "";
if (given.state) {
  replace(filter.state, h("option", { value: "" }, t("guards.all")), h("option", { value: given.state }, named("guard_state", given.state)));
  filter.state.value = given.state;
}
part("filter").addEventListener("input", () => {
  keep(Object.fromEntries(FILTERS.map((name) => [name, filter[name].value.trim()])));
  show();
});
const views = VIEWS.map((name) => h("button", { type: "button", "aria-pressed": String(name === view), onclick: () => look_as(name) }, t(name === "table" ? "guards.as_table" : "guards.as_cards")));
part("filter").append(h("div", { class: "segments", role: "group", "aria-label": t("guards.view") }, views));

async function all() {
  const found = [];
  let after = null;
  do {
    const page = await get("/guards", { limit: PAGE, after });
    found.push(...page.items);
    after = page.next;
  } while (after !== null);
  marked = new Map((await marksNow()).map((one) => [keyOf(one), one]));
  return found;
}

function look_as(name) {
  view = name;
  views.forEach((button, at) => button.setAttribute("aria-pressed", String(VIEWS[at] === name)));
  keep({ view: name === VIEWS[0] ? null : name });
  show();
}

/** Guards as lines of a table. */
function linesOf() {
  return table({
    label: t("guards.list"),
    key: keyOf,
    columns: [
      { title: t("guards.name"), head: true, render: (one) => subject(`guard:${one.name}`, { text: one.name }), sort: (one) => one.name },
      { title: t("guards.kind"), render: (one) => named("kind", one.kind), sort: (one) => one.kind },
      { title: t("guards.state"), render: (one) => badge(one.state, stateOf(one), lookOf(one)), sort: (one) => one.state },
      { title: t("guards.passes"), number: true, render: (one) => quantity(one.rates.passes, "per_second"), sort: (one) => one.rates.passes },
      { title: t("guards.refuses"), number: true, render: (one) => quantity(one.rates.rejections, "per_second"), sort: (one) => one.rates.rejections },
      { title: t("guards.set_short"), render: (one) => marked.get(keyOf(one))?.short || one.overridden.map((name) => named("guard_field", name)).join(", ") || null },
    ],
    actions: [{ title: t("guards.configure"), right: "view", when: (one) => !one.breaker || one.breaker.operable, run: async (one) => (await edit(one.kind, one.name)) && look() }],
  });
}

async function look() {
  if (looking) {
    return;
  }
  looking = true;
  try {
    await load(part("guard-list"), all, (found) => {
      guards = found;
      return show();
    });
  } finally {
    looking = false;
  }
}

function show() {
  // Said once, and not by each card.
  part("worker-only").hidden = !guards.some(({ scope }) => scope === "worker");
  const wanted = filter.name.value.trim().toLowerCase();
  const fits = guards.filter(
    (one) => one.name.toLowerCase().includes(wanted) && (filter.kind.value || one.kind) === one.kind && (filter.state.value || one.state) === one.state,
  );
  const there = new Set(guards.map(keyOf));
  for (const key of cards.keys()) {
    if (!there.has(key)) {
      cards.delete(key);
    }
  }
  for (const guard of guards) {
    const card = cards.get(keyOf(guard)) ?? guardCard(look);
    cards.set(keyOf(guard), card);
    card.show(guard, marked.get(keyOf(guard)));
  }
  guards.filter((guard) => !isIdle(guard, marked.get(keyOf(guard)))).forEach((guard) => awake.add(keyOf(guard)));
  // The results of a search are not folded away.
  const quiet = FILTERS.some((name) => filter[name].value.trim()) ? [] : fits.filter((guard) => !awake.has(keyOf(guard))).sort(bySeverity);
  const folded = quiet.length === fits.length ? quiet.slice(ASLEEP) : quiet;
  const parts = [folded, fits.filter((guard) => !folded.includes(guard))].map((some, at) => drawn(some.sort(bySeverity), groups[at]));
  idle.firstChild.textContent = t("guards.idle", { n: folded.length });
  replace(list, list.firstChild, parts[1], folded.length ? replace(idle, idle.firstChild, parts[0]) : null);
  states();
  const summary = t("guards.shown", { n: fits.length, all: guards.length });
  if (part("summary").textContent !== summary) {
    part("summary").textContent = summary; // it is read out
  }
  const content = fits.length ? list : empty(t("guards.none_fits"));
  if (guards.length) {
    // Stale data stays marked as stale, whatever is filtered.
    replace(part("guard-list"), part("guard-list").querySelector(":scope > .stale-mark"), content);
  }
  return content;
}

/** One part of the list, in the form that was chosen; null where it is empty. */
function drawn(some, { cards: wall, lines }) {
  if (!some.length) {
    return null;
  }
  if (view === "table") {
    lines.show(some);
    return lines.element;
  }
  const elements = some.map((guard) => cards.get(keyOf(guard)).element);
  // Elements that are in their places already are not moved: one may have the focus.
  if (elements.length !== wall.children.length || elements.some((one, at) => one !== wall.children[at])) {
    const focused = document.activeElement;
    replace(wall, elements);
    if (wall.contains(focused)) {
      focused.focus({ preventScroll: true });
    }
  }
  return wall;
}

/** The states that there are now can be chosen; the one that is chosen stays. */
function states() {
  const found = [...new Set([...guards.map((one) => one.state), filter.state.value].filter(Boolean))].sort();
  const offered = [...filter.state.options].slice(1).map((option) => option.value);
  if (found.join() !== offered.join()) {
    const chosen = filter.state.value;
    replace(filter.state, h("option", { value: "" }, t("guards.all")), found.map((state) => h("option", { value: state }, named("guard_state", state))));
    filter.state.value = chosen;
  }
}


const degradation = degradationTable(part("degradation"));

/**
 * Go to the card that the address names, `?guard=rate_limit:message.send`, as soon as it is there;
 * without a card of its own, `?guard=degradation:search`, to the card of all of its kind.
 */
function goToCard() {
  const { guard, part: section } = state();
  const wanted = guard ?? section ?? "";
  const card = shownAt(wanted.replace(":", " ")) ?? part(`${wanted.split(":")[0]}-card`);
  card?.setAttribute("tabindex", "-1");
  card?.focus();
  card?.scrollIntoView({ block: "center" });
  // Links such as those of the search lead to a dialog of the card, too.
  [...(card?.querySelectorAll("[data-act]") ?? [])].find((one) => asksFor(one.dataset.act))?.click();
}

/** The card of a guard, unfolded. */
function shownAt(key) {
  const element = cards.get(key)?.element;
  if (element && idle.contains(element)) {
    idle.open = true;
  }
  return element;
}

look().then(goToCard);
degradation.look();
setInterval(() => document.hidden || look(), EVERY * 1000);
setInterval(() => document.hidden || degradation.look(), 5 * EVERY * 1000);
subscribe(
  {
    events: () => {
      look();
      degradation.look();
    },
  },
  { types: ["breaker.transitioned", "breaker.opened_locally", "config.changed", "config.restored", "guard.rejections", "degradation.changed"] },
);
