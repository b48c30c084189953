// What is not as usual, on top of every page: maintenance, forced breakers, degradations, and what
// an operator set for a while. What is set for good is only counted.

import { get } from "./api.js";
import { h, replace, say } from "./dom.js";
import { age, now, until } from "./format.js";
import { subscribe } from "./live.js";
import { named, page, t } from "./page.js";
import { subject } from "./subject.js";

const SECONDS = 15; // between looks; what is told live is looked at once
const GRAVE = new Set(["forced_breaker", "degradation"]);

/** Keep `node` filled, and `spoken` with the same in words, without what changes each second. */
export function watchOverrides(node, spoken) {
  let shown = "";
  let parts = null; // what was not as usual when it was last known
  let shownAt = null;
  let begun = 0;
  let newest = 0;

  async function look() {
    const mine = (begun += 1);
    const found = await get("/overrides").catch(() => null);
    if (mine < newest) {
      return; // a later look has overtaken this one
    }
    if (found !== null) {
      newest = mine;
      shownAt = now();
      const { at: _, ...facts } = found;
      draw(JSON.stringify(facts), () => (parts = [maintenance(found.maintenance), notices(found)]));
    } else {
      draw(`unknown since ${shownAt}`, () => [unknown(shownAt), parts]);
    }
  }

  function draw(key, make) {
    if (key === shown) {
      return;
    }
    shown = key;
    replace(node, make());
    const still = node.cloneNode(true);
    still.querySelectorAll("time").forEach((one) => one.remove());
    say(spoken, [...still.querySelectorAll("strong, .why, li")].map((one) => one.textContent).join(" "));
  }

  look();
  setInterval(() => document.hidden || look(), SECONDS * 1000);
  const heard = (_, kind) => kind === "delta" && look();
  subscribe({ maintenance: heard, events: heard }, { types: ["config.changed", "config.restored", "degradation.changed", "switch.changed"] });
}

const unknown = (since) =>
  h("div", { class: "banner unknown" }, h("strong", {}, t("banner.unknown")), since === null ? null : h("span", {}, `${t("banner.as_of")} `, age(since)));

function maintenance(state) {
  if (state === null) {
    return h("div", { class: "banner unknown" }, h("strong", {}, t("banner.maintenance_unknown")));
  }
  if (!state.enabled) {
    return null;
  }
  const end = state.until ? h("span", {}, until(state.until)) : null;
  return h("div", { class: "banner failed" }, h("strong", {}, t("banner.maintenance")), h("span", { class: "why" }, state.reason ?? ""), end);
}

function notices({ overrides, raised }) {
  const grave = overrides.filter((one) => GRAVE.has(one.kind) || one.expires_at);
  const lines = [
    ...grave.map((one) => h("li", {}, h("a", { href: page.api.replace(/api$/, "") + one.where }, `${named("kind", one.kind)} ${one.name}`), " ", settings(one.values), " · ", subject(one.author), `: ${one.reason || t("banner.no_reason")} · `, until(one.expires_at))),
    // "none" asks nothing by itself: only a feature that names the source is degraded by it.
    ...raised.filter(({ level }) => level !== "none").map((one) => h("li", {}, h("b", {}, one.feature || t("banner.every_feature")), ` ${t("banner.raised", { level: one.level, source: one.source })} · `, until(one.expires_at))),
  ];
  return lines.length ? h("div", { class: "banner warning" }, h("strong", {}, t("banner.overrides", { n: lines.length })), h("ul", {}, lines)) : null;
}

const settings = (values) => Object.entries(values).map(([name, value]) => `${name} = ${typeof value === "string" ? value : JSON.stringify(value)}`).join(", ");
