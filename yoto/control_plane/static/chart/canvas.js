// The parts of a chart that uPlot draws: lines, axes, borders of alert rules, marks of what happened.

import { h } from "../dom.js";
import { clock, known, quantity } from "../format.js";

export const HEIGHT = 170; // px
const APART = 14; // px between two marks, nearer ones are drawn as one
const GRAVEST = ["alert", "restart", "act"];
const NEAR = 6; // px from a mark within which it is pointed at
const DRAGGED = 8; // px that are a stretch of time, and no click
// Borders that are further off than this, as a multiple of the highest value, are left out.
const FAR = 2.5;
const LEVELS = { warning: "--warning", error: "--failed", critical: "--failed" };
const MARKS = { act: "--accent", alert: "--failed", restart: "--quiet" };

// The cross-hair is that of all charts; a stretch of time is dragged in one of them.
const moves = (type) => type !== "mousedown" && type !== "mouseup" && type !== "dblclick";

/** Shares are drawn in per cent. */
export const scaleOf = (unit) => (unit === "ratio" || unit === "share" ? 100 : 1);

/**
 * The options of uPlot. `view`: `{lines, unit, top, area, seconds(), span(), borders(), marks()}`,
 * `span` null or `[from, to]` in s. `on`: `{point(index, mark), zoom(from, to), pick(at)}`, in s; the
 * last two may be null.
 */
export function options(plot, view, on) {
  const { lines, unit, top, area } = view;
  const colour = (name) => colourOf(plot, name);
  const grid = { stroke: colour("--grid"), width: 1 };
  const axis = { stroke: colour("--quiet"), grid, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  const factor = scaleOf(unit);
  return {
    width: plot.clientWidth,
    height: HEIGHT,
    // On the right is room for half of the last tick's text.
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "time", setSeries: false, filters: { pub: () => true, sub: moves } }, drag: { x: Boolean(on.zoom), y: false, setScale: false, dist: DRAGGED }, points: { size: 6 }, y: false },
    scales: {
      x: { time: true, range: (_, low, high) => view.span() ?? [Math.min(low, high - view.seconds()), high] },
      y: { range: (_, low, high) => [0, heightOf(known(high) ? high : null, top, near(view.borders(), factor, high))] },
    },
    axes: [
      { ...axis, size: 26, space: 70, values: (u, splits) => splits.map((at) => label(at, u.scales.x.max - u.scales.x.min)) },
      { ...axis, size: 52, space: 34, values: (_, splits) => splits.map((value) => axisText(value, unit)) },
    ],
    series: [
      {},
      ...lines.map((line) => {
        const stroke = colour(`--series-${line.colour}`);
        return {
          label: line.title,
          stroke,
          width: 1.6,
          dash: line.dash,
          spanGaps: false,
          // A value without neighbours makes no line; it is a dot.
          points: { show: true, size: 3, filter: lonely },
          fill: area && line.first ? stroke.replace(/^rgb\(([^)]+)\)$/, "rgba($1, 0.13)") : undefined,
        };
      }),
    ],
    hooks: {
      setCursor: [(u) => on.point(u.cursor.idx ?? null, markAt(u, view.marks()))],
      draw: [
        (u) => {
          const texts = drawBorders(u, near(view.borders(), factor, u.data.slice(1).flat()), colour);
          drawMarks(u, view.marks(), colour);
          texts.forEach((text) => write(u, text, colour("--card")));
        },
      ],
      setSelect: [(u) => u.select.width >= DRAGGED && select(u, on.zoom)],
      ready: [(u) => on.pick && listen(u, on.pick)],
    },
  };
}

/** The highest that the axis shows: the values, and the borders that are near them. */
function heightOf(high, top, borders) {
  const most = Math.max(high ?? 0, ...borders.map(({ shown }) => shown));
  return Math.max(top, most ? most * 1.08 : 1, Number.EPSILON);
}

function near(borders, factor, values) {
  const high = Math.max(0, ...[values].flat().filter(known));
  return borders.map((one) => ({ ...one, shown: one.at * factor })).filter(({ shown, always }) => always || shown <= high * FAR);
}

const LINE = 12; // px that the text of a border takes

