// The audit log of the server: who changed what, and why.

import { get } from "../control/api.js";
import { differenceList } from "../control/difference.js";
import { h } from "../control/dom.js";
import { age, introduce, subject } from "../control/format.js";
import { named, t } from "../control/page.js";
import { pagedTable } from "../control/table.js";
import { reading } from "./denied.js";
import { nameOf } from "./place.js";
import { peopleOf } from "./preview.js";

// The actions to choose from; the log has more.
const ACTIONS = ["role.assign", "role.unassign", "role.grant", "role.revoke", "role.create", "role.update", "role.delete", "overwrite.set", "overwrite.clear", "member.timeout", "member.kick", "member.ban", "member.unban", "invite.create", "server.update", "message.delete"];
const wordsOf = (action) => named("did", action);

export function auditTab(place) {
  let introduced = false;
  const kind = h("select", { id: "audit-kind", onchange: () => list.restart() }, [h("option", { value: "" }, t("log.everything")), ACTIONS.map((one) => h("option", { value: one }, wordsOf(one)))]);
  const list = pagedTable({
    label: t("tab.audit"),
    columns: [
      { title: t("log.when"), head: true, render: (one) => age(one.at) },
      { title: t("log.who"), render: (one) => (one.actor ? nameOf(one.actor) : null) },
      { title: t("log.what"), render: (one) => h("span", { title: one.action }, wordsOf(one.action)) },
      { title: t("log.about"), render: (one) => subject(one.subject) },
      { title: t("log.change"), render: (one) => (one.before || one.after ? differenceList(one.before, one.after, { most: 6, longest: 80 }) : null) },
      { title: t("dialog.reason"), render: (one) => one.reason || null },
    ],
    fetch: reading(place, async (after) => {
      if (!introduced) {
        const [people, channels] = await Promise.all([peopleOf(place), get(`${place.path}/channels`)]);
        people.items.forEach((one) => introduce(`user:${one.id}`, nameOf(one)));
        channels.items.forEach((one) => introduce(`channel:${one.id}`, one.name));
        place.roles.forEach((one) => introduce(`role:${one.id}`, one.name));
        introduce(`server:${place.id}`, place.server.name);
        introduced = true;
      }
      return get(`${place.path}/audit`, { after, action: kind.value });
    }),
  });
  list.reload();
  return { element: h("section", { class: "card" }, h("h2", {}, t("tab.audit")), h("div", { class: "tools" }, h("div", {}, h("label", { for: "audit-kind" }, t("log.kind")), kind)), list.element) };
}
