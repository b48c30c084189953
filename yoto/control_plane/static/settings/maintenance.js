// Maintenance: everybody but operators is turned away.

import { get, put } from "../api.js";
import { act } from "../dialog.js";
import { badge, h } from "../dom.js";
import { age, until } from "../format.js";
import { asksFor, may, t } from "../page.js";
import { changed, load } from "../states.js";
import { ending } from "./endings.js";

const CONFIRMATION = "maintenance"; // what the API asks for, in every language

const node = document.getElementById("maintenance-state");
const drawn = changed(node, draw);

export const drawMaintenance = () =>
  load(node, () => get("/maintenance/mode"), (state) => {
    if (!state.enabled && may("operate") && asksFor("begin")) {
      setTimeout(begin);
    }
    return drawn(state);
  });

function draw(state) {
  return h(
    "div",
    {},
    h("p", {}, state.enabled ? badge("failed", t("settings.closed")) : badge("ok", t("settings.open"))),
    state.enabled
      ? h("dl", { class: "facts" }, h("dt", {}, t("settings.reason")), h("dd", {}, state.reason), h("dt", {}, t("settings.ends")), h("dd", {}, until(state.until)), h("dt", {}, t("settings.by")), h("dd", {}, state.changed_by ?? "–", " ", age(state.changed_at)))
      : h("p", { class: "quiet" }, t("settings.maintenance_about")),
    may("operate") ? h("div", { class: "actions" }, buttonOf(state)) : null,
  );
}

const buttonOf = (state) =>
  state.enabled
    ? h("button", { type: "button", id: "maintenance-off", onclick: end }, t("settings.maintenance_end"))
    : h("button", { type: "button", id: "maintenance-on", class: "dangerous", onclick: begin }, t("settings.maintenance_begin"));

const begin = () =>
  act({
    title: t("settings.maintenance_begin"),
    intro: t("settings.maintenance_does"),
    submit: t("settings.maintenance_close"),
    danger: true,
    expiry: { standard: 3600 },
    confirm: CONFIRMATION,
    run: ({ reason, expires_in: seconds }, { key }) => put("/maintenance/mode", { enabled: true, reason, until: ending(seconds), confirm: CONFIRMATION }, { key }),
    done: t("settings.maintenance_begun"),
  }).then(drawMaintenance);

const end = () =>
  act({
    title: t("settings.maintenance_end"),
    intro: t("settings.maintenance_end_does"),
    submit: t("settings.maintenance_end"),
    run: ({ reason }, { key }) => put("/maintenance/mode", { enabled: false, reason }, { key }),
    done: t("settings.maintenance_ended"),
  }).then(drawMaintenance);
