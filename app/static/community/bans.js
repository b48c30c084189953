// The people who are banned from the server.

import { get, remove } from "../control/api.js";
import { h } from "../control/dom.js";
import { t } from "../control/page.js";
import { pagedTable } from "../control/table.js";
import { doing, reading } from "./denied.js";
import { nameOf } from "./place.js";

export function bansTab(place) {
  const list = pagedTable({
    label: t("tab.bans"),
    key: (one) => one.user.id,
    columns: [
      { title: t("members.person"), head: true, render: (one) => h("span", { title: one.user.username }, nameOf(one.user)) },
      { title: t("dialog.reason"), render: (one) => one.reason || null },
    ],
    actions: [{ title: t("bans.lift"), right: null, run: async (one) => (await lift(place, one)) && list.reload() }],
    none: t("bans.none"),
    fetch: reading(place, (after) => get(`${place.path}/bans`, { after })),
  });
  list.reload();
  return { element: h("section", { class: "card" }, h("h2", {}, t("tab.bans")), h("p", { class: "quiet" }, t("bans.intro")), list.element) };
}

const lift = (place, one) =>
  doing(place, {
    title: t("bans.lift_named", { name: nameOf(one.user) }),
    submit: t("bans.lift"),
    run: (_, { key }) => remove(`${place.path}/bans/${one.user.id}`, undefined, { key }),
  });
