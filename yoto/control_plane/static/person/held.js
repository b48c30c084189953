// Where somebody belongs, what they hold, and what was overwritten for them.

import { change, get, post } from "../api.js";
import { act } from "../dialog.js";
import { badge, h, replace } from "../dom.js";
import { moment, now, subject, until } from "../format.js";
import { asksFor, may, named, page, state, t } from "../page.js";
import { reach } from "../reach.js";
import { pagedTable } from "../table.js";

const DAY = 86400; // s
const LONGEST_TIME_OUT = 28 * DAY;
const SERVER = "server";

// For an application that brings no acts on people.
const NONE = { time_out_in: [], take_roles_in: [], take_global_roles: false };

/** How long a role is held: until when, and whether its time is over, or has not begun. */
export const windowOf = (one) => [
  one.valid_until === null ? t("permissions.no_bound") : one.in_force ? until(one.valid_until) : moment(one.valid_until),
  one.in_force ? null : [" ", badge("unknown", t(one.valid_until !== null && Date.parse(one.valid_until) <= now() ? "holding.over" : "holding.not_yet"))],
];

/** A note that a role is held at a node and not below it; null: also below. */
export const notBelow = (one) => (one.here_only ? h("div", { class: "quiet small" }, t("person.not_below")) : null);

/**
 * Fill the nodes of these names; `{look()}` reads all of them again. `allowed` says what the operator
 * could do to this person, as `/account` tells it.
 */
export function heldParts(person, nodes, allowed) {
  const acts = allowed ?? NONE;
  const path = (what) => `/people/${encodeURIComponent(person.id)}/${what}`;
  const own = person.subject;
  const look = () => tables.forEach((one) => one.reload());

  const memberships = page.resources
    .filter((one) => one.members)
    .map(({ type }) => ({
      type,
      ...pagedTable({
        label: named("scope", type),
        none: t("person.no_memberships"),
        fetch: async (after) => {
          const found = await get(path("memberships"), { scope: type, after });
          offer(type, found.items);
          return found;
        },
        columns: [
          { title: named("scope", type), head: true, render: (one) => subject(`${one.scope}:${one.id}`, { text: one.name ?? String(one.id) }) },
          { title: t("permissions.standing"), render: standing },
        ],
        actions: acts.time_out_in.length && type === SERVER ? TIME_OUTS.map((one) => ({ ...one, when: (row) => acts.time_out_in.includes(row.id) && one.when(row), run: async (row) => (await one.run(person, row)) && look() })) : [],
      }),
    }));

  /** End the time-out that the address asks for, once somebody confirms it. */
  function offer(type, rows) {
    const row = type === SERVER ? rows.find(({ id }) => String(id) === state().server) : null;
    if (row?.timeout_until && acts.time_out_in.includes(row.id) && may("admin") && asksFor("end_time_out")) {
      END.run(person, row).then((ended) => ended && look());
    }
  }

  const roles = pagedTable({
    label: t("person.roles"),
    none: t("person.no_roles"),
    fetch: (after) => get(path("roles"), { after }),
    columns: [
      { title: t("permissions.role"), head: true, render: (one) => [subject(`role:${one.role_id}`, { text: one.role }), one.active ? null : [" ", badge("unknown", t("permissions.inactive"))]] },
      { title: t("permissions.home"), render: (one) => [one.home ? subject(one.home) : t("scope.global"), one.at ? h("div", { class: "quiet small" }, t("person.only_at"), " ", subject(one.at)) : null, notBelow(one)] },
      { title: t("permissions.ways"), render: (one) => (one.via === own ? t("origin.assignment") : subject(one.via)) },
      { title: t("permissions.since"), render: (one) => moment(one.valid_from ?? one.since) },
      { title: t("person.until"), render: windowOf },
      { title: t("person.by"), render: (one) => (one.by ? subject(one.by) : null) },
    ],
    actions: acts.take_global_roles || acts.take_roles_in.length ? [{ title: t("person.take_role"), right: "admin", danger: true, when: takable, run: take }] : [],
  });
  const told = h("p", { role: "status" });

  async function take(row) {
    const taken = await takeRole(person, row);
    if (taken) {
      replace(told, taken.position ? reach(taken.position) : null);
      look();
    }
  }

  function takable({ via, at, home }) {
    return via === own && at === null && (home === null ? acts.take_global_roles : acts.take_roles_in.some((id) => home === `${SERVER}:${id}`));
  }

  const overwrites = pagedTable({
    label: t("person.overwrites"),
    none: t("person.no_overwrites"),
    fetch: (after) => get(path("overwrites"), { after }),
    columns: [
      { title: t("permissions.place"), head: true, render: (one) => subject(one.place) },
      { title: t("permissions.permission"), render: (one) => h("code", {}, one.permission) },
      { title: t("permissions.effect"), render: (one) => badge(one.effect, named("effect", one.effect)) },
      { title: t("permissions.target"), render: (one) => (one.via === own ? t("person.themselves") : subject(one.via)) },
    ],
  });

  const teams = pagedTable({
    label: t("person.teams"),
    none: t("person.no_teams"),
    fetch: (after) => get(path("teams"), { after }),
    columns: [
      { title: t("laid.team"), head: true, render: (one) => subject(`team:${one.id}`, { text: one.name }) },
      { title: t("permissions.since"), render: (one) => moment(one.valid_from ?? one.since) },
      { title: t("person.until"), render: (one) => (one.valid_until === null ? t("permissions.no_bound") : until(one.valid_until)) },
    ],
  });

  replace(nodes.memberships, memberships.map((one) => one.element));
  replace(nodes.roles, told, roles.element);
  replace(nodes.overwrites, overwrites.element);
  replace(nodes.teams, teams.element);
  const tables = [...memberships, roles, overwrites, teams];
  look();
  return { look };
}

function standing(one) {
  if (one.banned) {
    return badge("failed", t("person.banned"));
  }
  return [one.owner ? t("standing.owner") : t("standing.member"), one.timeout_until ? [" ", badge("warning", t("person.timed_out")), " ", until(one.timeout_until)] : null];
}

const takeRole = (person, row) =>
  act({
    title: t("person.take_role_title", { role: row.role, name: person.username }),
    intro: t("person.take_role_does"),
    submit: t("person.take_role"),
    danger: true,
    run: (values, options) => change(`/people/${person.id}/take-role`, { ...values, role_id: row.role_id }, options),
    done: t("person.role_taken"),
  });

const END = {
  title: t("person.end_time_out"),
  right: "admin",
  when: (row) => Boolean(row.timeout_until),
  run: (person, row) =>
    act({
      title: t("person.end_time_out_title", { name: person.username, server: row.name }),
      submit: t("person.end_time_out"),
      run: (values, options) => post(`/people/${person.id}/end-time-out`, { ...values, server_id: row.id }, options),
      done: t("person.time_out_ended"),
    }),
};

const TIME_OUTS = [
  {
    title: t("person.time_out"),
    right: "admin",
    danger: true,
    when: (row) => !row.timeout_until,
    run: (person, row) =>
      act({
        title: t("person.time_out_title", { name: person.username, server: row.name }),
        intro: t("person.time_out_does"),
        submit: t("person.time_out"),
        danger: true,
        expiry: { required: true, standard: 3600, longest: LONGEST_TIME_OUT },
        run: ({ reason, expires_in: seconds }, options) => post(`/people/${person.id}/time-out`, { reason, server_id: row.id, until: new Date(now() + seconds * 1000).toISOString() }, options),
        done: t("person.was_timed_out"),
      }),
  },
  END,
];
