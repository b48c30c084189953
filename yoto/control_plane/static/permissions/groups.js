// The groups of permissions that the roles of a server grant: what is in each, and who has it.

import { h } from "../dom.js";
import { named, t } from "../page.js";
import { table } from "../table.js";

/** A section of the groups that `roles` grant or deny by themselves; null where there are none. */
export function groupsOf(roles) {
  const groups = new Map();
  for (const role of roles) {
    for (const { group, permission, effect, scope } of role.grants) {
      if (group !== null) {
        const one = groups.get(group) ?? { id: group, permissions: new Set(), roles: new Map() };
        groups.set(group, one);
        one.permissions.add(permission);
        one.roles.set(`${role.id} ${scope}`, { name: role.name, effect, scope });
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
      { title: t("permissions.roles"), render: (one) => [...one.roles.values()].map(({ name, effect, scope }) => h("div", {}, h("b", {}, name), `: ${named("effect", effect)} · ${scope}`)) },
    ],
  });
  list.show([...groups.values()].sort((a, b) => a.id.localeCompare(b.id)));
  return h("section", {}, h("h3", {}, t("permissions.groups")), list.element);
}
