// Groups and templates: several permissions that a role is given as one.

import { get, put, remove } from "../control/api.js";
import { h, replace } from "../control/dom.js";
import { keep, room, state, t } from "../control/page.js";
import { failed, loading } from "../control/states.js";
import { oneOf } from "./grants.js";
import { all } from "./pages.js";
import { label } from "./place.js";
import { changeRights, drawnAnew } from "./rights-act.js";

export function groupsTab(place) {
  const roles = place.roles.filter(place.changes);
  const chosen = () => place.role(Number(choice.value));
  const choice = h("select", { id: "groups-role", onchange: () => draw() }, roles.map((role) => h("option", { value: role.id, selected: role.id === Number(state().role) }, role.name)));
  const body = h("div", {}, loading());

  async function draw() {
    const role = chosen();
    if (!role) {
      replace(body, h("p", { class: "quiet" }, t("groups.no_role")));
      return;
    }
    keep({ role: role.id });
    try {
      const [groups, held, templates] = await Promise.all([all("/permission-groups"), all(`/roles/${role.id}/groups`), room("templates") ? get("/permission-templates") : null]);
      replace(
        body,
        h("h3", {}, t("groups.title")),
        h("ul", { class: "switches-list" }, groups.items.map((group) => groupLine(role, group, held.items.filter((one) => one.group_id === group.id && one.scope !== "channel")))),
        templates && h("h3", { class: "spaced" }, t("templates.title")),
        templates && h("ul", { class: "switches-list" }, templates.items.filter((one) => !one.parameters.length).flatMap((template) => template.levels.map((level, at) => templateLine(role, template, level, at)))),
      );
    } catch (problem) {
      replace(body, failed(problem, draw));
    }
  }

  const has = (names) => names.every((one) => place.can(one));

  function groupLine(role, group, grants) {
    const on = grants.some((one) => one.effect === "allow");
    const id = `group-${group.id}`;
    return h(
      "li",
      {},
      h("button", { type: "button", class: "switch", role: "switch", "aria-checked": String(on), "aria-labelledby": id, disabled: !has(group.permissions), onclick: async () => (await turn(role, group, grants, !on)) && drawnAnew(body, draw) }),
      h("span", { id }, group.name),
      h("span", { class: "quiet small" }, group.permissions.map(label).join(", ")),
    );
  }

  const turn = (role, group, grants, on) => {
    const about = { role_id: role.id, group_id: group.id };
    return changeRights(place, {
      title: t(on ? "groups.turn_on" : "groups.turn_off", { group: group.name, name: role.name }),
      submit: t(on ? "grants.turn_on_do" : "grants.turn_off_do"),
      danger: !on,
      tries: () => (on ? { act: "role.grant_group", ...about } : oneOf(grants.map(({ scope, scope_id: where }) => ({ act: "role.revoke_group", ...about, scope, scope_id: where })))),
      async run() {
        const path = `/roles/${role.id}/groups/${group.id}`;
        if (on) {
          return (await put(path, { effect: "allow" })).data;
        }
        for (const { scope, scope_id: where } of grants) {
          await remove(`${path}?${new URLSearchParams(where === null ? { scope } : { scope, scope_id: where })}`);
        }
        return true;
      },
      done: t("grants.turned"),
    });
  };

  function templateLine(role, template, level, at) {
    // A level has what those below it have, too.
    const permissions = template.levels.slice(0, at + 1).flatMap((one) => one.adds);
    return h(
      "li",
      {},
      h("span", {}, `${template.name}: ${level.name}`),
      h("span", { class: "quiet small" }, permissions.map(label).join(", ")),
      has(permissions) && h("button", { type: "button", class: "end", "aria-label": t("templates.apply_named", { template: `${template.name} ${level.name}`, name: role.name }), onclick: async () => (await apply(role, template, level, permissions)) && drawnAnew(body, draw) }, t("templates.apply")),
    );
  }

  const apply = (role, template, level, permissions) =>
    changeRights(place, {
      title: t("templates.apply_named", { template: `${template.name} ${level.name}`, name: role.name }),
      submit: t("templates.apply"),
      tries: () => ({ act: "role.grant", role_id: role.id, permissions }),
      run: async () => (await put(`/roles/${role.id}/templates/${template.name}`, { level: level.name })).data,
      done: t("templates.applied"),
    });

  draw();
  return { element: h("section", { class: "card" }, h("h2", {}, t("tab.groups")), h("p", { class: "quiet" }, t("groups.intro")), h("div", { class: "tools" }, h("div", {}, h("label", { for: "groups-role" }, t("members.role")), choice)), body) };
}
