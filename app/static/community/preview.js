// The outcome of an act upon rights before it is done, which the server tries and takes back; and the
// real one afterwards, as the audit log has it.

import { get, post } from "../control/api.js";
import { h, replace } from "../control/dom.js";
import { room, t } from "../control/page.js";
import { denied } from "./denied.js";
import { PERMISSIONS } from "./permissions.js";
import { all } from "./pages.js";
import { label, nameOf } from "./place.js";

const PAGE = 100; // people asked for at once
const NAMES_MAX = 8; // shown of one line
const PLACES_MAX = 3;
const ASKED_MAX = 12; // differences looked at afterwards
export const PEOPLE_MAX = 500;

/**
 * The changes by an act: `{node, turns}`, a node that tells them and the `{permission, scope,
 * scope_id}` that they are about. Where they cannot be had, words say so.
 *
 * act: as `POST /permissions/what-if` takes it; null: one of several steps, or none of these acts.
 */
export async function foretold(place, act, signal) {
  if (!room("what_if")) {
    return { node: null, turns: [] };
  }
  if (act === null) {
    return { node: h("p", {}, t("preview.untold")), turns: [] };
  }
  try {
    return await asked(place, act, signal);
  } catch (problem) {
    if (problem.name === "AbortError") {
      throw problem;
    }
    // An act that is refused now would be refused then, for the same reason.
    const node = problem.status === 403 ? await denied(place, problem, "note") : h("p", {}, problem.status === 422 ? textOf(problem) : t("preview.not_now", { why: problem.message }));
    return { node, turns: [] };
  }
}

const textOf = (problem) => Object.values(problem.errors).flat().join(" ") || problem.message;

async function asked(place, act, signal) {
  const found = new Map(); // by permission, side and places: whom it is about
  const sides = { gained: new Set(), lost: new Set() };
  const totals = h("p", {});
  const list = h("ul", { class: "changes" });
  const more = h("button", { type: "button", onclick: () => next() }, t("preview.more"));
  const node = h("div", {}, totals, list, more);
  const [names, channels] = await Promise.all([membersOf(place), channelsOf(place)]);
  let after = null;

  async function next() {
    const answer = await post("/permissions/what-if", { act, after, limit: PAGE }, { signal });
    after = answer.next_after;
    answer.items.forEach(take);
    draw();
    return answer;
  }

  function take(item) {
    const who = names.get(item.user_id) ?? { id: item.user_id, username: item.username };
    for (const [side, people] of Object.entries(sides)) {
      for (const verdict of item[side]) {
        people.add(item.user_id);
        const key = JSON.stringify([side, verdict.permission, verdict.places, verdict.count]);
        found.set(key, { ...verdict, side, people: [...(found.get(key)?.people ?? []), who] });
      }
    }
  }

  function draw() {
    const counts = { gain: sides.gained.size, lose: sides.lost.size };
    replace(totals, found.size ? t(after === null ? "preview.totals" : "preview.totals_more", counts) : t(after === null ? "preview.no_change" : "preview.none_yet"));
    replace(list, lines(ordered([...found.values()]).map((one) => ({ key: one.side === "gained" ? "preview.gains" : "preview.loses", permission: one.permission, people: one.people, where: where(one, channels) }))));
    more.hidden = after === null;
  }

  await next();
  return { node, turns: ordered([...found.values()]).map(({ permission, places }) => ({ permission, ...placeOf(place, places) })) };
}

const rankOf = ({ permission }) => (PERMISSIONS.includes(permission) ? PERMISSIONS.indexOf(permission) : PERMISSIONS.length);
const ordered = (turns) => turns.sort((a, b) => a.side.localeCompare(b.side) || rankOf(a) - rankOf(b));

/** Where it is that something changes; nothing, if it is the community as a whole. */
function where({ places, count = places.length }, channels) {
  if (places.some((one) => !one.startsWith("channel:"))) {
    return "";
  }
  const shown = places.slice(0, PLACES_MAX).map((one) => `#\u00a0${channels.get(Number(one.slice("channel:".length))) ?? one}`);
  return listed(shown) + (count > shown.length ? ` +${count - shown.length}` : "");
}

/** A line for each who and where: `{key, permission, people, where}` that differ in the permission alone are one. */
function lines(turns) {
  const found = new Map();
  for (const { key, permission, people, where: at } of turns) {
    const same = JSON.stringify([key, at, people.map((one) => one.id)]);
    found.set(same, { key, people, at, permissions: [...(found.get(same)?.permissions ?? []), `“${label(permission)}”`] });
  }
  return [...found.values()].map(({ key, people, at, permissions }) => h("li", {}, t(key, { who: namesOf(people), permissions: listed(permissions) }), at && h("span", { class: "quiet" }, ` ${at}`)));
}

/** The widest of the places, for the question what became of it. */
function placeOf(place, places) {
  const channel = places.every((one) => one.startsWith("channel:")) ? Number(places[0].slice("channel:".length)) : null;
  return channel === null ? { scope: "server", scope_id: place.id } : { scope: "channel", scope_id: channel };
}

/** The people who gained or lost since `since` (ISO 8601), by the audit log; null where one may not know. */
export async function outcome(place, turns, since) {
  if (!place.can("server.audit") || !room("review")) {
    return null;
  }
  const [names, channels] = await Promise.all([membersOf(place), channelsOf(place)]);
  const questions = [...new Map(turns.map((one) => [JSON.stringify(one), one])).values()].slice(0, ASKED_MAX);
  const found = await Promise.all(questions.map((one) => get("/permissions/review/difference", { ...one, since })));
  const people = (changed) => changed.map((one) => names.get(one.user_id) ?? { id: one.user_id, username: `#${one.user_id}` });
  const changes = [["gained", "preview.gained"], ["lost", "preview.lost"]].flatMap(([side, key]) =>
    found.map((one, at) => ({ key, permission: one.permission, people: people(one[side]), where: where({ places: [`${questions[at].scope}:${questions[at].scope_id}`] }, channels) })).filter((one) => one.people.length),
  );
  return outcomeOf(lines(changes));
}

/** The lines of what changed, below the tabs. */
export const outcomeOf = (items) => h("section", { class: "card", role: "status", "aria-label": t("preview.outcome") }, h("h2", {}, t("preview.outcome")), items.length ? h("ul", {}, items) : h("p", {}, t("preview.no_change")));

/** Names, some of many. */
export function namesOf(people) {
  const shown = people.slice(0, NAMES_MAX).map(nameOf);
  return listed(shown) + (people.length > shown.length ? ` +${people.length - shown.length}` : "");
}

const listed = (texts) => texts.join(t("shared.between"));

/** The members, as people: `{items, whole}`. */
export async function peopleOf(place) {
  const { items, whole } = await all(`${place.path}/members`, {}, PEOPLE_MAX);
  return { items: items.map((one) => one.user), whole };
}

/** Members by their id: names for what is told, read once. */
const membersOf = (place) => (place.names ??= peopleOf(place).then(({ items }) => new Map(items.map((one) => [one.id, one])), () => new Map()));

const channelsOf = (place) => get(`${place.path}/channels`).then(({ items }) => new Map(items.map((one) => [one.id, one.name])), () => new Map());

/** The holders of a role: all members, for that of everybody. */
export async function holdersOf(place, role) {
  if (role.is_default) {
    return peopleOf(place);
  }
  const { items, whole } = await all(`/roles/${role.id}/members`, {}, PEOPLE_MAX);
  return { items: items.map((one) => one.user), whole };
}
