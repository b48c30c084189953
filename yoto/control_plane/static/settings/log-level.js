// From which level on all workers log.

import { get, put } from "../api.js";
import { act } from "../dialog.js";
import { h } from "../dom.js";
import { age, subject, until } from "../format.js";
import { may, t } from "../page.js";
import { changed, load } from "../states.js";
import { ending } from "./endings.js";

const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"];

const node = document.getElementById("log-level-state");
const drawn = changed(node, draw);

export const drawLogLevel = () => load(node, () => get("/log-level"), drawn);

function draw(state) {
  const facts = [
    [t("settings.level_set"), state.level ?? t("settings.level_none")],
    ...(state.level ? [[t("settings.ends"), until(state.until)], [t("settings.by"), [subject(state.changed_by), " ", age(state.changed_at)]], [t("settings.reason"), state.reason]] : []),
    [t("settings.level_configured"), state.configured],
    [t("settings.level_here"), [h("b", { id: "level-here" }, state.in_force), " ", h("span", { class: "quiet small" }, state.instance)]],
  ];
  return h(
    "div",
    {},
    h("dl", { class: "facts" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    may("admin")
      ? h("div", { class: "buttons actions" }, h("button", { type: "button", id: "level-set", onclick: () => change(state) }, t("settings.level_change")), state.level ? h("button", { type: "button", id: "level-reset", onclick: reset }, t("settings.level_reset")) : null)
      : null,
  );
}

const change = (state) =>
  act({
    title: t("settings.level_change"),
    intro: t("settings.level_does"),
    submit: t("settings.level_change"),
    fields: [{ name: "level", label: t("settings.log_level"), type: "select", options: LEVELS.map((name) => [name, name]), value: state.level ?? state.configured }],
    expiry: { standard: 3600 },
    run: ({ level, reason, expires_in: seconds }, { key }) => put("/log-level", { level, reason, until: ending(seconds) }, { key }),
    done: t("settings.level_changed"),
  }).then(drawLogLevel);

const reset = () =>
  act({
    title: t("settings.level_reset"),
    intro: t("settings.level_reset_does"),
    submit: t("settings.level_reset"),
    run: ({ reason }, { key }) => put("/log-level", { level: null, reason }, { key }),
    done: t("settings.level_changed"),
  }).then(drawLogLevel);
