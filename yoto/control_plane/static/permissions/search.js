// Who may do something in a place, and where somebody may.

import { get } from "../api.js";
import { h } from "../dom.js";
import { named, t } from "../page.js";
import { pagedTable } from "../table.js";
import { form, named_user, permissionPicker, questionForm, select, serverPicker, userPicker } from "./question.js";

export function searchTab(go) {
  return { element: h("div", {}, who(go), what(go)), ask: () => {} };
}

function who(go) {
  const found = h("div", { "aria-live": "polite" });
  const question = questionForm({ submit: t("permissions.find"), ask, found });

  async function ask(values) {
    const fetch = (after) => get("/search/who", { ...values, after });
    const first = await fetch(null);
    const list = pagedTable({
      label: t("permissions.who_can"),
      none: t("permissions.nobody"),
      columns: [
        { title: t("permissions.user"), head: true, render: (one) => one.username },
        { title: t("permissions.display_name"), render: (one) => one.display_name },
        { title: t("permissions.id"), number: true, render: (one) => one.id },
      ],
      actions: [{ title: t("permissions.why"), right: "view", run: (one) => go("explain", { ...values, username: one.username }) }],
      fetch: (after) => (after === null ? first : fetch(after)),
    });
    await list.reload();
    return list.element;
  }

  return h("section", {}, h("h2", {}, t("permissions.who_can")), question.element, found);
}

function what(go) {
  const found = h("div", { "aria-live": "polite" });
  const [user, permission, server] = [userPicker(), permissionPicker(), serverPicker(false)];
  const scope = select(t("permissions.scope"), ["channel", "server"].map((one) => [one, named("scope", one)]));

  async function ask() {
    const values = { ...named_user(user.value()), permission: permission.value(), scope: scope.value() };
    const server_id = scope.value() === "channel" ? await server.id() : null;
    if (server_id === null && scope.value() === "channel" && server.value() !== "") {
      throw new Error(t("permissions.no_place"));
    }
    const fetch = (after) => get("/search/what", { ...values, server_id, after });
    const first = await fetch(null);
    const list = pagedTable({
      label: t("permissions.what_can"),
      none: t("permissions.nowhere"),
      columns: [
        { title: named("scope", values.scope), head: true, render: (one) => `${one.name} #${one.id}` },
        { title: t("permissions.server"), render: (one) => `${one.server} #${one.server_id}` },
      ],
      actions: [
        {
          title: t("permissions.why"),
          right: "view",
          run: (one) => go("explain", { username: user.value(), permission: values.permission, scope: one.scope, scope_id: one.id, server: String(one.server_id) }),
        },
      ],
      fetch: (after) => (after === null ? first : fetch(after)),
    });
    await list.reload();
    return list.element;
  }

  const asked = form([user, permission, scope, server], t("permissions.find"), found, ask);
  return h("section", {}, h("h2", {}, t("permissions.what_can")), h("p", { class: "quiet small" }, t("permissions.what_hint")), asked.element, found);
}
