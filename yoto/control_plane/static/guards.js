// The wall: every guard as a card, by name, kind and state; and features that are switched off.

import { asksFor, state } from "./address.js";
import { get } from "./api.js";
import { h, replace } from "./dom.js";
import { subscribe } from "./live.js";
import { named, t } from "./page.js";
import { empty, load } from "./states.js";
import { degradationTable } from "./guards/degradation.js";
import { guardCard } from "./guards/card.js";

const KINDS = ["circuit_breaker", "rate_limit", "bulkhead"];
const EVERY = 3; // s between looks; what is told live is looked at once
const PAGE = 100;

const part = (id) => document.getElementById(id);
const cards = new Map();
const list = h("div", { class: "guard-list" });
let guards = [];
let looking = false;

const filter = { name: part("filter-name"), kind: part("filter-kind"), state: part("filter-state") };
filter.kind.append(...KINDS.map((kind) => h("option", { value: kind }, named("kind", kind))));
part("filter").addEventListener("submit", (event) => event.preventDefault());
part("filter").addEventListener("input", show);

async function all() {
  const found = [];
  let after = null;
  do {
    const page = await get("/guards", { limit: PAGE, after });
    found.push(...page.items);
    after = page.next;
  } while (after !== null);
  return found;
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
    card.show(guard);
  }
  replace(list, fits.map((guard) => cards.get(keyOf(guard)).element));
  states();
  const summary = t("guards.shown", { n: fits.length, all: guards.length });
  if (part("summary").textContent !== summary) {
    part("summary").textContent = summary; // it is read out
  }
  const content = fits.length ? list : empty(t("guards.none_fits"));
  if (guards.length) {
    // What is old stays marked as that, whatever is chosen of it.
    replace(part("guard-list"), part("guard-list").querySelector(":scope > .stale-mark"), content);
  }
  return content;
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

const keyOf = (guard) => `${guard.kind} ${guard.name}`;

const degradation = degradationTable(part("degradation"));

/**
 * The card that the address names, `?guard=rate_limit:message.send`, is gone to as soon as it is
 * there; of what is no guard, `?guard=degradation:search`, the card of all of its kind.
 */
function goToCard() {
  const { guard, part: section } = state();
  const wanted = guard ?? section ?? "";
  const card = cards.get(wanted.replace(":", " "))?.element ?? part(`${wanted.split(":")[0]}-card`);
  card?.setAttribute("tabindex", "-1");
  card?.focus();
  card?.scrollIntoView({ block: "center" });
  // Links such as those of the search lead to a dialog of the card, too.
  [...(card?.querySelectorAll("[data-act]") ?? [])].find((one) => asksFor(one.dataset.act))?.click();
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
