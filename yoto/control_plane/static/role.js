// A page of one role: its place among others, what it grants, who holds it, and acts on it.

import { get, post } from "./api.js";
import { act } from "./dialog.js";
import { badge, h, replace } from "./dom.js";
import { moment, now, number, subject, subjects } from "./format.js";
import { subscribe, throttled } from "./live.js";
import { asksFor, home, named, page, state, t } from "./page.js";
import { place, placeOf } from "./permissions/places.js";
import { trial } from "./permissions/trial.js";
import { recordsPart } from "./person/records.js";
import { heldHere } from "./resource/held.js";
import { empty, load } from "./states.js";
import { pagedTable } from "./table.js";

const SAID = { holders: t("role.holders"), no_holders: t("role.no_holders"), overwrites: t("role.overwrites"), no_overwrites: t("role.no_overwrites") };
const PERSON = /^user:(\d+)$/;
const part = (id) => document.getElementById(id);
const { title } = document;
const AGAIN = 2000; // ms in which changes of rights, of whoever, are one
const path = `/roles/${encodeURIComponent(page.shown.role_id)}`;

let role = await load(part("about"), () => get(path), draw);
if (!role) {
  part("private").hidden = true;
} else if (role.standing === null) {
  replace(part("private"), h("section", { class: "card" }, empty(t("role.no_insight"))));
} else {
  begin();
}

function draw(found) {
  document.querySelector(".headline h1").textContent = found.name;
  document.title = `${found.name} · ${title}`;
  const one = found.standing;
  replace(part("which"), h("code", {}, `role:${found.id}`), one && !one.active ? badge("unknown", t("permissions.inactive")) : null);
  const facts = [[t("permissions.home"), found.home === null ? t("scope.global") : subject(found.home)]];
  if (one) {
    facts.push(
      [t("role.position"), t("role.position_of", { position: number(one.position), above: number(one.above) })],
      [t("role.inherits"), one.inherits.length ? subjects(one.inherits.map(({ id }) => `role:${id}`)) : t("role.nothing")],
      [t("role.holders"), one.is_default ? t("origin.default") : t("permissions.holders", { n: number(one.holders) })],
      [t("role.made"), moment(one.created_at)],
    );
  }
  return h("dl", { class: "facts" }, facts.map(([title, value]) => [h("dt", {}, title), h("dd", {}, value)]));
}

async function begin() {
  const { assign } = part("acts").dataset.own === undefined ? { assign: false } : await get(`${path}/acts`).catch(() => ({ assign: false }));
  const grants = grantsPart();
  const take = { title: t("person.take_role"), right: "admin", danger: true, when: ({ via, at }) => PERSON.test(via) && at === null, run: async (row) => (await takeFrom(row)) && look() };
  const said = role.standing.is_default ? { ...SAID, no_holders: t("origin.default") } : SAID;
  const held = heldHere({ place: null }, path, part("holders"), part("overwrites"), assign ? [take] : [], said);
  const records = recordsPart(part("records"), part("records-of"), [["about", t("role.records_about"), { subject: `role:${role.id}` }]], state().records);
  const look = () => {
    [held, grants, records].forEach((one) => one.look());
    load(part("about"), () => get(path), draw).then((found) => {
      role = found?.standing ? found : role;
    });
  };
  const button = (text, run, look_of = null) => h("button", { type: "button", class: look_of, onclick: run }, text);
  replace(
    part("acts"),
    assign && !role.standing.is_default && role.standing.access_request_id === null ? button(t("role.give"), async () => (await give()) && look(), "primary") : null,
    trial() ? button(trial().title, tryRole) : null,
    role.home === null ? null : h("a", { class: "button", href: matrixOf(role.home) }, t("permissions.matrix")),
  );
  // The search leads here for an act, and what would turn a verdict, with whom.
  if (trial() && asksFor("try")) {
    tryRole();
  } else if (assign && asksFor("give")) {
    give(state().user ?? "").then((done) => done && look());
  }
  const again = throttled(look, AGAIN);
  subscribe({ events: (_, kind) => kind === "delta" && again() }, { types: ["permission.changed"] });
}

const matrixOf = (of) => `${home}permissions?${new URLSearchParams({ tab: "matrix", ...placeOf(of) })}`;

/** The role's grants, its own first; each can be tried with another effect. */
function grantsPart() {
  const list = pagedTable({
    label: t("role.grants"),
    none: t("role.no_grants"),
    key: (one) => [one.role_id, one.scope, one.permission, one.group, one.effect].join(" "),
    fetch: (after) => get(`${path}/grants`, { after }),
    columns: [
      { title: t("permissions.permission"), head: true, render: (one) => h("code", {}, one.permission) },
      { title: t("permissions.effect"), render: (one) => badge(one.effect, named("effect", one.effect)) },
      { title: t("permissions.place"), render: (one) => (one.scope === "global" && role.home !== null ? subject(role.home) : place(one.scope)) },
      { title: t("permissions.group"), render: (one) => one.group },
      { title: t("role.from"), render: (one) => (one.role_id === role.id ? t("resource.itself") : subject(`role:${one.role_id}`, { text: one.role })) },
    ],
    actions: trial()?.actions((one) => trial().ofCell(placeOf(one.scope), role, one.permission, [one]), (one) => one.role_id === role.id && one.group === null),
  });
  replace(part("grants"), list.element);
  list.reload();
  return { look: () => list.reload() };
}

/** The trial of changes to the role as a whole. */
const tryRole = () => trial().ofRole({ ...role.standing, id: role.id, name: role.name });

/** `user`: who is proposed, by name or number. */
const give = (user = "") =>
  act({
    title: t("role.give_title", { role: role.name }),
    intro: t("person.take_role_does"),
    submit: t("role.give"),
    wide: true,
    fields: [{ name: "user", label: t("permissions.user"), hint: t("role.user_hint"), required: true, value: user }],
    expiry: {},
    preview: async ({ user, expires_in: seconds }, signal) => (user.trim() ? preview({ act: "role.assign", ...(await personOf(user)).subject, role_id: role.id, ...(seconds === null ? {} : { valid_until: untilOf(seconds) }) }, signal) : null),
    run: async ({ user, reason, expires_in: seconds }, options) => {
      const { id } = await personOf(user);
      return post(`/people/${id}/give-role`, { role_id: role.id, valid_until: untilOf(seconds), reason }, options);
    },
    done: t("role.given"),
  });

const takeFrom = (row) =>
  act({
    title: t("role.take_title", { role: role.name }),
    intro: [subject(row.via), h("p", {}, t("person.take_role_does"))],
    submit: t("person.take_role"),
    danger: true,
    wide: true,
    preview: (_, signal) => preview({ act: "role.unassign", subject: row.via, role_id: role.id }, signal),
    run: (values, options) => post(`/people/${PERSON.exec(row.via)[1]}/take-role`, { ...values, role_id: role.id }, options),
    done: t("person.role_taken"),
  });

/** The person of a name or number: their number, and the subject that acts take. */
async function personOf(text) {
  const { id, subject: called } = await get(`/people/${encodeURIComponent(text.trim().replace(/^#/, ""))}`);
  return { id, subject: { subject: called } };
}

const untilOf = (seconds) => (seconds === null ? null : new Date(now() + seconds * 1000).toISOString());

/** The outcome of an act, unless something else is asked by then. */
async function preview(tried, signal) {
  const report = (await trial()?.report(tried)) ?? null;
  signal.throwIfAborted();
  return report;
}
