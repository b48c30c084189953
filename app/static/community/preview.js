// What an act upon rights would change, before it is done, and what did change, afterwards. The server
// is asked both times: who has it now, and who gained and lost since a moment.

import { get, post } from "../control/api.js";
import { h } from "../control/dom.js";
import { page, t } from "../control/page.js";
import { all } from "./pages.js";
import { label, nameOf } from "./place.js";

const PERMISSIONS_MAX = 12; // looked at one by one
const NAMES_MAX = 8; // shown of one line
const PEOPLE_MAX = 500;

/**
 * A node that says what the act would change.
 *
 * act: {gives: whether it gives or takes, permissions: their names, people: whom it reaches, whole:
 * whether those are all, scope, scope_id: where}.
 */
export async function preview(place, act) {
  const { gives, permissions, people, whole = true } = act;
  const reach = h("p", {}, t(whole ? "preview.reaches" : "preview.reaches_more", { n: people.length }));
  if (!people.length || !permissions.length) {
    return h("div", {}, reach, h("p", {}, t(permissions.length ? "preview.nobody" : "preview.nothing")));
  }
  if (!place.can("server.audit")) {
    return h("div", {}, reach, h("p", {}, permissions.map(label).join(", ")));
  }
  const looked = permissions.slice(0, PERMISSIONS_MAX);
  const lines = await Promise.all(
    looked.map(async (permission) => {
      const { allowed } = await post("/permissions/check-users", { permission, user_ids: people.map((one) => one.id), scope: act.scope ?? "server", scope_id: act.scope_id ?? place.id });
      const has = new Set(allowed);
      return turned(gives ? "preview.gains" : "preview.may_lose", permission, people.filter((one) => has.has(one.id) !== gives && (gives || one.id !== place.server.owner_id)));
    }),
  );
  const more = permissions.length - looked.length;
  const changes = lines.filter(Boolean);
  return h("div", {}, reach, changes.length ? h("ul", {}, changes, more > 0 && h("li", {}, t("preview.more", { n: more }))) : h("p", {}, t("preview.no_change")));
}

/** Who gained and who lost since `since` (ISO 8601), as the audit log has it; null where one may not know. */
export async function outcome(place, { permissions, scope = "server", scope_id = place.id }, since) {
  if (!place.can("server.audit") || !permissions.length) {
    return null;
  }
  const names = new Map((await peopleOf(place)).items.map((one) => [one.id, one]));
  const found = await Promise.all(permissions.slice(0, PERMISSIONS_MAX).map((permission) => get("/permissions/review/difference", { permission, scope, scope_id, since })));
  const people = (turns) => turns.map((one) => names.get(one.user_id) ?? { id: one.user_id, username: `#${one.user_id}` });
  const lines = found.flatMap((one) => [turned("preview.gained", one.permission, people(one.gained)), turned("preview.lost", one.permission, people(one.lost))]).filter(Boolean);
  return h("section", { class: "card", role: "status", "aria-label": t("preview.outcome") }, h("h2", {}, t("preview.outcome")), lines.length ? h("ul", {}, lines) : h("p", {}, t("preview.no_change")));
}

function turned(key, permission, people) {
  if (!people.length) {
    return null;
  }
  const shown = people.slice(0, NAMES_MAX).map(nameOf);
  const names = new Intl.ListFormat(page.language, { type: "unit" }).format(shown) + (people.length > shown.length ? ` +${people.length - shown.length}` : "");
  return h("li", {}, t(key, { who: names, permission: label(permission) }));
}

/** The members, as people: `{items, whole}`. */
export async function peopleOf(place) {
  const { items, whole } = await all(`${place.path}/members`, {}, PEOPLE_MAX);
  return { items: items.map((one) => one.user), whole };
}

/** Who has a role: all members, for that of everybody. */
export async function holdersOf(place, role) {
  if (role.is_default) {
    return peopleOf(place);
  }
  const { items, whole } = await all(`/roles/${role.id}/members`, {}, PEOPLE_MAX);
  return { items: items.map((one) => one.user), whole };
}

/** What a role allows in the server: by itself, by its groups, by its parents. */
export async function contentsOf(place, role, seen = new Set()) {
  if (seen.has(role.id)) {
    return [];
  }
  seen.add(role.id);
  const [grants, byGroup, groups] = await Promise.all([all(`/roles/${role.id}/grants`), all(`/roles/${role.id}/groups`), all("/permission-groups")]);
  const allowed = (one) => one.effect === "allow" && one.scope !== "channel";
  const inGroup = (one) => groups.items.find((group) => group.id === one.group_id)?.permissions ?? [];
  const parent = place.role(role.parent_id);
  return [...new Set([...grants.items.filter(allowed).map((one) => one.permission), ...byGroup.items.filter(allowed).flatMap(inGroup), ...(parent ? await contentsOf(place, parent, seen) : [])])];
}
