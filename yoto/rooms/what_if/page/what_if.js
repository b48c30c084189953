// The outcome of a change of rights, tried in a dialog before it is made.

import { post } from "../control/api.js";
import { show } from "../control/dialog.js";
import { h, replace } from "../control/dom.js";
import { subject } from "../control/format.js";
import { keep, named, t } from "../control/page.js";
import { placeOf } from "../control/permissions/places.js";
import { messageOf, select } from "../control/permissions/question.js";
import { reason, sign } from "../control/permissions/sign.js";
import { offerTrial } from "../control/permissions/trial.js";
import { pagedTable, table } from "../control/table.js";

const PLACES = 3; // of a change that are named
const REMOVE = "remove";

/**
 * Open it for a cell of the matrix. `place`: {scope, scope_id} of the matrix; `grants`: what the role grants
 * by itself of the permission there, without groups; `wanted`: what is tried first. The address has it while
 * it is open.
 */
async function tryCell(place, role, permission, grants, wanted = null) {
  const own = grants[0] ?? null;
  const effects = [...["allow", "deny"].filter((one) => one !== own?.effect), ...(own ? [REMOVE] : [])];
  const choices = effects.map((effect) => [effect, t(`what_if.${effect}`), actOf(place, role, permission, own, effect)]);
  const told = (effect) => keep({ try: `${role.id}:${permission}`, effect });
  await tryActs(t("what_if.title", { role: role.name, permission }), choices, { wanted, told });
  keep({ try: null, effect: null });
}

/**
 * Open a dialog that says of each of several acts, `choices: [[key, label, act]]`, what would come of it;
 * of `wanted` first. `told(key)` hears which is shown.
 */
async function tryActs(title, choices, { wanted = null, told = () => null } = {}) {
  const chosen = select(t("what_if.change"), choices.map(([key, label]) => [key, label]));
  chosen.set(choices.some(([key]) => key === wanted) ? wanted : choices[0][0]);
  const found = h("div", { "aria-live": "polite" });
  let turn = 0;

  async function ask() {
    const mine = (turn += 1);
    told(chosen.value());
    found.setAttribute("aria-busy", "true");
    const answer = await reportOf(choices.find(([key]) => key === chosen.value())[2]).catch((problem) => h("p", { class: "notice failed", role: "alert" }, messageOf(problem)));
    if (mine === turn) {
      replace(found, answer);
      found.removeAttribute("aria-busy");
    }
  }

  chosen.input.addEventListener("change", ask);
  const closed = show({ title, wide: true, body: h("div", {}, h("p", { class: "quiet" }, t("what_if.intro")), h("div", { class: "tools" }, chosen.element), found) });
  ask();
  await closed;
  turn += 1;
}

/** Changes of a role as a whole: `[[key, label, act]]`. */
const roleActs = ({ id, active, is_default: standard }) => [
  ["active", t(active ? "what_if.switch_off" : "what_if.switch_on"), { act: "role.update", role_id: id, active: !active }],
  ...(standard ? [] : [["delete", t("what_if.delete_role"), { act: "role.delete", role_id: id }]]),
];

/** Changes of a group of permissions `{id, group_id, permissions, roles}`. */
const groupActs = (group) => [
  ...[...group.roles.values()].map(({ id, name, scope }) => [`${id} ${scope}`, t("what_if.take_group", { role: name }), { act: "role.revoke_group", role_id: id, group_id: group.group_id, ...placeOf(scope) }]),
  ...[...group.permissions].map((name) => [name, t("what_if.remove_from_group", { permission: name }), { act: "group.remove", group_id: group.group_id, permissions: [name] }]),
  ["delete", t("what_if.delete_group"), { act: "group.delete", group_id: group.group_id }],
];

/** Changes of one permission in the overwrites `{target_type, target_id, allow, deny}` at a place. */
function overwriteActs(place, one, permission) {
  const about = { ...placeOf(place), target: `${one.target_type}:${one.target_id}` };
  const [allow, deny] = [one.allow, one.deny].map((names) => names.filter((name) => name !== permission));
  const set = (more) => ({ act: "overwrite.set", ...about, allow, deny, ...more });
  const is = one.allow.includes(permission) ? "allow" : one.deny.includes(permission) ? "deny" : null;
  return [
    is !== "allow" && ["allow", t("what_if.allow"), set({ allow: [...allow, permission] })],
    is !== "deny" && ["deny", t("what_if.deny"), set({ deny: [...deny, permission] })],
    is !== null && [REMOVE, t("what_if.remove_overwrite"), set({})],
    ["clear", t("what_if.clear"), { act: "overwrite.clear", ...about }],
  ].filter(Boolean);
}

