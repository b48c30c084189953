// How many access requests wait for the viewer, at the entry of the navigation.

import { get } from "../control/api.js";
import { countAt } from "../control/dom.js";
import { subscribe, throttled } from "../control/live.js";
import { may, t } from "../control/page.js";

export const REQUEST_EVENTS = ["access_request.*"];
const REQUESTS_COUNTED = 20; // as many as each page brings along
const COUNT_DELAY = 300; // ms: what comes together is read once
const say = countAt("access_requests");

async function count() {
  let found;
  try {
    found = await get("/access-requests", { limit: REQUESTS_COUNTED });
  } catch {
    return say("", ""); // who may not know has none, and the page says why
  }
  const n = found.items.length;
  const text = n ? `${n}${found.next === null ? "" : "+"}` : "";
  return say(text, t("page.requests_waiting", { n: text }));
}

if (may("operate")) {
  const again = throttled(count, COUNT_DELAY);
  count();
  subscribe({ events: (_, kind) => kind === "delta" && again(), gap: again }, { types: REQUEST_EVENTS });
}
