// When, from where and with what the server may be managed, and when one may write in a channel.

import { get, put } from "../control/api.js";
import { h, replace } from "../control/dom.js";
import { t } from "../control/page.js";
import { failed, loading } from "../control/states.js";
import { denied, doing } from "./denied.js";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

export function rulesTab(place) {
  const server = h("div", {}, loading());
  const channels = h("div", {}, loading());

  async function drawServer() {
    try {
      const found = await get(`${place.path}/rules`);
      const owns = place.mine() === Infinity;
      replace(
        server,
        facts([
          [t("rules_of.hours"), hoursOf(found.access_hours)],
          [t("rules_of.zone"), found.time_zone],
          [t("rules_of.networks"), (found.blocked_networks ?? []).join(", ") || t("rules_of.none")],
          [t("rules_of.device"), t(found.device_required ? "rules_of.yes" : "rules_of.no")],
        ]),
        owns && h("div", { class: "buttons spaced" }, h("button", { type: "button", onclick: async () => (await changeServer(found)) && drawServer() }, t("rules_of.change"))),
      );
    } catch (problem) {
      replace(server, problem.status === 403 ? await denied(place, problem) : failed(problem, drawServer));
    }
  }

  const changeServer = (rules) =>
    doing(place, {
      title: t("rules_of.server"),
      intro: t("rules_of.server_does"),
      submit: t("rules_of.save"),
      fields: [
        ...windowFields(rules.access_hours),
        { name: "time_zone", label: t("rules_of.zone"), value: rules.time_zone, required: true, maxlength: 64 },
        { name: "blocked_networks", label: t("rules_of.networks"), hint: t("rules_of.networks_hint"), type: "textarea", value: (rules.blocked_networks ?? []).join("\n") },
        { name: "device_required", label: t("rules_of.device"), type: "checkbox", value: rules.device_required },
      ],
      run: async (values) => (await put(`${place.path}/rules`, { access_hours: windowOf(values), time_zone: values.time_zone, blocked_networks: values.blocked_networks.split(/\s+/).filter(Boolean), device_required: values.device_required })).data,
      done: t("rules_of.saved"),
    });

  async function drawChannels() {
    try {
      const { items } = await get(`${place.path}/channels`);
      const found = await Promise.all(items.map(async (channel) => ({ channel, rules: await get(`/channels/${channel.id}/rules`).catch(() => null) })));
      const lines = found.filter(({ rules }) => rules !== null).map(({ channel, rules }) =>
        h("li", {}, h("b", {}, `# ${channel.name}`), h("span", { class: "quiet" }, `${hoursOf(rules.hours)} · ${t("rules_of.sensitivity_of", { n: rules.sensitivity })}`), h("button", { type: "button", class: "end", "aria-label": t("rules_of.change_of", { name: channel.name }), onclick: async () => (await changeChannel(channel, rules)) && drawChannels() }, t("rules_of.change"))),
      );
      replace(channels, lines.length ? h("ul", { class: "switches-list" }, lines) : h("p", { class: "quiet" }, t("rules_of.no_channels")));
    } catch (problem) {
      replace(channels, failed(problem, drawChannels));
    }
  }

  const changeChannel = (channel, rules) =>
    doing(place, {
      title: t("rules_of.change_named", { name: channel.name }),
      submit: t("rules_of.save"),
      fields: [...windowFields(rules.hours), { name: "sensitivity", label: t("rules_of.sensitivity"), hint: t("rules_of.sensitivity_hint"), type: "select", number: true, options: [0, 1, 2, 3, 4].map((n) => [n, String(n)]), value: rules.sensitivity }],
      run: async (values) => (await put(`/channels/${channel.id}/rules`, { hours: windowOf(values), sensitivity: values.sensitivity })).data,
      done: t("rules_of.saved"),
    });

  drawServer();
  drawChannels();
  return { element: h("div", {}, h("section", { class: "card" }, h("h2", {}, t("rules_of.server")), h("p", { class: "quiet" }, t("rules_of.server_does")), server), h("section", { class: "card" }, h("h2", {}, t("rules_of.channels")), channels)) };
}

const facts = (pairs) => h("dl", { class: "facts" }, pairs.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

const hoursOf = (window) => (window === null ? t("rules_of.always") : `${window.days.map((day) => t(`day.${day}`)).join(" ")} ${window.from}–${window.to}`);

const windowFields = (window) => [
  { name: "from", label: t("rules_of.from"), hint: t("rules_of.hours_hint"), value: window?.from ?? "", maxlength: 5 },
  { name: "to", label: t("rules_of.to"), value: window?.to ?? "", maxlength: 5 },
  ...DAYS.map((day) => ({ name: day, label: t(`day.${day}`), type: "checkbox", value: window ? window.days.includes(day) : true })),
];

/** The window that the fields describe; empty hours are none. */
const windowOf = (values) => (values.from || values.to ? { from: values.from, to: values.to, days: DAYS.filter((day) => values[day]) } : null);
