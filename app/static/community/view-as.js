// The server as a member sees it, or as somebody would who has some roles and nothing else.

import { get, post } from "../control/api.js";
import { h, replace } from "../control/dom.js";
import { keep, room, state, t } from "../control/page.js";
import { failed, loading } from "../control/states.js";
import { denied } from "./denied.js";
import { all } from "./pages.js";
import { PERMISSIONS } from "./permissions.js";
import { label, nameOf } from "./place.js";

const CHECKS_MAX = 1000; // of one request
const OF_EACH_CHANNEL = PERMISSIONS.slice(0, 5);

export function viewAsTab(place) {
  const choice = h("select", { id: "view-as", onchange: () => look() });
  const roles = place.roles.filter((one) => !one.is_default && one.access_request_id === null);
  const boxes = new Map(roles.map((role) => [role.id, h("input", { type: "checkbox", onchange: () => look() })]));
  const set = h("fieldset", { class: "role-set", hidden: true }, roles.length > 0 && h("legend", {}, t("view_as.roles")), roles.map((role) => h("label", { class: "check" }, boxes.get(role.id), role.name)), h("p", { class: "hint" }, t("view_as.everyone")));
  const body = h("div", { "aria-live": "polite" }, loading());
  let turn = 0;

  async function start() {
    try {
      const { items: members } = await all(`${place.path}/members`);
      replace(
        choice,
        room("what_if") ? h("option", { value: "roles" }, t("view_as.with_roles")) : null,
        h("optgroup", { label: t("tab.members") }, members.map((one) => h("option", { value: `user:${one.user.id}` }, nameOf(one.user)))),
      );
      const [, kind, given] = /^(user|roles?):([\d,]*)$/.exec(state().as ?? "") ?? [];
      choice.value = kind === "user" ? `user:${given}` : "roles";
      choice.selectedIndex = Math.max(0, choice.selectedIndex);
      (given ?? "").split(",").forEach((id) => kind !== "user" && boxes.has(Number(id)) && (boxes.get(Number(id)).checked = true));
      await look();
    } catch (problem) {
      replace(body, problem.status === 403 ? await denied(place, problem) : failed(problem, start));
    }
  }

  async function look() {
    const mine = (turn += 1);
    const asRoles = choice.value === "roles";
    const held = roles.filter((one) => boxes.get(one.id).checked).map((one) => one.id);
    set.hidden = !asRoles;
    keep({ as: asRoles ? `roles:${held.join(",")}` : choice.value });
    body.setAttribute("aria-busy", "true");
    try {
      const { items: channels } = await get(`${place.path}/channels`);
      const found = await (asRoles ? ofRoles(channels, held) : ofMember(channels, Number(choice.value.slice("user:".length))));
      if (mine === turn) {
        draw(channels, found);
      }
    } catch (problem) {
      if (mine === turn) {
        replace(body, problem.status === 403 ? await denied(place, problem) : failed(problem, look));
      }
    } finally {
      body.toggleAttribute("aria-busy", mine !== turn);
    }
  }

  const placesOf = (channels) => [{ scope: "server", scope_id: place.id }, ...channels.map((one) => ({ scope: "channel", scope_id: one.id }))];

  /** The permissions of roles in the server, and then in each channel. */
  async function ofRoles(channels, held) {
    const { items } = await post("/permissions/as-roles", { role_ids: held, places: placesOf(channels) });
    return items.map((one) => new Set(one.permissions));
  }

  async function ofMember(channels, userId) {
    const asked = placesOf(channels).map((where, at) => ({ where, names: at ? OF_EACH_CHANNEL : PERMISSIONS }));
    const checks = asked.flatMap(({ where, names }) => names.map((permission) => ({ permission, ...where })));
    const allowed = [];
    for (let from = 0; from < checks.length; from += CHECKS_MAX) {
      const some = checks.slice(from, from + CHECKS_MAX);
      allowed.push(...(await post("/permissions/check-batch", { user_id: userId, checks: some })).allowed);
    }
    let at = 0;
    return asked.map(({ names }) => new Set(names.filter(() => allowed[at++])));
  }

  function draw(channels, [inServer, ...inChannels]) {
    const may = PERMISSIONS.filter((one) => inServer.has(one));
    const seen = inChannels.filter((one) => one.has("channel.read")).length;
    const cell = (has, permission) => h("td", { dataset: { title: label(permission) } }, h("span", { class: has ? null : "quiet" }, t(has ? "view_as.yes" : "view_as.no")));
    const row = (channel, at) => h("tr", {}, h("th", { scope: "row" }, `# ${channel.name}`), OF_EACH_CHANNEL.map((permission) => cell(inChannels[at].has(permission), permission)));
    replace(
      body,
      h("h3", {}, t("view_as.in_server")),
      may.length ? h("ul", { class: "ways" }, may.map((one) => h("li", { title: one }, label(one)))) : h("p", { class: "quiet" }, t("view_as.nothing")),
      h("h3", {}, t("view_as.in_channels", { n: seen, of: channels.length })),
      channels.length ? h("div", { class: "scroll" }, h("table", { class: "rows", "aria-label": t("tab.channels") }, h("thead", {}, h("tr", {}, [t("overwrites.channel"), ...OF_EACH_CHANNEL.map(label)].map((title) => h("th", { scope: "col" }, title)))), h("tbody", {}, channels.map(row)))) : null,
    );
  }

  start();
  return { element: h("section", { class: "card" }, h("h2", {}, t("tab.view_as")), h("p", { class: "quiet" }, t("view_as.intro")), h("div", { class: "tools" }, h("div", {}, h("label", { for: "view-as" }, t("view_as.who")), choice)), set, body) };
}
