// The platform's events: as they happen, or those of a chosen time.

import { apiAddress, get, post } from "./api.js";
import { act } from "./dialog.js";
import { badge, h, isLost, replace, say, toHeading } from "./dom.js";
import { milliseconds } from "./events/entry.js";
import { readFilters, rememberFilters } from "./events/filters.js";
import { tail } from "./events/tail.js";
import { typePicker } from "./events/types.js";
import { now, zone } from "./format.js";
import { isLate, isStale, subscribe, watch } from "./live.js";
import { toLocal, toMoment } from "./moments.js";
import { may, t } from "./page.js";
import { empty, failed, loading } from "./states.js";

const MOST = 1000; // events on the page, and as many that wait
const PAGE = 100; // events a reading of older ones
const CATCH_UP = 500; // events a reading of what was missed
const BEGINNING = "0-0"; // before the first event
const SETTLED = 300; // ms after which a choice is taken to be made
const CLEAR = "clear events";

const part = (id) => document.getElementById(id);
const list = tail({ label: t("events.list"), most: MOST });
let filters = readFilters();
let turn = 0; // grows when other events are wanted: what was asked for before is not shown
let reading = Promise.resolve();
let leave = null;
let paused = false;
let waiting = [];
let overflow = false; // more waits than is kept: the list is read again
let cursor = null; // of the next older page
let state = "loading"; // of the end of the list: "loading", "more", "end", or a problem

const searching = () => filters.from !== null || filters.to !== null;
const range = () => ({ types: filters.types.join(","), from: filters.from, to: filters.to });

// Reading

/** Begin anew, with what the filters want now. */
function begin() {
  turn += 1;
  leave?.();
  leave = null;
  list.clear();
  resume(false);
  cursor = null;
  rememberFilters(filters);
  if (!searching()) {
    leave = subscribe({ events: hear, gap: miss }, { types: filters.types.length ? filters.types : null });
  }
  readOlder();
}

/** Show the next page of older events. */
function readOlder() {
  const mine = turn;
  state = "loading";
  draw();
  reading = (async () => {
    try {
      const found = await get("/events", { ...range(), after: cursor, limit: PAGE });
      if (mine === turn) {
        found.items.forEach(list.add);
        cursor = found.next;
        state = cursor === null ? "end" : "more";
      }
    } catch (problem) {
      if (mine === turn) {
        state = problem;
      }
    }
    draw();
  })();
}

/** Further back: here while there is room, else as a search that ends where this list does. */
function older() {
  if (list.size() + PAGE <= MOST && !list.dropped()) {
    if (!searching()) {
      pause();
    }
    readOlder();
  } else {
    // Whole seconds, as the input has them: a few events are shown again, none is left out.
    filters.to = (Math.floor(milliseconds(list.oldest()) / 1000) + 1) * 1000;
    showFilters();
    begin();
  }
}

/** Read the events that were missed; those that come meanwhile are not shown twice. */
async function catchUp() {
  const mine = turn;
  await reading;
  let after = waiting.filter((one) => one.id).at(-1)?.id ?? list.newest() ?? BEGINNING;
  for (let pages = 0; after !== null && pages < MOST / CATCH_UP; pages += 1) {
    const found = await get("/events", { ...range(), after, limit: CATCH_UP }).catch(() => null);
    if (mine !== turn || found === null) {
      return; // the next message of the connection tries again
    }
    found.items.forEach(take);
    after = found.next;
  }
  if (after !== null) {
    lose();
  }
  draw();
}

// Hearing

function hear(data, kind) {
  if (kind === "snapshot") {
    catchUp();
  } else {
    take(data);
    drawSoon();
  }
}

function miss(gap) {
  if (paused) {
    waiting.push({ gap });
  } else {
    list.addGap(gap);
  }
}

function take(event) {
  if (!paused) {
    list.add(event);
    if (state === "end" && list.dropped()) {
      state = "more";
    }
  } else if (waiting.length >= MOST) {
    overflow = true;
  } else if (!waiting.some((one) => one.id === event.id)) {
    waiting.push(event);
  }
}

/** More was missed than the list holds: it begins anew, now or when it goes on. */
function lose() {
  if (paused) {
    overflow = true;
  } else {
    begin();
  }
}

function pause() {
  paused = true;
  draw();
}

/** Go on; `show` what has waited. */
function resume(show = true) {
  const [found, lost] = [waiting, overflow];
  paused = false;
  waiting = [];
  overflow = false;
  if (show && lost) {
    begin();
  } else if (show) {
    found.forEach((one) => (one.gap ? list.addGap(one.gap) : take(one)));
    draw();
  }
}

// Drawing

const pauseButton = h("button", { type: "button", onclick: () => (paused ? resume() : pause()) });
const backButton = h("button", { type: "button", onclick: toLive }, t("events.to_live"));
const exportLink = h("a", { class: "button", download: true }, t("events.export"));
const clearButton = may("admin") ? h("button", { type: "button", class: "dangerous", onclick: clear }, t("events.clear")) : null;
const notice = h("p", { class: "notice warning", role: "status", hidden: true }, t("events.not_heard"));
const head = h("p", { class: "quiet small", hidden: true });
const heard = h("p", { class: "hidden-text", role: "status" });
const foot = h("div", { class: "tail-end" });
// These elements below the list stay the same while events come, so that they can be clicked.
const dropped = h("p", { class: "quiet small", hidden: true });
const olderButton = h("button", { type: "button", onclick: () => state === "loading" || older() }, t("events.older"));
const count = h("span", { class: "quiet small" });
const waitingLines = loading();
const ends = new Map();
replace(part("acts"), pauseButton, backButton, exportLink, clearButton);
replace(part("list"), notice, head, heard, list.element, foot);

