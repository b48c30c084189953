// Live data: one socket for the page, and polling of the same data while there is none.
//
//   subscribe({status: (data, kind) => ..., events: (event) => ...}, {types: [...]})
//
// A handler gets the data of its topic, and what it is: "snapshot" (how it is now), "delta" (news),
// "poll" (read again), or "failed" with a Problem instead of data: how it is now is not known, and is
// asked again. The poll of "performance" brings all of the last ten minutes. The topics status, performance and cache bring views; events, alerts,
// tasks and maintenance bring events, {id, type, at, data}, in order and each once, also after the
// connection was lost. Where history is gone, the handler `gap` is told {after, reason}; a socket's
// snapshot follows. docs/control-socket.md describes the data.

import { get, hasEnded, Problem, watchSession } from "./api.js";
import { now } from "./format.js";
import { page, t } from "./page.js";

const EVENT_OF = {
  status: "system_status",
  performance: "performance_stats",
  cache: "cache_stats",
  events: "permission_event",
  alerts: "alert",
  tasks: "task_progress",
  maintenance: "maintenance_mode_change",
};
// How a topic is read without a socket, and how often (s). Other topics wait for the socket.
const POLLS = {
  status: { every: 5, fetch: () => get("/status") },
  performance: { every: 5, fetch: () => get("/stats/performance", { range: "10m" }) },
  cache: { every: 5, fetch: () => get("/stats/cache") },
  alerts: { every: 10, fetch: () => get("/alerts") },
  events: { every: 2, fetch: pollEvents },
};
const STATE_TOPICS = new Set(["status", "performance", "cache"]);
const PATIENCE = 4; // s until a socket that does not come is done without
const RETRY = 15; // s between tries where the server refused the socket
const UNKNOWN_RETRY = 5; // s until what a snapshot could not tell is asked for again
// s without a message, where the server sends one each 5 s: something holds it up; nothing is of now.
const LATE = 8;
const STALE = 15;

const subscriptions = new Set();
const watchers = new Set();
const polls = new Map();
let socket = null;
let started = false;
let leaving = false;
let queued = false;
let again = null; // the timer of a snapshot that is asked for again
// The newest event that was heard, at first by the server as it made the page, and for each topic the
// last one that it was told of.
let lastEvent = page.last_event_id ?? null;
const newestIds = new Map();
let state = { mode: "connecting", at: null };

/** Follow topics; see above. `options.types` filters events. Returns a function that ends it. */
export function subscribe(handlers, { types = null } = {}) {
  const subscription = { handlers, types };
  subscriptions.add(subscription);
  begin();
  announce();
  return () => {
    subscriptions.delete(subscription);
    announce();
  };
}

/** Have how everything is that is followed told again. */
export function refresh() {
  announce();
  if (polls.size) {
    topics().forEach((topic) => polls.delete(topic));
    pollDue();
  }
}

/**
 * Follow the connection: `{mode, at}`, mode "connecting", "live", "polling" or "lost", `at` the time
 * of the last message (ms since 1970, the server's clock) or null. Told at once, then at changes.
 */
export function watch(watcher) {
  watchers.add(watcher);
  watcher(state);
  return () => watchers.delete(watcher);
}

/** Whether the last message is too old for what is shown to be of now. */
export const isStale = () => state.at === null || now() - state.at > STALE * 1000;

/** Whether a message that was due has not come yet, though the first one has. */
export const isLate = () => state.at !== null && now() - state.at > LATE * 1000;

function become(change) {
  state = { ...state, ...change };
  watchers.forEach((watcher) => watcher(state));
}

const topics = () => [...new Set([...subscriptions].flatMap(({ handlers }) => Object.keys(handlers)))].filter((topic) => topic in EVENT_OF);

function notify(topic, data, kind) {
  for (const { handlers, types } of [...subscriptions]) {
    if (topic !== "events" || kind !== "delta" || wants(types, data.type)) {
      handlers[topic]?.(data, kind);
    }
  }
}

/** The page is being left: a connection that the server ends now is no reason to ask why. */
export function leave() {
  leaving = true;
  stopPolling();
}

/** Whether `types` has a type, or its beginning: "alert.raised", "alert.*". */
const wants = (types, type) => !types || types.some((one) => (one.endsWith(".*") ? type.startsWith(one.slice(0, -1)) : one === type));
const notifyGap = (gap) => [...subscriptions].forEach(({ handlers }) => handlers.gap?.(gap));

// The socket

async function begin() {
  if (started) {
    return;
  }
  started = true;
  const late = setTimeout(startPolling, PATIENCE * 1000);
  const library = page.vendor?.socket ? await import(page.vendor.socket).catch(() => null) : null;
  if (!library) {
    clearTimeout(late);
    startPolling();
    return;
  }
  socket = library.io("/control", { path: page.socket_path, transports: ["websocket"], reconnectionDelayMax: 5000 });
  socket.on("connect", () => {
    clearTimeout(late);
    announce();
  });
  socket.on("connect_error", () => {
    startPolling();
    if (!socket.active) {
      comeBack(RETRY); // the server refused: it drains, or does not know the session
    }
  });
  socket.on("disconnect", (reason) => {
    startPolling();
    if (reason === "io server disconnect") {
      comeBack(1); // signed out, or a right was taken away
    }
  });
  socket.on("snapshot", ({ topics: found, last_event_id: last }) => {
    heard();
    resumeAt(last);
    const unknown = Object.keys(found).filter((topic) => found[topic] === null && topic !== "events");
    clearTimeout(again);
    again = unknown.length ? setTimeout(announce, UNKNOWN_RETRY * 1000) : null;
    for (const [topic, data] of Object.entries(found)) {
      if (data !== null) {
        notify(topic, data, "snapshot");
      }
    }
    unknown.forEach((topic) => notifyFailed(topic, new Problem(503, { detail: t("live.store_away") })));
  });
  socket.on("gap", (gap) => {
    heard();
    resumeAt(gap.resumed_at);
    notifyGap(gap);
  });
  for (const [topic, name] of Object.entries(EVENT_OF)) {
    socket.on(name, (data) => {
      heard();
      if (STATE_TOPICS.has(topic) || isNew(topic, data.id)) {
        notify(topic, data, "delta");
      }
    });
  }
}

