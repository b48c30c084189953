// The server of a page: itself, who looks, what they may do there, and its roles.

import { get } from "../control/api.js";
import { now } from "../control/format.js";
import { has, t } from "../control/page.js";
import { all } from "./pages.js";

/** A permission in the words of the page; its name where there are none. */
export const label = (permission) => {
  const key = `may.${permission.replaceAll(".", "_")}`;
  return has(key) ? t(key) : permission;
};

/**
 * A server as the page knows it. `can(permission)`: whether the viewer may do that there. `above(role)`:
 * whether a role is below their own highest one, `outranks(member)` the same of a member: so says
 * the order of roles; `changes(role)` the same of @everyone too. No one changes a role that holds what
 * an access request lent. The server checks all of it again. `reread()` asks again, and calls `changed`
 * where the viewer's rights differ by now.
 */
export async function placeOf(id, me) {
  const place = { id, me, path: `/servers/${id}`, changed: () => undefined };
  let rights = new Set();
  let held = [];

  async function read() {
    const [server, allowed, roles, membership, assigned] = await Promise.all([
      get(place.path),
      get("/permissions/me", { scope: "server", scope_id: id }),
      all(`${place.path}/roles`).catch(onlyDenied({ items: [] })),
      get(`${place.path}/members/${me.id}`).catch(onlyDenied(null)),
      all(`/users/${me.id}/roles`, { server_id: id }).catch(onlyDenied({ items: [] })),
    ]);
    rights = new Set(allowed.permissions);
    held = assigned.items.filter(inForce).map((one) => one.role_id);
    Object.assign(place, { server, member: membership, roles: ordered(roles.items) });
  }

  const owns = () => me.super_admin || place.server.owner_id === me.id;
  const role = (roleId) => place.roles.find((one) => one.id === roleId);
  const rankOf = (roleIds) => Math.max(0, ...roleIds.map((one) => role(one)?.position ?? 0));
  const mine = () => (owns() ? Infinity : rankOf(held.filter((one) => role(one)?.active)));
  const said = () => JSON.stringify([[...rights].sort(), mine(), place.member === null]);
  const changes = (one) => one.access_request_id === null && one.position < mine();
  Object.assign(place, {
    role,
    mine,
    changes,
    can: (permission) => rights.has(permission),
    above: (one) => !one.is_default && changes(one),
    outranks: (one) => one.user.id !== me.id && one.user.id !== place.server.owner_id && rankOf(one.role_ids) < mine(),
    async reread() {
      const before = said();
      await read();
      if (said() !== before) {
        place.changed();
      }
    },
  });
  await read();
  return place;
}

/** The owner's name, for who has to be asked; null where it cannot be had. */
export async function ownerOf(place) {
  place.owner ??= await get(`/users/${place.server.owner_id}`).catch(() => null);
  return place.owner?.display_name ?? null;
}

export const nameOf = (user) => user.display_name || user.username;

/** Whether a role that is held for a time is held now. */
export const inForce = ({ valid_from: from, valid_until: until }) => (from === null || Date.parse(from) <= now()) && (until === null || Date.parse(until) > now());

/** Highest first; @everyone, which all have, last. */
const ordered = (roles) => [...roles].sort((a, b) => a.is_default - b.is_default || b.position - a.position || a.id - b.id);

const onlyDenied = (instead) => (problem) => {
  if (problem.status === 403 || problem.status === 404) {
    return instead;
  }
  throw problem;
};
