// The caches over time: how often they answer, how old their answers are, and what checks take by it.

import { get } from "../api.js";
import { chart, RANGES, rangePicker } from "../chart.js";
import { h, replace } from "../dom.js";
import { repeat } from "../live.js";
import { keep, state, t } from "../page.js";
import { load } from "../states.js";

const LIVE = "10m";
const EVERY = 10; // s between readings
const SPECS = [
  { title: t("cache.hit_rate"), help: "hit_rate", unit: "ratio", top: 100, series: [{ key: "l1_hit_rate", title: t("cache.l1"), colour: 1 }, { key: "l2_hit_rate", title: t("cache.l2"), colour: 4 }] },
  { title: t("cache.staleness"), help: "staleness", unit: "ms", area: true, series: [{ key: "staleness_p99_ms", title: "p99", colour: 4 }] },
  { title: t("cache.check_time"), help: "check_time", unit: "ms", series: [{ key: "check_p50_ms", title: "p50", colour: 1 }, { key: "check_p95_ms", title: "p95", colour: 4 }, { key: "check_p99_ms", title: "p99", colour: 5 }] },
];

/** Fill `node` with the charts, and `head` with the choice of a range. */
export function linesPart(node, head) {
  const charts = SPECS.map((spec) => chart(spec));
  const incomplete = h("p", { class: "notice unknown", hidden: true }, t("cache.lines_here"));
  const drawn = [incomplete, ...charts.map(({ element }) => element)];
  let range = state().range in RANGES ? state().range : LIVE;
  const look = () =>
    load(node, () => get("/stats/performance", { range }), ({ points, complete, resolution_s: step }) => {
      incomplete.hidden = complete !== false;
      requestAnimationFrame(() => charts.forEach((one) => one.show(points, RANGES[range], step)));
      return drawn;
    });
  const picker = rangePicker(range, (chosen) => {
    range = chosen;
    keep({ range: chosen === LIVE ? null : chosen });
    look();
  });
  replace(head, picker.element);
  repeat(look, EVERY);
}
