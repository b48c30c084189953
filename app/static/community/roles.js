// The roles in order, highest first, with the permissions of the chosen one beside them.

import { patch, post, remove } from "../control/api.js";
import { badge, h, replace } from "../control/dom.js";
import { keep, state, t } from "../control/page.js";
import { doing } from "./denied.js";
import { drawGrants } from "./grants.js";
import { because } from "./members.js";
import { moveAbove } from "./order.js";
import { changeRights, drawnAnew } from "./rights-act.js";

const HIGHEST = 1_000_000; // the API's bound
const isOwn = (role) => role.access_request_id === null; // not for an access request alone

export function rolesTab(place) {
  const list = h("ol", { class: "switches-list" });
  const detail = h("section", { class: "card" });
  const reread = async () => {
    await place.reread();
    await drawnAnew(list, draw);
  };

  function draw() {
    const chosen = place.role(Number(state().role)) ?? place.roles[0];
    replace(list, place.roles.map((role, at) => line(role, at, role === chosen)));
    if (chosen) {
      drawGrants(place, chosen, detail);
    }
  }

  function choose(role) {
    keep({ role: role.id });
    drawnAnew(list, draw);
  }

  const create = async () => {
    const made = await doing(place, {
      title: t("roles.create"),
      intro: t("roles.create_does"),
      submit: t("roles.create_do"),
      fields: [nameField(), { name: "position", label: t("roles.position"), hint: t("roles.position_hint"), type: "number", min: 1, max: Math.min(HIGHEST, place.mine() - 1), value: 1, required: true }],
      run: (values, { key }) => post(`${place.path}/roles`, values, { key }),
      done: t("roles.created"),
    });
    if (made) {
      keep({ role: made.id });
      await reread();
    }
  };

  function line(role, at, chosen) {
    // Nobody moves a lent role.
    const higher = place.roles.slice(0, at).findLast(isOwn);
    const lower = place.roles.slice(at + 1).find(isOwn);
    const mine = place.above(role);
    return h(
      "li",
      {},
      h("button", { type: "button", "aria-pressed": String(chosen), class: chosen && "primary", onclick: () => choose(role) }, role.name),
      role.active ? null : badge("off", t("roles.inactive"), "warning"),
      h(
        "span",
        { class: "buttons end" },
        mine && higher && place.above(higher) && h("button", { type: "button", "aria-label": t("roles.up", { name: role.name }), onclick: () => swap(role, higher) }, "↑"),
        mine && lower && place.above(lower) && h("button", { type: "button", "aria-label": t("roles.down", { name: role.name }), onclick: () => swap(lower, role) }, "↓"),
        mine && h("button", { type: "button", "aria-label": t("roles.change_named", { name: role.name }), onclick: async () => (await change(place, role)) && reread() }, t("roles.change")),
        mine && h("button", { type: "button", class: "dangerous", "aria-label": t("roles.delete_named", { name: role.name }), onclick: async () => (await drop(place, role)) && reread() }, t("roles.delete")),
      ),
    );
  }

  /** `role` comes above the one that is above it now. */
  async function swap(role, higher) {
    if (await moveAbove(place, role, higher)) {
      await drawnAnew(list, draw);
    }
  }

  draw();
  return {
    element: h(
      "div",
      { class: "columns" },
      h("section", { class: "card" }, h("div", { class: "card-head" }, h("h2", {}, t("tab.roles")), h("button", { type: "button", class: "primary", onclick: create }, t("roles.create"))), h("p", { class: "quiet" }, t("roles.order")), list),
      detail,
    ),
  };
}

const nameField = (value = "") => ({ name: "name", label: t("community.name"), required: true, maxlength: 100, value });

function change(place, role) {
  const parents = place.roles.filter((one) => one.id !== role.id && !one.is_default && one.access_request_id === null).map((one) => [one.id, one.name]);
  return changeRights(place, {
    title: t("roles.change_named", { name: role.name }),
    submit: t("roles.change_do"),
    fields: [
      nameField(role.name),
      { name: "parent_id", label: t("roles.parent"), hint: t("roles.parent_hint"), type: "select", number: true, options: [["", t("roles.no_parent")], ...parents], value: role.parent_id ?? "" },
      { name: "active", label: t("roles.active"), type: "checkbox", value: role.active },
    ],
    tries({ active, parent_id: parent }) {
      const changed = { ...(active === role.active ? {} : { active }), ...(parent === role.parent_id ? {} : { parent_id: parent }) };
      return Object.keys(changed).length ? { act: "role.update", role_id: role.id, ...changed } : undefined;
    },
    run: async (values) => (await patch(`/roles/${role.id}`, values)).data,
    done: t("roles.changed"),
  });
}

const drop = (place, role) =>
  changeRights(place, {
    title: t("roles.delete_named", { name: role.name }),
    intro: t("roles.delete_does"),
    submit: t("roles.delete"),
    danger: true,
    fields: [{ name: "reason", label: t("dialog.reason"), maxlength: 500 }],
    tries: () => ({ act: "role.delete", role_id: role.id }),
    run: ({ reason }, { key }) => remove(`/roles/${role.id}${because(reason)}`, undefined, { key }),
    done: t("roles.deleted"),
  });
