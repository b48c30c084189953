// Charts over time by uPlot, which set-up took from npm. Without it a chart is its numbers.

import { HEIGHT, options, scaleOf } from "./chart/canvas.js";
import { h, replace, svg } from "./dom.js";
import { clock, known, now, quantity, timestamp, toMs, unitName, zone } from "./format.js";
import { home, page, t } from "./page.js";
import { hint } from "./states.js";

/** The ranges of time to choose from, in seconds. */
export const RANGES = { "10m": 600, "6h": 6 * 3600, "7d": 7 * 86400 };

const LATE = 3; // s by which points may be apart on a machine that is busy
const TABLE_ROWS = 30;
// Lines differ by their strokes too, for eyes that do not tell their colours apart.
const DASHES = [[], [7, 4], [2, 3], [12, 4, 2, 4], [5, 2], [1, 5]];
const scheme = matchMedia("(prefers-color-scheme: dark)");
let library = null;

/** uPlot, once it is loaded; null where it is not installed. */
const uplot = () => (library ??= page.vendor?.charts ? import(page.vendor.charts).then((module) => module.default, () => null) : Promise.resolve(null));

/**
 * A chart. `{title, help, unit, series: [{key, title, colour: 1..6}], top, area, thresholds, zoom, link}`:
 * `help` as `hint` takes it, `unit` as `quantity` does, `top` the least that the axis shows, `area` fills below the first
 * line; `thresholds: [{at, label, level, always}]` are borders, drawn where values come near them or
 * `always`; `zoom(from, to)`, ms since 1970, is called for a stretch that was dragged; `link(from, to)`
 * gives the address that a click on a moment, and its time in the table, lead to: that of its events.
 *
 * Returns `{element, show(points, range, step), push(point), limits(thresholds), mark(marks), dispose()}`: a
 * point is `{at, <key>: number|null}`, `at` in ISO 8601 or ms; `range` is a key of RANGES, seconds, or
 * `[from, to]` in ms; a point stands for `step` seconds. `push` adds one and forgets the oldest. Where
 * points are missing the lines are broken; a last point with `partial`, whose time is not over, is a dot
 * beside them. `marks: [{at, kind: "act"|"alert"|"restart", text, href}]`. A chart that leaves the page
 * before the page itself does is to be disposed of.
 */