/** Connect again after so many seconds, unless nobody is signed in. */
async function comeBack(seconds) {
  if (leaving) {
    return;
  }
  await get("/session").catch(() => null);
  if (!hasEnded()) {
    setTimeout(() => socket.connect(), seconds * 1000);
  }
}

watchSession((ended) => {
  if (ended) {
    stopPolling();
    become({ mode: "lost" });
  } else if (socket) {
    socket.connect();
  } else if (started) {
    startPolling();
  }
});

function heard() {
  stopPolling();
  become({ mode: "live", at: now() });
}

/** Tell the server what is followed now; several changes at once are one message. */
function announce() {
  if (queued || !socket?.connected) {
    return;
  }
  queued = true;
  queueMicrotask(() => {
    queued = false;
    const wanted = topics();
    if (wanted.length) {
      socket.emit("subscribe", { topics: wanted, filters: filters(), last_event_id: lastEvent }, (answer) => {
        if (answer?.ok) {
          heard();
        } else {
          startPolling();
        }
      });
    }
  });
}

function filters() {
  const followers = [...subscriptions].filter(({ handlers }) => handlers.events);
  const all = followers.some(({ types }) => !types);
  return all || !followers.length ? {} : { types: [...new Set(followers.flatMap(({ types }) => types))] };
}

/** Whether a topic was not told of an event yet: ids are "<ms>-<number>" and only grow. */
function isNew(topic, id) {
  const before = newestIds.get(topic) ?? null;
  if (before !== null && compareIds(id, before) <= 0) {
    return false;
  }
  newestIds.set(topic, id);
  if (lastEvent === null || compareIds(id, lastEvent) > 0) {
    lastEvent = id;
  }
  return true;
}

/** All topics go on behind this event. */
function resumeAt(id) {
  if (id !== null && id !== undefined) {
    lastEvent = id;
    newestIds.clear();
  }
}

/** Below, at or above 0 as the event `a` was before, is, or came after `b`. */
export function compareIds(a, b) {
  const [first, second] = [a, b].map((id) => String(id).split("-").map(BigInt));
  const at = first[0] === second[0] ? 1 : 0;
  const difference = (first[at] ?? 0n) - (second[at] ?? 0n);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

// Polling

function startPolling() {
  if (polls.size || leaving || hasEnded()) {
    return;
  }
  become({ mode: state.at === null ? "connecting" : "lost" });
  const step = setInterval(pollDue, 1000);
  polls.set("", step);
  pollDue();
}

function stopPolling() {
  clearInterval(polls.get(""));
  polls.clear();
}

function pollDue() {
  if (document.hidden) {
    return;
  }
  for (const topic of topics()) {
    const poll = POLLS[topic];
    if (poll && Date.now() >= (polls.get(topic) ?? 0)) {
      polls.set(topic, Infinity); // until it has ended
      pollOne(topic, poll);
    }
  }
}

async function pollOne(topic, { every, fetch }) {
  let found = null;
  let problem = null;
  try {
    found = await fetch();
  } catch (error) {
    problem = error;
  }
  if (!polls.size) {
    return; // the socket is there again, or nobody is signed in any more
  }
  polls.set(topic, Date.now() + every * 1000);
  if (problem === null) {
    become({ mode: "polling", at: now() });
  } else if (problem.status === 0) {
    become({ mode: "lost" });
  }
  if (problem !== null) {
    notifyFailed(topic, problem);
  } else if (found !== null) {
    notify(topic, found, "poll");
  }
}

/** Tell a topic's subscribers that it could not be read; for events the age of the last message tells that. */
function notifyFailed(topic, problem) {
  if (topic !== "events") {
    notify(topic, problem, "failed");
  }
}

async function pollEvents() {
  const first = lastEvent === null;
  const found = await get("/events", { after: lastEvent, limit: first ? 1 : 100 });
  if (found.gap) {
    notifyGap(found.gap);
    if (found.gap.reason === "lost") {
      lastEvent = null; // ids begin anew
      newestIds.clear();
    }
  }
  const events = found.items ?? [];
  const ordered = [...events].sort((a, b) => compareIds(a.id, b.id)).filter((event) => isNew("events", event.id));
  if (!first) {
    ordered.forEach((event) => notify("events", event, "delta"));
  }
  return null;
}

// Data that no socket sends, read again and again

/** Call `task` at once and then each `seconds`, but not while nobody looks. Returns `task`. */
export function repeat(task, seconds) {
  task();
  setInterval(() => document.hidden || task(), seconds * 1000);
  return task;
}

/** `task` at most once in `ms`, however often it is asked for; the last wish is granted late. */
export function throttled(task, ms) {
  let waiting = null;
  return () => {
    waiting ??= setTimeout(() => {
      waiting = null;
      task();
    }, ms);
  };
}
