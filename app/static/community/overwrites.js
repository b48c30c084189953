// What roles and members may do differently in a channel: a matrix of who and what.

import { get, put, remove } from "../control/api.js";
import { h, replace } from "../control/dom.js";
import { keep, state, t } from "../control/page.js";
import { empty, failed, loading } from "../control/states.js";
import { trying } from "./denied.js";
import { label, nameOf } from "./place.js";
import { holdersOf, peopleOf } from "./preview.js";
import { changeRights } from "./rights-act.js";

// What can be overwritten in a channel.
const COLUMNS = ["channel.read", "message.read_history", "message.send", "message.pin", "message.manage", "channel.manage", "channel.overwrite"];
const EFFECTS = ["", "allow", "deny"];

export function overwritesTab(place) {
  const choice = h("select", { id: "overwrites-channel", onchange: () => open(Number(choice.value)) });
  const body = h("div", {}, loading());
  let people = new Map();
  let rights = new Set();

  async function start() {
    try {
      const [{ items: channels }, members] = await Promise.all([get(`${place.path}/channels`), peopleOf(place)]);
      people = new Map(members.items.map((one) => [one.id, one]));
      if (!channels.length) {
        replace(body, empty(t("channel.none")));
        return;
      }
      const wanted = channels.find((one) => one.id === Number(state().channel)) ?? channels[0];
      replace(choice, channels.map((one) => h("option", { value: one.id, selected: one === wanted }, `# ${one.name}`)));
      await open(wanted.id);
    } catch (problem) {
      replace(body, failed(problem, start));
    }
  }

  const open = trying(place, async (channelId) => {
    keep({ channel: channelId });
    const [{ items, synced }, allowed] = await Promise.all([get(`/channels/${channelId}/overwrites`), get("/permissions/me", { scope: "channel", scope_id: channelId })]);
    rights = new Set(allowed.permissions);
    const rows = items.map((one) => ({ ...one, name: targetName(one) }));
    const missing = place.roles.filter((role) => role.access_request_id === null && !rows.some((one) => one.target_type === "role" && one.target_id === role.id));
    rows.push(...missing.map((role) => ({ target_type: "role", target_id: role.id, name: role.name, allow: [], deny: [] })));
    const draw = () => replace(body, synced ? h("p", { class: "notice warning" }, t("overwrites.synced")) : null, matrix(channelId, rows), adder(rows, draw));
    draw();
  });

  const targetName = (one) => (one.target_type === "role" ? place.role(one.target_id)?.name : people.get(one.target_id) && nameOf(people.get(one.target_id))) ?? `${one.target_type} #${one.target_id}`;

  /** A role that is not below one's own, or a right that one lacks, is only shown. */
  const offered = (row, permission) => rights.has("channel.overwrite") && rights.has(permission) && (row.target_type !== "role" || (place.role(row.target_id) && place.changes(place.role(row.target_id))));

  function matrix(channelId, rows) {
    const heads = [t("overwrites.who"), ...COLUMNS.map(label)].map((title) => h("th", { scope: "col" }, title));
    const lines = rows.map((row) => h("tr", {}, h("th", { scope: "row" }, row.name), COLUMNS.map((permission) => h("td", { dataset: { title: label(permission) } }, cell(channelId, row, permission)))));
    return h("div", { class: "scroll" }, h("table", { class: "rows matrix", "aria-label": t("tab.overwrites") }, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, lines)));
  }

  /** A choice of somebody to add a row for. */
  function adder(rows, draw) {
    const others = [...people.values()].filter((one) => !rows.some((row) => row.target_type === "user" && row.target_id === one.id));
    const select = h("select", { id: "overwrites-member", onchange: () => {
      const one = people.get(Number(select.value));
      rows.unshift({ target_type: "user", target_id: one.id, name: nameOf(one), allow: [], deny: [] });
      draw();
    } }, h("option", { value: "" }, t("overwrites.choose")), others.map((one) => h("option", { value: one.id }, nameOf(one))));
    return h("div", { class: "tools spaced" }, h("div", {}, h("label", { for: "overwrites-member" }, t("overwrites.add")), select));
  }

  function cell(channelId, row, permission) {
    const effect = row.allow.includes(permission) ? "allow" : row.deny.includes(permission) ? "deny" : "";
    const words = (one) => t(`overwrites.${one || "inherit"}`);
    if (!offered(row, permission)) {
      return h("span", { class: "quiet" }, words(effect));
    }
    const select = h("select", { "aria-label": t("overwrites.cell", { who: row.name, permission: label(permission) }), onchange: async () => {
      const wanted = select.value;
      if (!(await set(channelId, row, permission, wanted))) {
        select.value = effect;
      } else {
        await open(channelId);
      }
    } }, EFFECTS.map((one) => h("option", { value: one, selected: one === effect }, words(one))));
    return select;
  }

  async function reached(row) {
    return row.target_type === "role" ? holdersOf(place, place.role(row.target_id)) : { items: [people.get(row.target_id) ?? { id: row.target_id, username: row.name }], whole: true };
  }

  function set(channelId, row, permission, effect) {
    const without = (names) => names.filter((one) => one !== permission);
    const next = { allow: [...without(row.allow), ...(effect === "allow" ? [permission] : [])], deny: [...without(row.deny), ...(effect === "deny" ? [permission] : [])] };
    const path = `/channels/${channelId}/overwrites/${row.target_type}/${row.target_id}`;
    return changeRights(place, {
      title: t("overwrites.set", { who: row.name, permission: label(permission), effect: t(`overwrites.${effect || "inherit"}`) }),
      submit: t("overwrites.set_do"),
      async concerns() {
        const { items, whole } = await reached(row);
        return { gives: effect === "allow" || (effect === "" && row.deny.includes(permission)), people: items, whole, permissions: [permission], scope: "channel", scope_id: channelId };
      },
      async run() {
        if (next.allow.length || next.deny.length) {
          return (await put(path, next)).data;
        }
        await remove(path);
        return true;
      },
      done: t("overwrites.done"),
    });
  }

  start();
  return { element: h("section", { class: "card" }, h("h2", {}, t("tab.overwrites")), h("p", { class: "quiet" }, t("overwrites.intro")), h("div", { class: "tools" }, h("div", {}, h("label", { for: "overwrites-channel" }, t("overwrites.channel")), choice)), body) };
}
