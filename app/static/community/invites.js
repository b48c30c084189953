// Codes that lead into the server: made by who may invite, listed and taken back by who manages it.

import { get, post, remove } from "../control/api.js";
import { h, replace } from "../control/dom.js";
import { until } from "../control/format.js";
import { t } from "../control/page.js";
import { pagedTable } from "../control/table.js";
import { doing, reading } from "./denied.js";

export function invitesTab(place) {
  const made = h("div", { role: "status" });
  const list = place.can("server.manage") ? invitesOf(place) : null;
  const create = async () => {
    const invite = await make(place);
    if (invite) {
      replace(made, h("p", { class: "notice ok" }, t("invites.made"), " ", h("code", {}, invite.code)));
      list?.reload();
    }
  };
  list?.reload();
  return {
    element: h(
      "section",
      { class: "card" },
      h("div", { class: "card-head" }, h("h2", {}, t("tab.invites")), place.can("member.invite") && h("button", { type: "button", class: "primary", onclick: create }, t("invites.create"))),
      made,
      list?.element ?? h("p", { class: "quiet" }, t("invites.intro")),
    ),
  };
}

function invitesOf(place) {
  const list = pagedTable({
    label: t("tab.invites"),
    columns: [
      { title: t("invites.code"), head: true, render: (one) => h("code", {}, one.code) },
      { title: t("invites.uses"), number: true, render: (one) => (one.max_uses === null ? String(one.uses) : `${one.uses} / ${one.max_uses}`) },
      { title: t("invites.ends"), render: (one) => until(one.expires_at) },
    ],
    actions: [{ title: t("invites.delete"), right: null, danger: true, run: async (one) => (await takeBack(place, one)) && list.reload() }],
    none: t("invites.none"),
    fetch: reading(place, (after) => get(`${place.path}/invites`, { after })),
  });
  return list;
}

const make = (place) =>
  doing(place, {
    title: t("invites.create"),
    submit: t("invites.create"),
    fields: [{ name: "max_uses", label: t("invites.max_uses"), hint: t("invites.max_uses_hint"), type: "number", min: 1, max: 100000 }],
    expiry: { required: false, standard: 604_800 },
    run: (values, { key }) => post(`${place.path}/invites`, values, { key }),
  });

const takeBack = (place, one) =>
  doing(place, {
    title: t("invites.delete_named", { code: one.code }),
    submit: t("invites.delete"),
    danger: true,
    run: (_, { key }) => remove(`${place.path}/invites/${one.id}`, undefined, { key }),
  });
