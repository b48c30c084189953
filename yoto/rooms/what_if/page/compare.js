// Two people side by side: what each may do in a place that the other may not.

import { get } from "../control/api.js";
import { h } from "../control/dom.js";
import { keep, named, state, t } from "../control/page.js";
import { form, placePicker, userPicker } from "../control/permissions/question.js";
import { searches } from "../control/permissions/search.js";
import { reason } from "../control/permissions/sign.js";
import { table } from "../control/table.js";

const COMPARE = "compare"; // in the address: the third question of the page

function compareSection(go) {
  const found = h("div", { "aria-live": "polite" });
  const [user, other] = [userPicker(), userPicker(t("compare.other"))];
  const place = placePicker();
  const asked = form([user, other, ...place.parts], t("compare.compare"), found, async () => {
    const at = await place.value();
    const values = { user: user.value(), other: other.value(), ...at };
    const answer = await get("/compare", values);
    keep({ permission: null, username: null, user_id: null, within: null, find: COMPARE, ...values });
    return drawn(answer, at, go);
  });
  const given = state();
  if (given.find === COMPARE && given.user && given.other && given.scope) {
    user.set(given.user);
    other.set(given.other);
    place.fill({ scope: given.scope, scope_id: given.scope_id ?? null });
    asked.send();
  }
  return h("section", {}, h("h2", {}, t("compare.title")), h("p", { class: "quiet small" }, t("compare.intro")), asked.element, found);
}

function drawn(found, at, go) {
  return h(
    "div",
    { class: "card" },
    side(found.user, found.other, found.only_user, (one) => [one.user_reason, one.other_reason], at, go),
    side(found.other, found.user, found.only_other, (one) => [one.other_reason, one.user_reason], at, go),
    h("details", {}, h("summary", {}, t("compare.both", { n: found.both.length })), h("p", {}, found.both.flatMap((one, index) => [index ? t("shared.between") : "", h("code", {}, one)]))),
  );
}

function side(one, other, only, reasons, at, go) {
  const name = one.username || `#${one.user_id}`;
  const list = table({
    label: t("compare.only", { name }),
    key: (row) => row.permission,
    none: t("compare.nothing"),
    columns: [
      { title: t("permissions.permission"), head: true, render: (row) => h("code", {}, row.permission) },
      { title: t("permissions.reason"), render: (row) => reason(reasons(row)[0]) },
      { title: t("compare.other_reason", { name: other.username || `#${other.user_id}` }), render: (row) => reason(reasons(row)[1]) },
    ],
    actions: [{ title: t("permissions.why"), right: "view", run: (row) => go("explain", { ...at, permission: row.permission, username: name }) }],
  });
  list.show(only);
  const roles = one.only_roles.length ? ` · ${t("compare.roles", { roles: one.only_roles.join(", ") })}` : "";
  return h("section", {}, h("h3", {}, t("compare.only", { name })), h("p", { class: "quiet" }, named("standing", one.standing), roles), list.element);
}

searches.push(compareSection);