/** Where a grant stands already, it is changed there. */
function actOf(place, role, permission, own, effect) {
  const at = own === null ? place : placeOf(own.scope);
  const act = { role_id: role.id, permissions: [permission], ...at };
  return effect === REMOVE ? { act: "role.revoke", ...act } : { act: "role.grant", ...act, effect };
}

/** The outcome of an act: the cells of the matrix that change, and who gains and who loses what. */
async function reportOf(act) {
  const totals = h("p", { role: "status" });
  const sides = { gained: new Set(), lost: new Set() };
  let first = await post("/what-if", { act });
  const matrix = first.matrix;

  function count(page) {
    for (const one of page.items) {
      Object.entries(sides).forEach(([side, people]) => one[side].length && people.add(String(one.user_id)));
    }
    const values = { gain: sides.gained.size, lose: sides.lost.size };
    replace(totals, t(page.next_after === null ? "what_if.totals" : "what_if.totals_at_least", values));
  }

  async function fetch(after) {
    const page = after === null && first ? first : await post("/what-if", { act, after });
    first = null;
    count(page);
    return { items: page.items.map((one) => ({ ...one, id: `${one.user_id} ${one.home}` })), next: page.next_after };
  }

  const list = pagedTable({
    label: t("what_if.people"),
    none: t("what_if.nobody"),
    columns: [
      { title: t("permissions.user"), head: true, render: (one) => (one.username && !/^(public$|application:)/.test(one.username) ? subject(`user:${one.user_id}`, { text: one.username }) : one.username || `#${one.user_id}`) },
      { title: t("what_if.gains"), render: (one) => verdicts(one.gained, "allow") },
      { title: t("what_if.loses"), render: (one) => verdicts(one.lost, "deny") },
    ],
    fetch,
  });
  await list.reload();
  return h("div", { class: "what-if" }, cells(matrix), totals, list.element);
}

const verdicts = (all, effect) =>
  all.length
    ? h(
        "ul",
        { class: "ways" },
        all.map((one) =>
          h(
            "li",
            {},
            h("span", { class: `cell ${effect}`, "aria-hidden": "true" }, sign(effect)),
            " ",
            h("code", {}, one.permission),
            " · ",
            one.places.slice(0, PLACES).flatMap((place, at) => [at ? t("shared.between") : "", place === "global" ? named("scope", place) : subject(place)]),
            one.count > PLACES ? ` ${t("what_if.more_places", { n: one.count - PLACES })}` : "",
            h("span", { class: "quiet small" }, " ", reason(one.before), " → ", reason(one.after)),
          ),
        ),
      )
    : null;

/** The matrix before and after: the cells that become others. */
function cells(changed) {
  if (!changed.length) {
    return h("p", { class: "quiet" }, t("what_if.same_matrix"));
  }
  const said = (effect) => (effect === null ? h("span", { class: "quiet" }, t("permissions.legend_none")) : h("span", { class: `cell ${effect}` }, `${sign(effect)} ${named("effect", effect)}`));
  const list = table({
    label: t("what_if.matrix"),
    key: (one) => `${one.role_id} ${one.permission} ${one.place}`,
    columns: [
      { title: t("permissions.role"), head: true, render: (one) => subject(`role:${one.role_id}`, { text: one.role }) },
      { title: t("permissions.permission"), render: (one) => h("code", {}, one.permission) },
      { title: t("what_if.before"), render: (one) => said(one.before) },
      { title: t("what_if.after"), render: (one) => said(one.after) },
    ],
  });
  list.show(changed);
  return h("section", {}, h("h3", {}, t("what_if.matrix")), list.element);
}

const ofRole = (role) => tryActs(t("what_if.title_of", { name: role.name }), roleActs(role));

offerTrial({
  title: t("what_if.try"),
  button: (shown, attempt) => h("button", { type: "button", class: "try", title: t("what_if.try"), onclick: attempt }, shown),
  actions: (run, when = () => true) => [{ title: t("what_if.try"), right: "view", when, run }],
  ofRole,
  roleButton: (role) => h("button", { type: "button", class: "small", "aria-label": `${role.name}: ${t("what_if.try")}`, onclick: () => ofRole(role) }, t("what_if.short")),
  ofCell: tryCell,
  ofGroup: (group) => tryActs(t("what_if.title_of", { name: group.id }), groupActs(group)),
  ofOverwrite: (place, one, permission) => tryActs(t("what_if.title", { role: one.target, permission }), overwriteActs(place, one, permission)),
  report: reportOf,
});
