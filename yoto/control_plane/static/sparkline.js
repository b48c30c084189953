// A small line without axes, beside the number that it explains.

import { svg } from "./dom.js";
import { known } from "./format.js";

const WIDTH = 100;
const HEIGHT = 30;

/** A line through `values` (null: not known, a hole); `label` says it in words. `top`: least height. */
export function sparkline(values, label, { top = 0 } = {}) {
  const high = Math.max(top, ...values.filter(known), Number.EPSILON);
  const step = WIDTH / Math.max(1, values.length - 1);
  const pieces = [[]];
  values.forEach((value, at) => {
    if (known(value)) {
      pieces.at(-1).push(`${(at * step).toFixed(1)},${(HEIGHT - (value / high) * HEIGHT).toFixed(1)}`);
    } else if (pieces.at(-1).length) {
      pieces.push([]);
    }
  });
  const lines = pieces.filter((points) => points.length).map((points) => svg("polyline", { points: points.join(" ") }));
  return svg("svg", { class: "sparkline", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, lines);
}
