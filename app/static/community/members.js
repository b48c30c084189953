// The members of the server, with their roles; giving and taking those, time-outs, removing, banning.

import { get, patch, put, remove } from "../control/api.js";
import { h } from "../control/dom.js";
import { age, now, until } from "../control/format.js";
import { t } from "../control/page.js";
import { pagedTable } from "../control/table.js";
import { doing, reading } from "./denied.js";
import { nameOf } from "./place.js";
import { changeRights } from "./rights-act.js";

const reasonField = { name: "reason", label: t("dialog.reason"), maxlength: 500 };
const DAY = 86_400; // s

/** A moment so many seconds ahead, as the API takes it; null: never. */
const ahead = (seconds) => (seconds === null ? null : new Date(now() + seconds * 1000).toISOString());

/** The roles that whoever looks may give and take. */
const within = (place) => place.roles.filter((role) => place.above(role));

const whom = (one) => `user:${one.user.id}`;
/** A member of the server, as acts that are tried name them. */
const member = (place, one) => ({ subject: whom(one), scope: "server", scope_id: place.id });

export function membersTab(place) {
  const list = pagedTable({
    label: t("tab.members"),
    key: (one) => one.user.id,
    columns: [
      { title: t("members.person"), head: true, render: (one) => h("span", { title: one.user.username }, one.nickname ?? nameOf(one.user), one.user.id === place.server.owner_id ? h("span", { class: "quiet small" }, ` ${t("members.owner")}`) : null) },
      { title: t("tab.roles"), render: (one) => one.role_ids.map((id) => place.role(id)?.name).filter(Boolean).join(", ") || null },
      { title: t("members.joined"), render: (one) => age(one.joined_at) },
      { title: t("members.timeout"), render: (one) => (isOut(one) ? until(one.timeout_until) : null) },
    ],
    actions: actions(place, () => list.reload()),
    menuOf: (one) => t("members.actions_for", { name: nameOf(one.user) }),
    fetch: reading(place, (after) => get(`${place.path}/members`, { after })),
  });
  list.reload();
  return { element: h("section", { class: "card" }, h("h2", {}, t("tab.members")), list.element) };
}

const isOut = (one) => one.timeout_until !== null && Date.parse(one.timeout_until) > now();

function actions(place, reload) {
  const after = (act) => async (one) => (await act(place, one)) && reload();
  const may = (permission) => (one) => place.can(permission) && place.outranks(one);
  const outOf = may("member.timeout");
  return [
    { title: t("members.give"), right: null, when: (one) => place.can("role.assign") && within(place).some((role) => !one.role_ids.includes(role.id)), run: after(give) },
    { title: t("members.take"), right: null, when: (one) => place.can("role.assign") && within(place).some((role) => one.role_ids.includes(role.id)), run: after(take) },
    { title: t("members.rename"), right: null, when: (one) => one.user.id === place.me.id || may("member.nickname")(one), run: after(rename) },
    { title: t("members.time_out"), right: null, when: (one) => outOf(one) && !isOut(one), run: after(timeOut) },
    { title: t("members.end_timeout"), right: null, when: (one) => outOf(one) && isOut(one), run: after(endTimeOut) },
    { title: t("members.kick"), right: null, danger: true, when: may("member.kick"), run: after(kick) },
    { title: t("members.ban"), right: null, danger: true, when: may("member.ban"), run: after(ban) },
  ];
}

const roleField = (roles) => ({ name: "role", label: t("members.role"), type: "select", number: true, options: roles.map((role) => [role.id, role.name]) });

const give = (place, one) =>
  changeRights(place, {
    title: t("members.give_to", { name: nameOf(one.user) }),
    submit: t("members.give_do"),
    fields: [roleField(within(place).filter((role) => !one.role_ids.includes(role.id))), reasonField],
    expiry: { required: false },
    tries: ({ role, expires_in: seconds }) => ({ act: "role.assign", subject: whom(one), role_id: role, valid_until: ahead(seconds) }),
    run: ({ role, reason, expires_in: seconds }) => put(`/roles/${role}/members/${one.user.id}`, { reason: reason || null, valid_until: ahead(seconds) }),
    done: t("members.given"),
  });

const take = (place, one) =>
  changeRights(place, {
    title: t("members.take_from", { name: nameOf(one.user) }),
    submit: t("members.take_do"),
    danger: true,
    fields: [roleField(within(place).filter((role) => one.role_ids.includes(role.id))), reasonField],
    tries: ({ role }) => ({ act: "role.unassign", subject: whom(one), role_id: role }),
    run: ({ role, reason }, { key }) => remove(`/roles/${role}/members/${one.user.id}${because(reason)}`, undefined, { key }),
    done: t("members.taken"),
  });

const rename = (place, one) =>
  doing(place, {
    title: t("members.rename_named", { name: nameOf(one.user) }),
    submit: t("members.rename"),
    fields: [{ name: "nickname", label: t("members.nickname"), hint: t("members.nickname_hint"), value: one.nickname ?? "", maxlength: 64 }],
    run: ({ nickname }) => patch(`${place.path}/members/${one.user.id === place.me.id ? "me" : one.user.id}`, { nickname: nickname || null }),
  });

const timeOut = (place, one) =>
  changeRights(place, {
    title: t("members.time_out_named", { name: nameOf(one.user) }),
    intro: t("members.time_out_does"),
    submit: t("members.time_out"),
    fields: [reasonField],
    expiry: { required: true, standard: 3600, longest: 7 * DAY },
    tries: ({ expires_in: seconds }) => ({ act: "member.timeout", ...member(place, one), until: ahead(seconds) }),
    run: ({ reason, expires_in: seconds }) => put(`${place.path}/members/${one.user.id}/timeout`, { until: ahead(seconds), reason: reason || null }),
  });

const endTimeOut = (place, one) =>
  changeRights(place, {
    title: t("members.end_timeout_named", { name: nameOf(one.user) }),
    submit: t("members.end_timeout"),
    tries: () => ({ act: "member.timeout", ...member(place, one), until: null }),
    run: (_, { key }) => remove(`${place.path}/members/${one.user.id}/timeout`, undefined, { key }),
  });

const kick = (place, one) =>
  changeRights(place, {
    title: t("members.kick_named", { name: nameOf(one.user) }),
    intro: t("members.kick_does"),
    submit: t("members.kick"),
    danger: true,
    fields: [reasonField],
    tries: () => ({ act: "member.remove", ...member(place, one) }),
    run: ({ reason }, { key }) => remove(`${place.path}/members/${one.user.id}${because(reason)}`, undefined, { key }),
  });

const ban = (place, one) =>
  changeRights(place, {
    title: t("members.ban_named", { name: nameOf(one.user) }),
    intro: t("members.ban_does"),
    submit: t("members.ban"),
    danger: true,
    fields: [reasonField],
    tries: () => ({ act: "member.remove", ...member(place, one) }),
    run: ({ reason }) => put(`${place.path}/bans/${one.user.id}`, { reason: reason || null }),
  });

/** Reasons of what is taken away are in the address. */
export const because = (reason) => (reason ? `?${new URLSearchParams({ reason })}` : "");
