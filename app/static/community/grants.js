// The permissions of a role, as switches. One that would give what the viewer lacks is not offered.

import { put, remove } from "../control/api.js";
import { badge, h, replace } from "../control/dom.js";
import { t } from "../control/page.js";
import { failed, loading } from "../control/states.js";
import { all } from "./pages.js";
import { PERMISSIONS } from "./permissions.js";
import { label } from "./place.js";
import { holdersOf } from "./preview.js";
import { changeRights, drawnAnew } from "./rights-act.js";

/** Draw the switches of `role` into `node`. */
export async function drawGrants(place, role, node) {
  const list = h("ul", { class: "switches-list" });
  node.dataset.role = role.id; // the reading of one that was chosen before is dropped
  replace(node, h("h2", {}, t("grants.of", { name: role.name })), list);
  replace(list, h("li", {}, loading()));
  const draw = async () => {
    try {
      const [{ items: grants }, { items: holders, whole }, others] = await Promise.all([all(`/roles/${role.id}/grants`), holdersOf(place, role), inherited(place, role)]);
      if (node.dataset.role !== String(role.id)) {
        return;
      }
      const own = grants.filter((one) => one.scope !== "channel");
      const names = [...new Set([...PERMISSIONS, ...own.map((one) => one.permission)])];
      replace(list, names.map((name) => line(name, own.filter((one) => one.permission === name), others.includes(name))));
      replace(node, h("div", { class: "card-head" }, h("h2", {}, t("grants.of", { name: role.name })), h("span", { class: "quiet" }, t(whole ? "grants.held" : "grants.held_more", { n: holders.length }))), role.is_default ? h("p", { class: "quiet" }, t("grants.everybody")) : null, list);
    } catch (problem) {
      replace(list, h("li", {}, failed(problem, draw)));
    }
  };

  function line(permission, grants, included) {
    const allows = grants.some((one) => one.effect === "allow");
    const denies = grants.some((one) => one.effect === "deny");
    const offered = place.can(permission) && place.changes(role);
    const id = `may-${permission}`;
    const counts = (allows || included) && !denies; // what the role does allow, in whichever way
    // Switching off what comes by a group or parent would change nothing here.
    const fixed = !offered || (included && !allows);
    return h(
      "li",
      {},
      h("button", { type: "button", class: "switch", role: "switch", "aria-checked": String(counts), "aria-labelledby": id, disabled: fixed, onclick: async () => (await turn(permission, grants, !allows)) && drawnAnew(node, draw) }),
      h("span", { id, title: permission }, label(permission)),
      included ? h("span", { class: "quiet small" }, t(allows ? "grants.included_too" : "grants.included")) : null,
      denies ? badge("deny", t("grants.denied"), "failed") : null,
    );
  }

  const turn = (permission, grants, on) => {
    const allowing = grants.filter((one) => one.effect === "allow");
    return changeRights(place, {
      title: t(on ? "grants.turn_on" : "grants.turn_off", { permission: label(permission), name: role.name }),
      submit: t(on ? "grants.turn_on_do" : "grants.turn_off_do"),
      danger: !on,
      tries: () => (on ? { act: "role.grant", role_id: role.id, permissions: [permission] } : oneOf(allowing.map(({ scope, scope_id: where }) => ({ act: "role.revoke", role_id: role.id, permissions: [permission], scope, scope_id: where })))),
      async run() {
        const path = `/roles/${role.id}/grants/${permission}`;
        if (on) {
          return (await put(path, { effect: "allow" })).data;
        }
        for (const { scope, scope_id: id } of allowing) {
          await remove(`${path}?${new URLSearchParams(id === null ? { scope } : { scope, scope_id: id })}`);
        }
        return true;
      },
      done: t("grants.turned"),
    });
  };

  await draw();
}

/** An act where it takes one; several, each of which changes nothing by itself, are not foretold. */
export const oneOf = (acts) => (acts.length === 1 ? acts[0] : null);

/** The permissions that a role has in the server by its groups and parents. */
async function inherited(place, role, seen = new Set()) {
  seen.add(role.id);
  const allowed = (one) => one.effect === "allow" && one.scope !== "channel";
  const parent = seen.has(role.parent_id) ? undefined : place.role(role.parent_id);
  const [byGroup, groups, grants, above] = await Promise.all([all(`/roles/${role.id}/groups`), all("/permission-groups"), parent ? all(`/roles/${parent.id}/grants`) : { items: [] }, parent ? inherited(place, parent, seen) : []]);
  const inGroup = (one) => groups.items.find((group) => group.id === one.group_id)?.permissions ?? [];
  return [...grants.items.filter(allowed).map((one) => one.permission), ...byGroup.items.filter(allowed).flatMap(inGroup), ...above];
}