export function chart({ title, help = null, unit = "count", series, top = 0, area = false, thresholds = [], zoom = null, link = eventsBetween }) {
  const lines = series.map((one, at) => ({ colour: at + 1, dash: DASHES[at % DASHES.length], first: at === 0, ...one }));
  // The line drawn last lies on top: the first one, such as the p50 below its p95, is never hidden.
  const layers = [...lines].reverse();
  const values = lines.map(() => h("b"));
  // Below the plot, of a fixed height, so that nothing moves when it is pointed at.
  const when = h("p", { class: "chart-when small quiet" });
  const plot = h("div", { class: "plot", role: "img" });
  const rows = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("chart.table", { title }) });
  const details = h("details", { ontoggle: () => details.open && drawTable() }, h("summary", {}, t("chart.as_table")), rows);
  const element = h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, title, " ", h("span", { class: "unit" }, unitName(unit)), help ? [" ", hint(help, title)] : null),
    h("ul", { class: "legend" }, lines.map((line, at) => h("li", {}, swatch(line), line.title, " ", values[at]))),
    plot,
    when,
    details,
  );
  let points = [];
  let marks = [];
  let span = null; // [from, to] in ms, where a stretch of time is shown and not the last of it
  let seconds = RANGES["10m"];
  let every = 1;
  let drawn = null;
  let gone = false;

  function showValues(index, mark = null) {
    const point = index === null ? points.findLast((one) => !one.partial && !one.between) : points[index];
    lines.forEach((line, at) => {
      values[at].textContent = quantity(point?.[line.key], unit);
    });
    const time = index === null || !point ? zone(now()) : timestamp(point.at);
    const part = point?.partial ? ` · ${t("chart.partial")}` : "";
    const text = mark ? `${timestamp(mark.at)} · ${mark.text}` : index === null && marks.length ? `${time} · ${t("chart.marks", { n: marks.length })}` : time + part;
    when.textContent = text;
    when.title = text;
  }

  function columns() {
    const scale = scaleOf(unit);
    const times = points.map((point) => toMs(point.at) / 1000);
    return [times, ...layers.map((line) => points.map((point) => (known(point[line.key]) ? point[line.key] * scale : null)))];
  }

  const view = { lines: layers, unit, top, area, seconds: () => seconds, span: () => span?.map((ms) => ms / 1000) ?? null, borders: () => thresholds, marks: () => marks };
  const on = {
    point: showValues,
    zoom: zoom && ((from, to) => zoom(from * 1000, to * 1000)),
    pick: link && ((at) => location.assign(link(at * 1000, (at + every) * 1000))),
  };

  function label() {
    const borders = thresholds.map((one) => `${one.label} ${quantity(one.at, unit)}`);
    plot.setAttribute("aria-label", [title, ...borders].join(", "));
  }

  async function draw() {
    showValues(null);
    const UPlot = await uplot();
    if (gone) {
      return;
    }
    if (!UPlot) {
      replace(plot, h("div", { class: "state" }, h("p", {}, t("chart.missing"))));
      return;
    }
    if (drawn) {
      drawn.setData(columns());
    } else if (points.length && plot.clientWidth) {
      replace(plot);
      drawn = new UPlot(options(plot, view, on), columns(), plot);
    } else if (!points.length) {
      replace(plot, h("div", { class: "state" }, h("p", {}, t("chart.empty"))));
    }
    if (details.open) {
      drawTable();
    }
  }

  function again() {
    drawn?.destroy();
    drawn = null;
    draw();
  }

  function timeOf(point) {
    const text = (seconds > 86400 ? timestamp(point.at) : clock(point.at)) + (point.partial ? ` · ${t("chart.partial")}` : "");
    return link ? h("a", { href: link(toMs(point.at), toMs(point.at) + every * 1000), title: t("chart.events") }, text) : text;
  }

  function drawTable() {
    const step = Math.max(1, Math.ceil(points.length / TABLE_ROWS));
    const shown = points.filter((one, at) => !one.between && (points.length - 1 - at) % step === 0).reverse();
    replace(
      rows,
      marks.length ? h("ul", { class: "chart-marks", "aria-label": t("chart.happened") }, marks.map(({ at, text, href }) => h("li", {}, timestamp(at), " ", href ? h("a", { href }, text) : text))) : null,
      h(
        "table",
        { "aria-label": title },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, `${t("chart.time")} (${zone(now())})`), lines.map((line) => h("th", { scope: "col", class: "number" }, line.title)))),
        h("tbody", {}, shown.map((point) => h("tr", {}, h("th", { scope: "row" }, timeOf(point)), lines.map((line) => h("td", { class: "number" }, quantity(point[line.key], unit)))))),
      ),
    );
  }

  label();
  scheme.addEventListener("change", again);
  const observer = new ResizeObserver(() => {
    if (drawn) {
      drawn.setSize({ width: plot.clientWidth, height: HEIGHT });
    } else if (plot.clientWidth) {
      draw();
    }
  });
  observer.observe(plot);

  return {
    element,
    show(found, range = seconds, step = every) {
      every = step;
      points = found.reduce((whole, point) => joined(whole, point, every), []);
      span = Array.isArray(range) ? range : null;
      seconds = span ? (span[1] - span[0]) / 1000 : typeof range === "number" ? range : RANGES[range];
      if (drawn && !points.length) {
        drawn.destroy();
        drawn = null;
      }
      draw();
    },
    push(point) {
      const oldest = toMs(point.at) - seconds * 1000;
      if (points.length && toMs(point.at) <= toMs(points.at(-1).at)) {
        return;
      }
      points = joined(points.filter((one) => toMs(one.at) >= oldest), point, every);
      draw();
    },
    limits(found) {
      thresholds = found;
      label();
      drawn?.redraw();
    },
    mark(found) {
      marks = found;
      draw();
    },
    dispose() {
      scheme.removeEventListener("change", again);
      observer.disconnect();
      drawn?.destroy();
      drawn = null;
      gone = true;
    },
  };
}

/** The page of events with those of a stretch of time, in ms since 1970. */
export const eventsBetween = (from, to) => `${home}events?${new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })}`;

/** Whether points are missing between two moments, if each stands for `step` seconds. */
export const isHole = (before, after, step) => toMs(after) - toMs(before) > Math.max(LATE, 1.5 * step) * 1000;

/** `points` and one more; where some are missing between, and before one that is partial, a point without values. */
function joined(points, point, step) {
  const last = points.at(-1);
  if (last && (point.partial || isHole(last.at, point.at, step))) {
    points.push({ at: point.partial ? toMs(point.at) - step * 500 : toMs(last.at) + step * 1000, between: point.partial });
  }
  points.push(point);
  return points;
}

/** Buttons for the range: `{element, value()}`; `change(range)` is told of each choice. */
export function rangePicker(chosen, change) {
  const buttons = Object.keys(RANGES).map((range) =>
    h("button", { type: "button", "aria-pressed": String(range === chosen), onclick: () => choose(range) }, t(`chart.range_${range}`)),
  );
  function choose(range) {
    chosen = range;
    buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(Object.keys(RANGES)[at] === range)));
    change(range);
  }
  return { element: h("div", { class: "segments", role: "group", "aria-label": t("chart.range") }, buttons), value: () => chosen };
}

function swatch({ colour, dash }) {
  const line = svg("line", { class: `stroke-${colour}`, x1: 0, y1: 6, x2: 24, y2: 6, "stroke-dasharray": dash.join(" ") || null });
  return svg("svg", { class: "swatch", viewBox: "0 0 24 12", "aria-hidden": "true" }, line);
}
