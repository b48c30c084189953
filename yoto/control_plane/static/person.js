// A page of one person or program: who they are, what they hold, what refuses them, and acts on it.

import { opened } from "./additions.js";
import { get, post } from "./api.js";
import { act } from "./dialog.js";
import { badge, h, replace } from "./dom.js";
import { subscribe } from "./live.js";
import { may, page, state, t } from "./page.js";
import { accountPart } from "./person/account.js";
import { heldParts } from "./person/held.js";
import { limitsPart } from "./person/limits.js";
import { recordsPart } from "./person/records.js";
import { empty, load } from "./states.js";

const EVERY = 5; // s between looks at the limits
const part = (id) => document.getElementById(id);

/** A person's name: the one that they chose, else that of their account. */
const nameOf = (person) => person.display_name || person.username;

const about = await load(part("about"), () => get(`/people/${encodeURIComponent(page.shown.who)}`), draw);
if (about) {
  await begin(about);
} else {
  part("private").hidden = true;
}

function draw(person) {
  document.querySelector(".headline h1").textContent = nameOf(person);
  document.title = `${nameOf(person)} · ${document.title}`;
  replace(part("whom"), h("code", {}, person.subject), person.disabled ? badge("failed", t("person.disabled")) : null, person.super_admin ? badge("warning", t("permissions.super_admin"), "neutral") : null);
  const facts = [
    [t("permissions.user"), person.username],
    [t("permissions.id"), String(person.id)],
    // In most applications, the platform's number is their own id.
    [t("person.own_id"), String(person.own_id) === String(person.id) ? null : String(person.own_id)],
  ];
  return h("dl", { class: "facts" }, facts.filter(([, value]) => value !== null).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

async function begin(person) {
  // A name in the address is one of today; the number stays.
  const here = page.api.replace(/api$/, `people/${encodeURIComponent(person.subject.startsWith("user:") ? person.id : person.subject)}`);
  history.replaceState(null, "", here + location.search);
  const limits = limitsPart(person, part("limits"));
  setInterval(() => document.hidden || limits.look(), EVERY * 1000);
  if (!person.insight) {
    replace(part("private"), h("section", { class: "card" }, empty(t("person.no_insight"))));
    drawActs(person);
    return;
  }
  const account = part("account") && person.subject.startsWith("user:") ? accountPart(person, part("account")) : null;
  part("account")?.closest("section").toggleAttribute("hidden", account === null);
  const nodes = Object.fromEntries(["memberships", "roles", "overwrites", "teams"].map((name) => [name, part(name)]));
  const held = heldParts(person, nodes, (await account?.look()) ?? null);
  const records = recordsPart(part("records"), part("records-of"), [
    ["about", t("person.records_about"), { subject: person.subject }],
    ["by", t("person.records_by"), { actor_id: person.id }],
  ], state().records);
  opened.forEach((one) => one(person));
  const again = () => [held, account, records].forEach((one) => one?.look());
  drawActs(person, account, again);
  subscribe({ events: ({ data }, kind) => kind === "delta" && concerns(data, person) && again() }, { types: ["permission.changed"] });
}

/** Whether a change of rights may be about them: their own, a role's or a team's. */
const concerns = ({ subjects }, person) => subjects.some((one) => one === `user:${person.id}` || /^(role|team|all)/.test(one));

function drawActs(person, account = null, again = () => null) {
  const isPerson = person.subject.startsWith("user:");
  const button = (run, text, danger) => h("button", { type: "button", class: danger && "dangerous", onclick: async () => (await run()) && again() }, text);
  replace(
    part("acts"),
    may("operate") ? button(() => invalidate(person), t("person.invalidate")) : null,
    account && may("admin") ? button(() => endSessions(person), t("person.end_sessions"), true) : null,
    isPerson ? h("a", { class: "button", href: `${page.api.replace(/api$/, "permissions")}?tab=explain&username=${encodeURIComponent(person.username)}` }, t("permissions.why")) : null,
  );
}

const invalidate = (person) =>
  act({
    title: t("person.invalidate_title", { name: nameOf(person) }),
    intro: t("person.invalidate_does"),
    submit: t("person.invalidate"),
    run: (values, options) => post("/cache/invalidate", { ...values, ...target(person) }, options),
    done: t("person.invalidated"),
  });

const target = ({ id, subject }) => (subject.startsWith("user:") ? { kind: "user", id } : { kind: "application", id: Number(subject.split(":")[1]) });

const endSessions = (person) =>
  act({
    title: t("person.end_sessions_title", { name: nameOf(person) }),
    intro: t("person.end_sessions_does"),
    submit: t("person.end_sessions"),
    danger: true,
    run: (values, options) => post(`/operators/${person.id}/end-sessions`, values, options),
    done: t("person.sessions_ended"),
  });
