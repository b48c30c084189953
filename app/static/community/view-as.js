// The server as a member sees it, or somebody who has one role and no other.

import { get, post } from "../control/api.js";
import { h, replace } from "../control/dom.js";
import { keep, state, t } from "../control/page.js";
import { failed, loading } from "../control/states.js";
import { PERMISSIONS } from "./grants.js";
import { all } from "./pages.js";
import { label, nameOf } from "./place.js";

// What is asked of each channel.
const IN_CHANNEL = ["channel.read", "message.send", "message.pin", "message.manage"];

export function viewAsTab(place) {
  const choice = h("select", { id: "view-as", onchange: () => look(choice.value) });
  const body = h("div", { "aria-live": "polite" }, loading());
  let members = [];

  async function start() {
    try {
      members = (await all(`${place.path}/members`)).items;
      const wanted = state().as ?? `user:${members[0]?.user.id}`;
      const option = ([value, name]) => h("option", { value, selected: value === wanted }, name);
      replace(
        choice,
        h("optgroup", { label: t("tab.roles") }, place.roles.map((role) => option([`role:${role.id}`, role.name]))),
        h("optgroup", { label: t("tab.members") }, members.map((one) => option([`user:${one.user.id}`, nameOf(one.user)]))),
      );
      await look(choice.value);
    } catch (problem) {
      replace(body, failed(problem, start));
    }
  }

  /** The member to look as: of a role, one who has that and no other. */
  function memberOf(as) {
    const [kind, id] = as.split(":");
    if (kind === "user") {
      return members.find((one) => one.user.id === Number(id));
    }
    const role = place.role(Number(id));
    const alone = (one) => one.user.id !== place.server.owner_id && (role.is_default ? !one.role_ids.length : one.role_ids.length === 1 && one.role_ids[0] === role.id);
    return members.find(alone);
  }

  async function look(as) {
    keep({ as });
    const member = memberOf(as);
    if (!member) {
      replace(body, h("p", { class: "notice warning" }, t("view_as.nobody")));
      return;
    }
    replace(body, loading());
    try {
      await draw(as, member.user);
    } catch (problem) {
      replace(body, failed(problem, () => look(as)));
    }
  }

  async function draw(as, user) {
    const [{ items: channels }, visible] = await Promise.all([get(`${place.path}/channels`), get("/permissions/resources", { permission: "channel.read", scope: "channel", within: `server:${place.id}`, user_id: user.id })]);
    const seen = new Set(visible.ids);
    const inServer = PERMISSIONS.map((permission) => ({ permission, scope: "server", scope_id: place.id }));
    const inChannels = channels.flatMap((channel) => IN_CHANNEL.map((permission) => ({ permission, scope: "channel", scope_id: channel.id })));
    const { allowed } = await post("/permissions/check-batch", { user_id: user.id, checks: [...inServer, ...inChannels] });
    const may = PERMISSIONS.filter((_, at) => allowed[at]);
    const row = (channel, at) => {
      const verdicts = IN_CHANNEL.map((_, n) => allowed[PERMISSIONS.length + at * IN_CHANNEL.length + n]);
      return h("tr", {}, h("th", { scope: "row" }, `# ${channel.name}`), verdicts.map((verdict, n) => h("td", { dataset: { title: label(IN_CHANNEL[n]) } }, t(verdict ? "view_as.yes" : "view_as.no"))));
    };
    replace(
      body,
      as.startsWith("role:") ? h("p", { class: "quiet" }, t("view_as.shown_as", { name: nameOf(user) })) : null,
      h("h3", {}, t("view_as.in_server")),
      may.length ? h("ul", {}, may.map((one) => h("li", { title: one }, label(one)))) : h("p", { class: "quiet" }, t("view_as.nothing")),
      h("h3", {}, t("view_as.in_channels", { n: channels.filter((one) => seen.has(one.id)).length, of: channels.length })),
      h("div", { class: "scroll" }, h("table", { class: "rows", "aria-label": t("tab.channels") }, h("thead", {}, h("tr", {}, [t("overwrites.channel"), ...IN_CHANNEL.map(label)].map((title) => h("th", { scope: "col" }, title)))), h("tbody", {}, channels.map(row)))),
    );
  }

  start();
  return { element: h("section", { class: "card" }, h("h2", {}, t("tab.view_as")), h("p", { class: "quiet" }, t("view_as.intro")), h("div", { class: "tools" }, h("div", {}, h("label", { for: "view-as" }, t("view_as.who")), choice)), body) };
}
