// What is not as usual, on top of every page: maintenance, forced breakers, degradations, and what
// an operator set for a while. What is set for good is only counted.

import { get } from "./api.js";
import { h, replace } from "./dom.js";
import { until } from "./format.js";
import { subscribe } from "./live.js";
import { named, t } from "./page.js";

const SECONDS = 15; // between looks; what is told live is looked at once
const GRAVE = new Set(["forced_breaker", "degradation"]);

/** Keep `node` filled. */
export function watchOverrides(node) {
  let shown = "";

  async function look() {
    const found = await get("/overrides").catch(() => null);
    if (!found) {
      return; // the connection says that nothing is heard
    }
    const { at: _, ...facts } = found;
    const key = JSON.stringify(facts);
    if (key !== shown) {
      shown = key;
      replace(node, maintenance(found.maintenance), notices(found));
    }
  }

  look();
  setInterval(() => document.hidden || look(), SECONDS * 1000);
  const heard = (_, kind) => kind === "delta" && look();
  subscribe({ maintenance: heard, events: heard }, { types: ["config.changed", "config.restored", "degradation.changed", "switch.changed"] });
}

function maintenance(state) {
  if (state === null) {
    return h("div", { class: "banner unknown" }, h("strong", {}, t("banner.maintenance_unknown")));
  }
  if (!state.enabled) {
    return null;
  }
  const end = state.until ? h("span", {}, until(state.until)) : null;
  return h("div", { class: "banner failed" }, h("strong", {}, t("banner.maintenance")), h("span", {}, state.reason ?? ""), end);
}

function notices({ overrides, raised }) {
  const grave = overrides.filter((one) => GRAVE.has(one.kind) || one.expires_at);
  const lines = [
    ...grave.map((one) => h("li", {}, h("b", {}, `${named("kind", one.kind)} ${one.name}`), " ", settings(one.values), ` · ${one.author}: ${one.reason || t("banner.no_reason")} · `, until(one.expires_at))),
    // "none" asks nothing by itself: only a feature that names the source is degraded by it.
    ...raised.filter(({ level }) => level !== "none").map((one) => h("li", {}, h("b", {}, one.feature || t("banner.every_feature")), ` ${t("banner.raised", { level: one.level, source: one.source })} · `, until(one.expires_at))),
  ];
  return lines.length ? h("div", { class: "banner warning" }, h("strong", {}, t("banner.overrides", { n: lines.length })), h("ul", {}, lines)) : null;
}

const settings = (values) => Object.entries(values).map(([name, value]) => `${name} = ${typeof value === "string" ? value : JSON.stringify(value)}`).join(", ");
