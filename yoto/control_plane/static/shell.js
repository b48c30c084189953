// What runs on every page: ages that grow, how fresh the data is, and what is not as usual.

import { OWN, addressWith, copyLink } from "./address.js";
import { countAlerts } from "./alert_count.js";
import { recognise } from "./api.js";
import { badge } from "./badge.js";
import { watchOverrides } from "./banner.js";
import { h, replace } from "./dom.js";
import { age, tick } from "./format.js";
import { drawHeadline } from "./headline.js";
import { isStale, leave, subscribe, watch } from "./live.js";
import { page, t } from "./page.js";
import { offerPalette } from "./palette.js";
import { countRequests } from "./request_count.js";
import { hasEnded, signInLink, watchSession } from "./session.js";

// Where there is no socket to be had, polling is how it is meant to be.
const LOOKS = { connecting: "neutral", live: "ok", polling: page.vendor?.socket ? "warning" : "ok", lost: "failed" };

setInterval(tick, 1000);
tick();

const connection = document.getElementById("connection");
if (connection) {
  const state = h("span", { role: "status" });
  const seen = h("span");
  connection.append(state, seen);
  let last = { mode: "", at: null };
  // What is below is as old as the last question: there only a connection that is lost is news.
  const asked = "asked" in connection.dataset;

  const draw = () => {
    const mode = last.mode === "live" && isStale() ? "lost" : last.mode;
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

offerPalette(document.querySelectorAll(".side .brand, .top .brand"));

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

const counts = document.querySelectorAll("[data-count=alerts]");
if (counts.length) {
  countAlerts(counts);
}

const waiting = document.querySelectorAll("[data-count=access_requests]");
if (waiting.length) {
  countRequests(waiting);
}

const banner = document.getElementById("banner");
if (banner) {
  watchOverrides(banner, document.getElementById("banner-spoken"));
}

// The end of the session leaves the page as it is; whoever comes back from signing in goes on here.
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
