// One server: its channels, and a tab for each thing that who looks may do there.

import { post } from "../control/api.js";
import { h, replace } from "../control/dom.js";
import { keep, page, room, state, t } from "../control/page.js";
import { failed, loading } from "../control/states.js";
import { auditTab } from "./audit.js";
import { bansTab } from "./bans.js";
import { channelsTab } from "./channels.js";
import { doing } from "./denied.js";
import { begin } from "./frame.js";
import { groupsTab } from "./groups.js";
import { invitesTab } from "./invites.js";
import { membersTab } from "./members.js";
import { overwritesTab } from "./overwrites.js";
import { placeOf } from "./place.js";
import { countInbox, requestsTab } from "./requests.js";
import { rolesTab } from "./roles.js";
import { rulesTab } from "./rules.js";
import { viewAsTab } from "./view-as.js";

// A tab, and whether somebody sees it: those who could do nothing in it do not.
const TABS = [
  ["channels", channelsTab, () => true],
  ["members", membersTab, (place) => place.member !== null || place.me.super_admin],
  ["roles", rolesTab, (place) => place.can("role.manage")],
  ["overwrites", overwritesTab, (place) => place.can("channel.overwrite")],
  ["groups", groupsTab, (place) => place.can("role.manage")],
  ["invites", invitesTab, (place) => place.can("member.invite") || place.can("server.manage")],
  ["bans", bansTab, (place) => place.can("member.ban")],
  ["requests", requestsTab, () => room("access_requests")],
  ["rules", rulesTab, (place) => place.can("server.manage")],
  ["audit", auditTab, (place) => place.can("server.audit")],
  ["view-as", viewAsTab, (place) => place.can("server.audit")],
];
// Viewers with none of these have no requests to decide, so that none are counted for them.
const LENDERS = ["role.assign", "channel.overwrite"];
const COUNT_EVERY = 60_000; // ms, as each look counts against a limit
const tabs = document.getElementById("tabs");
const tab = document.getElementById("tab");

start();

async function start() {
  const me = await begin();
  if (!me) {
    return;
  }
  replace(tab, loading());
  try {
    draw(await placeOf(page.server, me));
  } catch (problem) {
    replace(tab, problem.status === 404 || problem.status === 403 ? h("p", { class: "notice warning" }, t("community.not_there"), " ", h("a", { href: page.servers }, t("community.my_servers"))) : failed(problem, start));
  }
}

function draw(place) {
  document.getElementById("name").textContent = place.server.name;
  document.getElementById("about").textContent = place.server.description;
  document.title = `${place.server.name} · Yoto`;
  const outcome = h("div", { id: "outcome" });
  const waiting = h("span", { class: "tab-count" });
  let close = null;

  function drawTabs() {
    const offered = TABS.filter(([, , seen]) => seen(place));
    const buttons = new Map(offered.map(([key]) => [key, h("button", { type: "button", onclick: () => go(key) }, t(`tab.${key.replace("-", "_")}`), key === "requests" && [" ", waiting])]));
    replace(tabs, h("nav", { class: "segments tabs", "aria-label": t("community.parts") }, [...buttons.values()]), outcome);
    replace(document.getElementById("leave"), place.member && place.server.owner_id !== place.me.id && h("button", { type: "button", onclick: () => leave(place) }, t("community.leave")));

    function go(key) {
      replace(outcome);
      open(key);
    }

    function open(key) {
      const [name, make] = offered.find(([one]) => one === key) ?? offered[0];
      for (const [one, button] of buttons) {
        button.setAttribute("aria-pressed", String(one === name));
      }
      keep({ tab: name === "channels" ? null : name });
      close?.();
      const made = make(place);
      close = made.close ?? null;
      replace(tab, made.element);
    }

    open(state().tab);
  }

  place.changed = drawTabs;
  place.sayWaiting = (n) => replace(waiting, n ? [h("span", { "aria-hidden": "true" }, n), h("span", { class: "hidden-text" }, t("requests.waiting", { n }))] : null);
  drawTabs();
  const count = () => document.hidden || !LENDERS.some(place.can) || countInbox(place.sayWaiting).catch(() => undefined);
  if (room("access_requests")) {
    setInterval(count, COUNT_EVERY);
    count();
  }
}

async function leave(place) {
  const done = await doing(place, {
    title: t("community.leave"),
    intro: t("community.leave_does"),
    submit: t("community.leave"),
    danger: true,
    run: (_, { key }) => post(`${place.path}/leave`, undefined, { key }),
  });
  if (done) {
    location.assign(page.servers);
  }
}
