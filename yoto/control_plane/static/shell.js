// The parts that run on every page: ages that grow, how fresh the data is, and what is not as usual.

import { get, hasEnded, recognise, signInLink, watchSession } from "./api.js";
import { badge, copyLink, h, replace, say, svg, toast } from "./dom.js";
import { age, now, subject, tick, until } from "./format.js";
import { drawHeadline } from "./headline.js";
import { isLate, isStale, leave, subscribe, watch } from "./live.js";
import { addressWith, home, named, OWN, page, t } from "./page.js";
import { isIncomplete } from "./states.js";

const OVERRIDES_EVERY = 15; // s between looks; what is told live is looked at once
const GRAVE = new Set(["forced_breaker", "degradation"]);
const MAC = /mac|iphone|ipad/i.test(navigator.platform);

/**
 * Keep `node` saying what is not as usual, on top of every page: maintenance, forced breakers, degradations,
 * and what an operator set for a while (what is set for good is only counted); and `spoken` the same in
 * words, without what changes each second.
 */
function watchOverrides(node, spoken) {
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
  setInterval(() => document.hidden || look(), OVERRIDES_EVERY * 1000);
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
    ...grave.map((one) => h("li", {}, h("a", { href: home + one.where }, `${named("kind", one.kind)} ${one.name}`), " ", one.kind === "forced_breaker" ? named("forced", one.values.state) : settings(one.values), " · ", subject(one.author), `: ${one.reason || t("banner.no_reason")} · `, until(one.expires_at))),
    // "none" asks nothing by itself: only a feature that names the source is degraded by it.
    ...raised.filter(({ level }) => level !== "none").map((one) => h("li", {}, h("b", {}, one.feature || t("banner.every_feature")), ` ${t("banner.raised", { level: one.level, source: one.source })} · `, until(one.expires_at))),
  ];
  return lines.length ? h("div", { class: "banner warning" }, h("strong", {}, t("banner.overrides", { n: lines.length })), h("ul", {}, lines)) : null;
}

const settings = (values) => Object.entries(values).map(([name, value]) => `${name} = ${typeof value === "string" ? value : JSON.stringify(value)}`).join(", ");

/** Offer the search by a button behind each of `brands`, and by Ctrl-K everywhere; it is loaded when it is asked for. */
function offerSearch(brands) {
  let typed = null; // for the search, while it is loaded
  async function open() {
    if (document.querySelector("dialog[open]")) {
      return; // its own keys are typed there, and it may be closed by the time that this is loaded
    }
    typed ??= "";
    const loaded = await import("./palette.js").catch(() => null);
    const text = typed;
    typed = null;
    if (loaded === null) {
      toast(t("problem.no_answer"), "failed");
    } else if (text !== null) {
      loaded.search(text);
    }
  }
  for (const brand of brands) {
    const keys = h("kbd", { "aria-hidden": "true" }, MAC ? "⌘K" : "Ctrl K");
    brand.after(h("button", { type: "button", class: "find", "aria-keyshortcuts": MAC ? "Meta+K" : "Control+K", onclick: open }, glass(), h("span", { class: "find-words" }, t("palette.open")), keys));
  }
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      open();
    } else if (typed !== null && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      typed += event.key;
    }
  });
}

const glass = () => svg("svg", { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" }, svg("circle", { cx: 8.5, cy: 8.5, r: 5 }), svg("path", { d: "M12.5 12.5L17 17" }));

// All of it begins

// Where there is no socket to be had, polling is how it is meant to be.
const LOOKS = { connecting: "neutral", live: "ok", polling: page.vendor?.socket ? "warning" : "ok", late: "warning", incomplete: "warning", lost: "failed" };
const FRESH = new Set(["live", "polling"]);

setInterval(tick, 1000);
tick();

const connection = document.getElementById("connection");
if (connection) {
  const state = h("span", { role: "status" });
  const seen = h("span");
  connection.append(state, seen);
  let last = { mode: "", at: null };
  // On pages that read on request, data is as old as the last one: only a lost connection is news.
  const asked = "asked" in connection.dataset;

  // Nothing green stands over what is late, or over a part that could not be loaded.
  const modeNow = () => {
    if (!FRESH.has(last.mode)) {
      return last.mode;
    }
    return last.mode === "live" && isStale() ? "lost" : isLate() ? "late" : isIncomplete() ? "incomplete" : last.mode;
  };
  const draw = () => {
    const mode = modeNow();
    if (state.dataset.mode !== mode) {
      state.dataset.mode = mode;
      replace(state, asked && mode !== "lost" ? null : badge(mode, t(`live.${mode}`), LOOKS[mode]));
    }
  };
  watch((found) => {
    last = found;
    draw();
    replace(seen, asked || last.at === null ? "" : age(last.at));
  });
  setInterval(draw, 1000);
}

document.querySelector(".headline")?.append(copyLink());

offerSearch(document.querySelectorAll(".side .brand, .top .brand"));

// "?" lists the keys, but not where somebody writes, or answers a dialog.
addEventListener("keydown", async (event) => {
  if (event.key === "?" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest?.("input, textarea, select, [contenteditable]") && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    const loaded = await import("./keys.js").catch(() => null);
    if (loaded === null) {
      toast(t("problem.no_answer"), "failed");
    } else {
      loaded.showKeys();
    }
  }
});

// Another language or theme is of the page as it is now, not as it was opened.
document.addEventListener("click", ({ target }) => {
  const link = target.closest(".switches a");
  if (link) {
    const chosen = new URL(link.href).searchParams;
    link.href = addressWith(Object.fromEntries(OWN.map((name) => [name, chosen.get(name)])));
  }
});

// The status comes each 5 s, also where a page follows only what seldom happens.
const headline = document.getElementById("headline");
if (headline) {
  subscribe({ status: (status, kind) => drawHeadline(headline, kind === "failed" ? null : status.headline) });
}

const banner = document.getElementById("banner");
if (banner) {
  watchOverrides(banner, document.getElementById("banner-spoken"));
}

// The end of the session leaves the page as it is; after signing in again, people go on here.
const session = document.getElementById("session");
if (session) {
  watchSession((ended) => {
    replace(session, ended ? h("div", { class: "banner failed" }, h("strong", {}, t("session.ended")), signInLink()) : null);
  });
  const look = () => document.hidden || !hasEnded() || recognise();
  addEventListener("focus", look);
  document.addEventListener("visibilitychange", look);
}

// A menu that is open covers the page; Escape puts it away.
document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (event.key === "Escape" && menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Signing out ends the socket before the next page is there.
document.addEventListener("submit", (event) => event.target.matches("form.account") && leave());
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => event.persisted && location.reload());
