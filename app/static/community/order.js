// The order of roles: who stands above whom by it, before a role is moved and afterwards.

import { patch } from "../control/api.js";
import { h, replace } from "../control/dom.js";
import { t } from "../control/page.js";
import { doing } from "./denied.js";
import { all } from "./pages.js";
import { inForce } from "./place.js";
import { foretold, namesOf, outcomeOf, PEOPLE_MAX } from "./preview.js";

/** Ask whether `role` shall come above `higher`, the one that is above it now. */
export async function moveAbove(place, role, higher) {
  // Two roles of one height have no order yet; positions are kept apart where they are.
  const tied = higher.position === role.position;
  const positions = new Map([[role.id, tied ? role.position + 1 : higher.position], [higher.id, role.position]]);
  const act = { act: "role.update", role_id: role.id, position: positions.get(role.id) };
  let before = null;
  const done = await doing(place, {
    title: t("order.move", { name: role.name, other: higher.name }),
    submit: t("order.move_do"),
    async preview(_, signal) {
      const [rights, people] = await Promise.all([foretold(place, act, signal), peopleWith(place, [role, higher])]);
      before = standing(place, people, (one) => one.position);
      const after = standing(place, people, (one) => positions.get(one.id) ?? one.position);
      return h("div", {}, rights.node, h("ul", {}, h("li", {}, t("order.roles", { name: role.name, other: higher.name })), turns(before, after, people, false).map((line) => h("li", {}, line))));
    },
    async run() {
      await patch(`/roles/${role.id}`, { position: positions.get(role.id) });
      if (!tied) {
        await patch(`/roles/${higher.id}`, { position: positions.get(higher.id) });
      }
      return true;
    },
    done: t("roles.moved", { name: role.name }),
  });
  if (done) {
    await place.reread();
    const people = await peopleWith(place, [role, higher]);
    const lines = before ? turns(before, standing(place, people, (one) => one.position), people, true) : [];
    replace(document.getElementById("outcome"), outcomeOf(lines.map((line) => h("li", {}, line))));
  }
  return done;
}

/** The members, with the roles that they hold now as far as these two are concerned. */
async function peopleWith(place, roles) {
  const [{ items }, ...held] = await Promise.all([all(`${place.path}/members`, {}, PEOPLE_MAX), ...roles.map((one) => all(`/roles/${one.id}/members`, {}, PEOPLE_MAX))]);
  const holding = new Map(roles.map((one, at) => [one.id, new Set(held[at].items.filter(inForce).map((holder) => holder.user.id))]));
  return items.map((one) => ({ ...one.user, role_ids: one.role_ids.filter((id) => holding.get(id)?.has(one.user.id) ?? true) }));
}

/** How high each person stands, if roles have the positions that `positionOf` says. */
function standing(place, people, positionOf) {
  const height = (role) => (role?.active && !role.is_default ? positionOf(role) : 0);
  return new Map(people.map((one) => [one.id, one.id === place.server.owner_id ? Infinity : Math.max(0, ...one.role_ids.map((id) => height(place.role(id))))]));
}

/** The changes in the order of people: who now stands above whom, and who no longer does. */
function turns(before, after, people, done) {
  const pairs = (is, was) => {
    const above = new Map(); // by whom they stand above: who does
    for (const one of people) {
      const below = people.filter((other) => is.get(one.id) > is.get(other.id) && !(was.get(one.id) > was.get(other.id)));
      if (below.length) {
        const key = below.map((other) => other.id).join();
        above.set(key, { below, above: [...(above.get(key)?.above ?? []), one] });
      }
    }
    return [...above.values()];
  };
  const said = (key) => (pair) => t(key, { who: namesOf(pair.above), whom: namesOf(pair.below) });
  return [...pairs(after, before).map(said(done ? "order.stands" : "order.will_stand")), ...pairs(before, after).map(said(done ? "order.stands_no_more" : "order.will_not_stand"))];
}
