// The groups of permissions that the roles of a server grant: what is in each, and who has it.

import { h } from "../dom.js";
import { subject } from "../format.js";
import { named, t } from "../page.js";
import { table } from "../table.js";
import { trial } from "./trial.js";

/** A section of the groups that `roles` grant or deny by themselves; null where there are none. */
export function groupsOf(roles) {
  const groups = new Map();
  for (const role of roles) {
    for (const { group, group_id, permission, effect, scope } of role.grants) {
      if (group !== null) {
        const one = groups.get(group) ?? { id: group, group_id, permissions: new Set(), roles: new Map() };
        groups.set(group, one);
        one.permissions.add(permission);
        one.roles.set(`${role.id} ${scope}`, { id: role.id, name: role.name, effect, scope });
      }
    }
  }
  if (!groups.size) {
    return null;
  }
  const list = table({
    label: t("permissions.groups"),
    columns: [
      { title: t("permissions.group"), head: true, render: (one) => one.id },
      { title: t("permissions.in_group"), render: (one) => [...one.permissions].map((name, at) => [at ? ", " : "", h("code", {}, name)]) },
      { title: t("permissions.roles"), render: (one) => [...one.roles.values()].map(({ id, name, effect, scope }) => h("div", {}, subject(`role:${id}`, { text: name }), `: ${named("effect", effect)}`, scope.includes(":") ? [" · ", subject(scope)] : null)) },
    ],
    actions: trial()?.actions(trial().ofGroup),
  });
  list.show([...groups.values()].sort((a, b) => a.id.localeCompare(b.id)));
  return h("section", {}, h("h3", {}, t("permissions.groups")), list.element);
}
