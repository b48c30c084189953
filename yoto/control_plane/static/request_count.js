// How many access requests wait for whoever looks, at their entry of the navigation, on every page.

import { get } from "./api.js";
import { h, replace } from "./dom.js";
import { subscribe } from "./live.js";
import { may, t } from "./page.js";
import { throttled } from "./tiles.js";

export const REQUEST_EVENTS = ["access_request.*"];
const MOST = 100; // that are counted
const DELAY = 300; // ms: what comes together is read once

/** Keep `nodes` saying how many wait. */
export function countRequests(nodes) {
  if (!may("operate")) {
    return;
  }

  async function count() {
    let found;
    try {
      found = await get("/access-requests", { limit: MOST });
    } catch {
      return say("", ""); // who may not know has none, and the page says why
    }
    const n = found.items.length;
    const text = n ? `${n}${found.next === null ? "" : "+"}` : "";
    return say(text, t("page.requests_waiting", { n: text }));
  }

  function say(text, label) {
    nodes.forEach((node) => replace(node, text && [h("span", { "aria-hidden": "true" }, text), h("span", { class: "hidden-text" }, label)]));
  }

  const again = throttled(count, DELAY);
  count();
  subscribe({ events: (_, kind) => kind === "delta" && again(), gap: again }, { types: REQUEST_EVENTS });
}
