// API tokens: yours, or those of all operators.

import { get, post } from "../api.js";
import { act } from "../dialog.js";
import { badge, h } from "../dom.js";
import { age, until } from "../format.js";
import { may, page, t } from "../page.js";
import { pagedTable } from "../table.js";
import { showSecret } from "./secret.js";

const RIGHTS = ["view", "operate", "admin"];
const DAYS = [1, 7, 30, 90, 365];
const part = (id) => document.getElementById(id);
const everyone = may("admin") ? h("input", { type: "checkbox", id: "tokens-of-all", onchange: () => tokens.restart() }) : null;

const tokens = pagedTable({
  label: t("settings.tokens"),
  none: t("settings.no_tokens"),
  fetch: (after) => get("/tokens", { after, everyone: Boolean(everyone?.checked) }),
  columns: [
    { title: t("settings.name"), head: true, render: (one) => one.name },
    { title: t("settings.owner"), render: (one) => `user:${one.user_id}` },
    { title: t("settings.rights"), render: (one) => one.rights.map((right) => [badge(right, t(`settings.right_${right.split(".").at(-1)}`), "neutral"), " "]) },
    { title: t("settings.ends"), render: (one) => (one.valid ? until(one.expires_at) : badge("neutral", howEnded(one))) },
    { title: t("settings.last_used"), render: (one) => (one.last_used_at ? age(one.last_used_at) : t("settings.never")) },
  ],
  actions: [{ title: t("settings.revoke"), right: "view", danger: true, when: (one) => one.valid, run: (one) => revoke(one) }],
});
part("token-list")?.append(tokens.element);
part("token-new")?.append(
  ...(everyone ? [h("label", { class: "check", for: "tokens-of-all" }, everyone, t("settings.tokens_of_all"))] : []),
  h("button", { type: "button", id: "token-make", onclick: make }, t("settings.token_make")),
);

function howEnded(one) {
  if (one.revoked_at) {
    return t("settings.revoked");
  }
  return new Date(one.expires_at) <= new Date() ? t("settings.expired") : t("settings.ended");
}

export const drawTokens = () => tokens.reload();

async function make() {
  const mine = [...RIGHTS.filter((right) => page.rights.includes(`platform.${right}`)), "insight"];
  const made = await act({
    title: t("settings.token_make"),
    intro: t("settings.token_does"),
    submit: t("settings.token_make"),
    fields: [
      { name: "name", label: t("settings.name"), required: true, maxlength: 100, hint: t("settings.token_name") },
      ...mine.map((right) => ({ name: right, label: t(`settings.right_${right}`), type: "checkbox", value: right === "view", hint: right === "insight" ? t("settings.insight_does") : null })),
      { name: "days", label: t("settings.good_for"), type: "select", number: true, options: DAYS.map((days) => [days, t("unit.days", { n: days })]), value: 90 },
    ],
    run: ({ name, days, reason, ...chosen }, { key }) =>
      post("/tokens", { name, days, reason, rights: mine.filter((right) => chosen[right]).map((right) => `platform.${right}`) }, { key }),
  });
  drawTokens();
  if (made) {
    await showSecret(t("settings.token_made", { name: made.name }), made.token);
  }
}

const revoke = (one) =>
  act({
    title: t("settings.revoke_title", { name: one.name }),
    intro: t("settings.revoke_does"),
    submit: t("settings.revoke"),
    danger: true,
    run: ({ reason }, { key }) => post(`/tokens/${one.id}/revoke`, { reason }, { key }),
    done: t("settings.token_revoked"),
  }).then(drawTokens);
