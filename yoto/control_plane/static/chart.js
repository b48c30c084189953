// Charts over time by uPlot, which set-up took from npm. Without it a chart is its numbers.

import { h, replace, svg } from "./dom.js";
import { clock, known, now, quantity, timestamp, toMs, unitName, zone } from "./format.js";
import { page, t } from "./page.js";

/** What can be looked at: how many seconds of time each range holds. */
export const RANGES = { "10m": 600, "6h": 6 * 3600, "7d": 7 * 86400 };

const HEIGHT = 170; // px
const LATE = 3; // s by which points may be apart on a machine that is busy
const TABLE_ROWS = 30;
// Lines differ by their strokes too, for eyes that do not tell their colours apart.
const DASHES = [[], [7, 4], [2, 3], [12, 4, 2, 4], [5, 2], [1, 5]];
const scheme = matchMedia("(prefers-color-scheme: dark)");
let library = null;

/** uPlot, once it is loaded; null where it is not installed. */
const uplot = () => (library ??= page.vendor?.charts ? import(page.vendor.charts).then((module) => module.default, () => null) : Promise.resolve(null));

/**
 * A chart. `{title, unit, series: [{key, title, colour: 1..6}], top, area}`: `unit` as `quantity`
 * takes it, `top` the least that the axis shows, `area` fills below the first line.
 *
 * Returns `{element, show(points, range, step), push(point)}`: a point is `{at, <key>: number|null}`,
 * `at` in ISO 8601 or ms; `range` is a key of RANGES or seconds; a point stands for `step` seconds.
 * `push` adds one and forgets the oldest. Where points are missing the lines are broken.
 */
export function chart({ title, unit = "count", series, top = 0, area = false }) {
  const lines = series.map((one, at) => ({ colour: at + 1, dash: DASHES[at % DASHES.length], ...one }));
  const values = lines.map(() => h("b"));
  const when = h("span", { class: "unit end" });
  const plot = h("div", { class: "plot", role: "img", "aria-label": title });
  const rows = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("chart.table", { title }) });
  const details = h("details", { ontoggle: () => details.open && drawTable() }, h("summary", {}, t("chart.as_table")), rows);
  const element = h(
    "figure",
    { class: "chart" },
    h("figcaption", { class: "card-head" }, h("span", {}, title, " ", h("span", { class: "unit" }, unitName(unit))), when),
    h("ul", { class: "legend" }, lines.map((line, at) => h("li", {}, swatch(line), line.title, " ", values[at]))),
    plot,
    details,
  );
  let points = [];
  let seconds = RANGES["10m"];
  let every = 1;
  let drawn = null;

  function showValues(index) {
    const point = index === null ? points.at(-1) : points[index];
    lines.forEach((line, at) => {
      values[at].textContent = quantity(point?.[line.key], unit);
    });
    when.textContent = index === null || !point ? zone(now()) : timestamp(point.at);
  }

  function columns() {
    const scale = unit === "ratio" || unit === "share" ? 100 : 1;
    const times = points.map((point) => toMs(point.at) / 1000);
    return [times, ...lines.map((line) => points.map((point) => (known(point[line.key]) ? point[line.key] * scale : null)))];
  }

  async function draw() {
    showValues(null);
    const UPlot = await uplot();
    if (!UPlot) {
      replace(plot, h("div", { class: "state" }, h("p", {}, t("chart.missing"))));
      return;
    }
    if (drawn) {
      drawn.setData(columns());
    } else if (points.length && plot.clientWidth) {
      replace(plot);
      drawn = new UPlot(options(plot, lines, unit, top, area, () => seconds, showValues), columns(), plot);
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

  function drawTable() {
    const step = Math.max(1, Math.ceil(points.length / TABLE_ROWS));
    const shown = points.filter((_, at) => (points.length - 1 - at) % step === 0).reverse();
    replace(
      rows,
      h(
        "table",
        { "aria-label": title },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, `${t("chart.time")} (${zone(now())})`), lines.map((line) => h("th", { scope: "col", class: "number" }, line.title)))),
        h("tbody", {}, shown.map((point) => h("tr", {}, h("th", { scope: "row" }, seconds > 86400 ? timestamp(point.at) : clock(point.at)), lines.map((line) => h("td", { class: "number" }, quantity(point[line.key], unit)))))),
      ),
    );
  }

  scheme.addEventListener("change", again);
  new ResizeObserver(() => {
    if (drawn) {
      drawn.setSize({ width: plot.clientWidth, height: HEIGHT });
    } else if (plot.clientWidth) {
      draw();
    }
  }).observe(plot);

  return {
    element,
    show(found, range = seconds, step = every) {
      every = step;
      points = found.reduce((whole, point) => joined(whole, point, every), []);
      seconds = typeof range === "number" ? range : RANGES[range];
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
  };
}

/** Whether points are missing between two moments, if each stands for `step` seconds. */
export const isHole = (before, after, step) => toMs(after) - toMs(before) > Math.max(LATE, 1.5 * step) * 1000;

/** `points` and one more; where some are missing between, a point without values. */
function joined(points, point, step) {
  const last = points.at(-1);
  if (last && isHole(last.at, point.at, step)) {
    points.push({ at: toMs(last.at) + step * 1000 });
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

/** The colour that a variable has in the theme of now, as canvases understand it. */
function colourOf(plot, name) {
  const probe = h("span", { class: "probe", hidden: true });
  plot.append(probe);
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function options(plot, lines, unit, top, area, seconds, showValues) {
  const colour = (name) => colourOf(plot, name);
  const quiet = colour("--quiet");
  const grid = { stroke: colour("--grid"), width: 1 };
  const axis = { stroke: quiet, grid, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  return {
    width: plot.clientWidth,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "time" }, drag: { x: false, y: false }, points: { size: 6 }, y: false },
    scales: {
      x: { time: true, range: (_, low, high) => [Math.min(low, high - seconds()), high] },
      y: { range: (_, low, high) => [0, Math.max(top, known(high) ? high * 1.08 : 1, Number.EPSILON)] },
    },
    axes: [
      { ...axis, size: 26, space: 70, values: (_, splits) => splits.map((at) => label(at, seconds())) },
      { ...axis, size: 52, space: 34, values: (_, splits) => splits.map((value) => axisText(value, unit)) },
    ],
    series: [
      {},
      ...lines.map((line, at) => {
        const stroke = colour(`--series-${line.colour}`);
        return {
          label: line.title,
          stroke,
          width: 1.6,
          dash: line.dash,
          spanGaps: false,
          // A value without neighbours makes no line; it is a dot.
          points: { show: true, size: 3, filter: lonely },
          fill: area && at === 0 ? stroke.replace(/^rgb\(([^)]+)\)$/, "rgba($1, 0.13)") : undefined,
        };
      }),
    ],
    hooks: { setCursor: [(u) => showValues(u.cursor.idx ?? null)] },
  };
}

function lonely(u, at) {
  const values = u.data[at];
  return values.flatMap((value, index) => (known(value) && !known(values[index - 1]) && !known(values[index + 1]) ? [index] : []));
}

const axisText = (value, unit) => (unit === "bytes" ? quantity(value, "bytes") : quantity(value));

const two = (value) => String(value).padStart(2, "0");

function label(at, seconds) {
  const day = new Date(at * 1000);
  const time = `${two(day.getHours())}:${two(day.getMinutes())}`;
  if (seconds > 86400) {
    return `${two(day.getMonth() + 1)}-${two(day.getDate())}${time === "00:00" ? "" : ` ${time}`}`;
  }
  return seconds < 3600 && day.getSeconds() ? `${time}:${two(day.getSeconds())}` : time;
}