function draw() {
  const mode = searching() ? "search" : paused ? "paused" : typeof state !== "string" || isLate() ? "not_following" : "following";
  replace(part("mode"), MODES[mode]);
  pauseButton.hidden = searching();
  pauseButton.setAttribute("aria-pressed", String(paused));
  const n = overflow ? `${MOST}+` : waiting.length;
  say(pauseButton, paused ? t("events.continue", { n }) : t("events.pause"));
  backButton.hidden = !searching();
  exportLink.href = apiAddress("/events/export", range());
  const shown = list.size();
  const found = list.found();
  list.element.hidden = found === 0;
  head.hidden = shown === 0 || !filters.text;
  say(head, head.hidden ? "" : t("events.found", { n: found, all: shown, text: filters.text }));
  say(dropped, t("events.dropped", { n: list.dropped(), most: MOST }));
  dropped.hidden = list.dropped() === 0;
  say(count, t("shared.count", { n: shown }));
  olderButton.setAttribute("aria-disabled", String(state === "loading"));
  const focused = foot.contains(document.activeElement);
  replace(foot, endOf(shown));
  if (focused && isLost()) {
    toHeading(foot); // it was the button, and there is nothing older
  }
}

const MODES = {
  following: badge("following", t("events.following"), "ok"),
  // Nothing is heard, or what happened before could not be read.
  not_following: badge("not_following", t("events.not_following"), "unknown"),
  paused: badge("paused", t("events.paused"), "neutral"),
  search: badge("search", t("events.searching"), "neutral"),
};

function endOf(shown) {
  if (state === "loading") {
    return cursor === null ? waitingLines : [dropped, olderButton, count, waitingLines];
  }
  if (state === "more") {
    return [dropped, olderButton, count];
  }
  if (typeof state !== "string") {
    return once(state, () => failed(state, readOlder));
  }
  if (shown === 0) {
    const text = searching() || filters.types.length ? t("events.none_wanted") : t("events.none");
    return once(text, () => empty(text));
  }
  const text = filters.from === null ? t("events.oldest") : t("events.first_of_time");
  return [once(text, () => h("p", { class: "quiet small" }, text)), count];
}

/** The same node each time that the same is to be said. */
function once(what, make) {
  if (!ends.has(what)) {
    ends.clear();
    ends.set(what, make());
  }
  return ends.get(what);
}

let soon = null;

/** Many events at once are drawn around once. */
function drawSoon() {
  soon ??= requestAnimationFrame(() => {
    soon = null;
    draw();
  });
}

// Filters

const textInput = part("text");
const [fromInput, toInput] = [part("from"), part("to")];
let settling = null;

const picker = typePicker({
  first: filters.types,
  changed: () => {
    filters.types = picker.chosen();
    draw();
    clearTimeout(settling);
    settling = setTimeout(begin, SETTLED);
  },
});
replace(part("types"), picker.element);
document.querySelectorAll(".zone").forEach((node) => replace(node, `(${zone(now())})`));

function showFilters() {
  textInput.value = filters.text;
  fromInput.value = toLocal(filters.from);
  toInput.value = toLocal(filters.to);
}

textInput.addEventListener("input", () => {
  filters.text = textInput.value;
  list.find(filters.text);
  rememberFilters(filters);
  draw();
  say(heard, head.textContent); // how many there are is read out once, not with each event
});

part("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  filters.from = toMoment(fromInput.value);
  filters.to = toMoment(toInput.value);
  const backwards = filters.from !== null && filters.to !== null && filters.from >= filters.to;
  toInput.setCustomValidity(backwards ? t("events.backwards") : "");
  if (backwards) {
    toInput.reportValidity();
  } else {
    begin();
  }
});
toInput.addEventListener("input", () => toInput.setCustomValidity(""));
fromInput.addEventListener("input", () => toInput.setCustomValidity(""));

function toLive() {
  filters.from = null;
  filters.to = null;
  showFilters();
  begin();
  pauseButton.focus();
}

// Removing

function clear() {
  return act({
    title: t("events.clear_title"),
    intro: t("events.clear_does"),
    submit: t("events.clear_do"),
    danger: true,
    confirm: CLEAR,
    run: async ({ reason }, { key }) => {
      const found = await post("/events/clear", { reason }, { key });
      begin();
      return found;
    },
    done: ({ removed }) => t("events.cleared", { n: removed }),
  });
}

// The connection

let mode = "";
watch((found) => {
  if (found.mode === "polling" && mode !== "polling" && !searching()) {
    catchUp();
  }
  mode = found.mode;
});
setInterval(() => {
  notice.hidden = searching() || mode === "connecting" || !isStale();
  draw();
}, 1000);

showFilters();
list.find(filters.text);
begin();