/** Returns the texts of the borders, which go over everything else: `[{text, y, stroke}]`. */
function drawBorders(u, borders, colour) {
  const texts = [];
  let taken = Infinity; // how high the text of the border below stands
  for (const { shown, label: text, level } of [...borders].sort((a, b) => a.shown - b.shown)) {
    const y = Math.round(u.valToPos(shown, "y", true));
    if (y < u.bbox.top || y > u.bbox.top + u.bbox.height) {
      continue;
    }
    const stroke = colour(LEVELS[level] ?? "--quiet");
    line(u, stroke, [6, 4], [u.bbox.left, y], [u.bbox.left + u.bbox.width, y]);
    if (taken - y >= LINE * devicePixelRatio) {
      texts.push({ text, y, stroke });
      taken = y;
    }
  }
  return texts;
}

/** On the left, since values and marks begin on the right; lines that come there end around it. */
function write(u, { text, y, stroke }, back) {
  outlined(u, text, [u.bbox.left + 4 * devicePixelRatio, y - 3 * devicePixelRatio, u.bbox.width - 8 * devicePixelRatio], stroke, back);
}

function outlined({ ctx }, text, at, stroke, back) {
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.lineJoin = "round";
  ctx.lineWidth = 4 * devicePixelRatio;
  ctx.strokeStyle = back;
  ctx.strokeText(text, ...at);
  ctx.fillStyle = stroke;
  ctx.fillText(text, ...at);
}

/**
 * Marks with their places, those nearer to each other than one can be pointed at as one: `{x, kind, n}`,
 * of the gravest kind, `n` how many. A fence of lines would hide the values.
 */
function thinned(u, marks) {
  const places = marks.map((one) => ({ ...one, n: 1, x: Math.round(u.valToPos(one.at / 1000, "x", true)) })).filter(({ x }) => x >= u.bbox.left && x <= u.bbox.left + u.bbox.width);
  return places.sort((a, b) => a.x - b.x).reduce((kept, one) => {
    const last = kept.at(-1);
    if (last && one.x - last.x < APART * devicePixelRatio) {
      last.n += 1;
      last.kind = GRAVEST.find((kind) => kind === last.kind || kind === one.kind) ?? last.kind;
      return kept;
    }
    return [...kept, one];
  }, []);
}

function drawMarks(u, marks, colour) {
  for (const { x, kind, n } of thinned(u, marks)) {
    const [top, bottom] = [u.bbox.top, u.bbox.top + u.bbox.height];
    const stroke = colour(MARKS[kind] ?? "--quiet");
    // Only an alert is a line through the values; all else is a foot.
    line(u, stroke, [2, 3], [x, kind === "alert" ? top : bottom - 10 * devicePixelRatio], [x, bottom]);
    if (n > 1) {
      outlined(u, String(n), [x + 5 * devicePixelRatio, bottom - 3 * devicePixelRatio], stroke, colour("--card"));
    }
    // The shape of its foot shows its kind too.
    const size = 4 * devicePixelRatio;
    u.ctx.beginPath();
    if (kind === "alert") {
      u.ctx.moveTo(x, bottom - 2 * size);
      u.ctx.lineTo(x - size, bottom);
      u.ctx.lineTo(x + size, bottom);
    } else if (kind === "restart") {
      u.ctx.rect(x - size / 2, bottom - size, size, size);
    } else {
      u.ctx.arc(x, bottom - size / 2, size / 2, 0, 2 * Math.PI);
    }
    u.ctx.fill();
  }
}

function line({ ctx }, colour, dash, from, to) {
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash(dash.map((one) => one * devicePixelRatio));
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
  ctx.setLineDash([]);
}

/** The mark that the cursor is at, or null. */
function markAt(u, marks) {
  const x = u.cursor.left;
  const distance = ({ at }) => Math.abs(u.valToPos(at / 1000, "x") - x);
  const found = marks.filter((one) => x >= 0 && distance(one) <= NEAR);
  return found.sort((a, b) => distance(a) - distance(b))[0] ?? null;
}

function select(u, zoom) {
  const [from, to] = [u.select.left, u.select.left + u.select.width].map((x) => u.posToVal(x, "x"));
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  zoom(from, to);
}

/** A click is no drag: it is for the moment under it. */
function listen(u, pick) {
  let from = null;
  u.over.addEventListener("pointerdown", (event) => {
    from = event.clientX;
  });
  u.over.addEventListener("click", (event) => {
    if (from !== null && Math.abs(event.clientX - from) < DRAGGED && u.cursor.idx !== null && u.cursor.idx !== undefined) {
      pick(u.data[0][u.cursor.idx]);
    }
  });
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
  return seconds < 3600 && day.getSeconds() ? clock(at * 1000) : time;
}
