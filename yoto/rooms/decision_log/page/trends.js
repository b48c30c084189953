// How many decisions there were in a week or a month, by reason, permission and place.

import { get } from "../control/api.js";
import { chart } from "../control/chart.js";
import { h } from "../control/dom.js";
import { number, timestamp } from "../control/format.js";
import { keep, state, t } from "../control/page.js";
import { place } from "../control/permissions/places.js";
import { reason, reasonText } from "../control/permissions/sign.js";
import { sparkline } from "../control/sparkline.js";
import { load } from "../control/states.js";
import { table } from "../control/table.js";

const RANGES = [7, 30]; // days
const LINES = 5; // of the chart
const MIB = 2 ** 20;

/** A section that is read when it is opened: `{element, shown(), hidden()}`; while it is not on the page nothing of its chart is kept. */
export function trends() {
  let days = RANGES.includes(Number(state().days)) ? Number(state().days) : RANGES[0];
  const shown = h("div", {});
  let plot = null;
  const buttons = RANGES.map((range) => h("button", { type: "button", "aria-pressed": String(range === days), onclick: () => choose(range) }, t("permissions.days", { n: range })));
  const element = h(
    "details",
    { class: "card trends", open: "days" in state(), ontoggle: () => (element.open ? draw() : dispose()) },
    h("summary", {}, t("permissions.trends")),
    h("div", { class: "segments", role: "group", "aria-label": t("chart.range") }, buttons),
    shown,
  );

  function choose(range) {
    days = range;
    buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(RANGES[at] === range)));
    draw();
  }

  function draw() {
    keep({ days });
    load(shown, () => get("/decisions/trends", { days }), (found) => {
      dispose();
      plot = plotOf(found);
      return drawn(found, plot);
    });
  }

  function dispose() {
    plot?.dispose();
    plot = null;
  }

  return { element, shown: () => element.open && draw(), hidden: dispose };
}

/** The last step is not over: its counts are less than there will be. */
function plotOf(found) {
  const start = Date.parse(found.start);
  const lines = found.reasons.filter((one) => one.denied).slice(0, LINES);
  const series = [{ key: "all", title: t("permissions.all_denied") }, ...lines.map((one) => ({ key: one.value, title: reasonText(one.value) }))];
  const points = found.denied.map((all, at) => ({ at: start + at * found.step_s * 1000, all, ...Object.fromEntries(lines.map((one) => [one.value, one.denied_by_step[at]])), partial: at === found.denied.length - 1 }));
  const plot = chart({ title: t("permissions.denied_over_time"), series });
  plot.show(points, found.denied.length * found.step_s, found.step_s);
  return plot;
}

function drawn(found, plot) {
  const sum = (values) => number(values.reduce((all, one) => all + one, 0));
  return [
    h("p", {}, t("permissions.trend_sums", { denied: sum(found.denied), allowed: sum(found.allowed) }), " ", h("span", { class: "quiet" }, t("permissions.estimated"))),
    plot.element,
    facet(t("permissions.by_reason"), t("permissions.reason"), found.reasons, (one) => reason(one.value)),
    facet(t("permissions.by_permission"), t("permissions.permission"), found.permissions, (one) => h("code", {}, one.value)),
    facet(t("permissions.by_place"), t("permissions.place"), found.places, (one) => place(one.value)),
    h("p", { class: "quiet" }, size(found)),
  ];
}

function facet(title, what, lines, value) {
  const list = table({
    label: title,
    key: (one) => one.value,
    columns: [
      { title: what, head: true, render: value },
      { title: t("permissions.denied"), number: true, render: (one) => number(one.denied), sort: (one) => one.denied },
      { title: t("permissions.about_allowed"), number: true, render: (one) => number(one.allowed), sort: (one) => one.allowed },
      { title: t("permissions.denied_over_time"), render: (one) => sparkline(one.denied_by_step.slice(0, -1), t("permissions.denied_over_time")) },
    ],
  });
  list.show(lines);
  return h("section", {}, h("h2", {}, title), list.element);
}

const size = (found) =>
  [
    t("permissions.log_rows", { n: number(found.rows), oldest: found.oldest === null ? "–" : timestamp(found.oldest) }),
    found.bytes === null ? "" : t("permissions.log_bytes", { n: number(found.bytes / MIB) }),
    found.rows_most === null ? t("permissions.not_recorded") : t("permissions.log_bounds", { rows: number(found.rows_most), days: number(found.days_most) }),
  ].join(" ");
