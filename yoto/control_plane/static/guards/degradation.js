// Features that are switched off in part: how far, by whom, and setting it.

import { get, post } from "../api.js";
import { act } from "../dialog.js";
import { badge, h } from "../dom.js";
import { named, t } from "../page.js";
import { load } from "../states.js";
import { table } from "../table.js";

const LEVELS = ["none", "light", "medium", "heavy"];
const LOOKS = { none: "ok", light: "warning", medium: "warning", heavy: "failed" };
const EVERY_FEATURE = "*";

/** Keeps `node` filled; returns `{look()}`. */
export function degradationTable(node) {
  const list = table({
    label: t("guards.degradation"),
    key: (row) => row.name,
    columns: [
      { title: t("guards.feature"), head: true, render: (row) => (row.name === EVERY_FEATURE ? t("guards.every_feature") : row.name) },
      { title: t("guards.level"), render: (row) => badge(row.level, named("guard_level", row.level), LOOKS[row.level]) },
      { title: t("guards.sources"), render: (row) => Object.entries(row.sources).map(([source, level]) => h("div", {}, `${source}: ${named("guard_level", level)}`)) },
    ],
    actions: [
      { title: t("guards.set_level"), run: async (row) => (await setLevel(row)) && look() },
      { title: t("guards.clear_level"), when: (row) => "operator" in row.sources, run: async (row) => (await clearLevel(row)) && look() },
    ],
  });

  const look = () =>
    load(node, () => get("/degradation", { limit: 100 }), ({ items }) => {
      list.show(items);
      return list.element;
    });

  return { look };
}

const path = (row) => `/degradation/${encodeURIComponent(row.name)}/level`;

const setLevel = (row) =>
  act({
    title: t("guards.set_level_title", { name: row.name === EVERY_FEATURE ? t("guards.every_feature") : row.name }),
    intro: t("guards.set_level_intro"),
    submit: t("guards.set_level"),
    expiry: {},
    fields: [{ name: "level", label: t("guards.level"), type: "select", value: row.level, options: LEVELS.map((level) => [level, named("guard_level", level)]) }],
    run: (values, options) => post(path(row), values, options),
    done: t("guards.level_was_set"),
  });

const clearLevel = (row) =>
  act({
    title: t("guards.clear_level"),
    submit: t("guards.clear_level"),
    run: (values, options) => post(path(row), { ...values, level: null }, options),
    done: t("guards.level_was_set"),
  });
