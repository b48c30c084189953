// How the parts of a guard do over time, with the lines of what they allow.

import { get } from "../api.js";
import { chart } from "../chart.js";
import { number, quantity } from "../format.js";
import { named, t } from "../page.js";
import { load } from "../states.js";
import { dimensionNamed } from "../guards/fields.js";

/** Fill `node` with the charts of `guards`, of one name; `{look(range)}` reads again. */
export function chartsPart(guards, node, range) {
  const charts = guards.flatMap(chartsOf);
  const asked = [...new Set(charts.map((one) => one.kind))];
  const shown = charts.map((one) => one.chart.element);

  async function look(chosen) {
    const read = async () => Object.fromEntries(await Promise.all(asked.map(async (kind) => [kind, await get(`/guards/${kind}/${encodeURIComponent(guards[0].name)}/history`, { range: chosen })])));
    await load(node, read, (found) => {
      requestAnimationFrame(() => charts.forEach((one) => one.chart.show(found[one.kind].points, chosen, found[one.kind].step)));
      return shown;
    });
  }

  look(range);
  return { look };
}

function chartsOf(guard) {
  const kind = named("kind", guard.kind);
  const calls = {
    kind: guard.kind,
    chart: chart({
      title: t("guard.calls_of", { kind }),
      unit: "per_second",
      series: [{ key: "passes", title: t("guards.passes") }, { key: "rejections", title: t("guards.refuses"), colour: 4 }],
      thresholds: (guard.limiter?.dimensions ?? []).filter((one) => SHARED.has(one.name)).map(borderOf),
    }),
  };
  if (!guard.bulkhead) {
    return [calls];
  }
  // The limit of a bulkhead in partitions holds for each of them; all together may exceed it.
  const thresholds = guard.bulkhead.held === null ? [] : [{ at: guard.bulkhead.limit, label: t("guard.limit", { limit: number(guard.bulkhead.limit) }), always: true }];
  return [calls, { kind: guard.kind, chart: chart({ title: t("guard.held_of", { kind }), series: [{ key: "in_flight", title: t("guards.in_flight") }], area: true, thresholds }) }];
}

// The limit of one caller says nothing about all of them together.
const SHARED = new Set(["global"]);

const borderOf = ({ name, limit, window }) => ({
  at: limit / window,
  label: t("guard.limit_of", { dimension: dimensionNamed(name), limit: number(limit), window: quantity(window, "s") }),
  always: true,
});
