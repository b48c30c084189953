// "Who can … here": a permission is chosen, the place is given.

import { get } from "../api.js";
import { h } from "../dom.js";
import { subject } from "../format.js";
import { t } from "../page.js";
import { form, missing, permissionPicker } from "../permissions/question.js";
import { pagedTable } from "../table.js";

/** A form with its answer, for a place `{scope, scope_id}`. */
export function whoCan(place) {
  const found = h("div", { "aria-live": "polite" });
  const permission = permissionPicker();
  const { element } = form([permission], t("permissions.find"), found, async () => {
    const fetch = (after) => get("/search/who", { ...place, permission: permission.value(), after });
    const first = await fetch(null);
    const list = pagedTable({
      label: t("permissions.who_can"),
      none: t("permissions.nobody"),
      columns: [
        { title: t("permissions.user"), head: true, render: (one) => subject(one.username.startsWith("application:") ? one.username : `user:${one.id}`, { text: one.username }) },
        { title: t("permissions.display_name"), render: (one) => one.display_name },
      ],
      fetch: (after) => (after === null ? first : fetch(after)),
    });
    await list.reload();
    return [missing(first), h("div", { class: "card" }, list.element)];
  });
  return h("div", {}, element, found);
}
