// The operators: the people who may see and steer the platform.

import { get, post } from "../api.js";
import { act } from "../dialog.js";
import { badge, h, reported } from "../dom.js";
import { age, until } from "../format.js";
import { t } from "../page.js";
import { pagedTable } from "../table.js";
import { ending } from "./endings.js";

const part = (id) => document.getElementById(id);

const operators = pagedTable({
  label: t("settings.operators"),
  none: t("settings.no_operators"),
  fetch: (after) => get("/operators", { after }),
  columns: [
    { title: t("settings.account"), head: true, render: (one) => [h("span", { title: one.display_name }, one.username), " ", one.super_admin ? badge("warning", t("settings.super_admin"), "neutral") : null, one.disabled ? badge("failed", t("settings.disabled")) : null, one.second_factor ? badge("neutral", t("settings.second_factor")) : null] },
    { title: t("settings.rights"), render: (one) => (one.rights.length ? one.rights.map((right) => [badge(right, t(`settings.right_${right.split(".").at(-1)}`), "neutral"), " "]) : t("settings.no_right")) },
    { title: t("settings.roles"), render: (one) => one.roles.map((role) => h("div", {}, role.name, role.valid_until ? [" · ", until(role.valid_until)] : null)) },
    { title: t("settings.signed_in"), render: (one) => (one.last_sign_in ? age(one.last_sign_in) : t("settings.never")) },
    { title: t("settings.session"), render: (one) => (one.sessions_end ? until(one.sessions_end) : t("settings.no_session")) },
  ],
  actions: [
    { title: t("settings.role_revoke"), right: "admin", when: (one) => one.roles.length > 0, run: (one) => revoke(one) },
    { title: t("settings.sign_out"), right: "admin", run: (one) => signOut(one) },
    { title: t("settings.factor_remove"), right: "admin", when: (one) => one.second_factor, run: (one) => removeFactor(one) },
    { title: t("settings.disable"), right: "admin", danger: true, when: (one) => !one.disabled, run: (one) => turn(one, "disable") },
    { title: t("settings.enable"), right: "admin", when: (one) => one.disabled, run: (one) => turn(one, "enable") },
  ],
});
part("operator-list")?.append(operators.element);
part("operator-new")?.append(h("button", { type: "button", id: "operator-grant", onclick: reported(grant) }, t("settings.role_grant")));

export const drawOperators = () => operators.reload();

const roleOptions = (roles) => roles.map((role) => [role.id, `${role.name}: ${role.rights.map((right) => t(`settings.right_${right.split(".").at(-1)}`)).join(", ")}`]);

async function grant() {
  const { items } = await get("/operators/roles");
  await act({
    title: t("settings.role_grant"),
    intro: t("settings.role_grant_does"),
    submit: t("settings.role_grant"),
    fields: [
      { name: "username", label: t("settings.account"), required: true, maxlength: 32 },
      { name: "role_id", label: t("settings.role"), type: "select", number: true, options: roleOptions(items) },
    ],
    expiry: { standard: null },
    run: ({ username, role_id, reason, expires_in: seconds }, { key }) => post("/operators", { username, role_id, reason, valid_until: ending(seconds) }, { key }),
    done: t("settings.role_granted"),
  });
  drawOperators();
}

const revoke = (one) =>
  act({
    title: t("settings.role_revoke_title", { name: one.username }),
    intro: t("settings.role_revoke_does"),
    submit: t("settings.role_revoke"),
    danger: true,
    fields: [{ name: "role_id", label: t("settings.role"), type: "select", number: true, options: roleOptions(one.roles) }],
    run: ({ role_id, reason }, { key }) => post(`/operators/${one.id}/revoke`, { role_id, reason }, { key }),
    done: t("settings.role_revoked"),
  }).then(drawOperators);

const signOut = (one) =>
  act({
    title: t("settings.sign_out_title", { name: one.username }),
    intro: t("settings.sign_out_does"),
    submit: t("settings.sign_out"),
    run: ({ reason }, { key }) => post(`/operators/${one.id}/end-sessions`, { reason }, { key }),
    done: t("settings.signed_out"),
  }).then(drawOperators);

const removeFactor = (one) =>
  act({
    title: t("settings.factor_remove_title", { name: one.username }),
    intro: t("settings.factor_remove_does"),
    submit: t("settings.factor_remove"),
    danger: true,
    run: ({ reason }, { key }) => post(`/operators/${one.id}/remove-second-factor`, { reason }, { key }),
    done: t("settings.second_factor_removed"),
  }).then(drawOperators);

const turn = (one, what) =>
  act({
    title: t(`settings.${what}_title`, { name: one.username }),
    intro: t(`settings.${what}_does`),
    submit: t(`settings.${what}`),
    danger: what === "disable",
    confirm: what === "disable" ? one.username : null,
    run: ({ reason }, { key }) => post(`/operators/${one.id}/${what}`, { reason }, { key }),
    done: t(`settings.${what}d`),
  }).then(drawOperators);
