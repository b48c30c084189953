// How many alerts are open, at the entry of the navigation, and by colour how bad the worst is.

import { h, replace } from "../control/dom.js";
import { openAlerts } from "../control/headline.js";
import { refresh, subscribe, throttled } from "../control/live.js";
import { t } from "../control/page.js";

const LIST_DELAY = 5000; // ms between two lists that are asked for anew
export const LEVELS = ["warning", "error", "critical"];
const nodes = document.querySelectorAll("[data-count=alerts]");
const open = openAlerts();
const listAgain = throttled(refresh, LIST_DELAY);
let shown = null;

subscribe({
  // Without Redis no event tells of an alert; the headline knows it from the database.
  status: (status, kind) => {
    const ids = open.items()?.map(({ id }) => `alerts?alert=${id}`);
    if (ids && kind !== "failed" && status.headline.causes.some((one) => one.kind === "alert" && !ids.includes(one.where))) {
      listAgain();
    }
  },
  alerts: (data, kind) => {
    open.take(data, kind);
    const found = open.items();
    const worst = LEVELS.filter((level) => found?.some((one) => one.level === level)).at(-1) ?? "";
    const text = found === null ? "?" : found.length === 0 ? "" : `${found.length}${open.more() ? "+" : ""}`;
    if (shown === `${worst} ${text}`) {
      return;
    }
    shown = `${worst} ${text}`;
    const label = found === null ? t("page.alerts_unknown") : t("page.alerts_open", { n: text });
    nodes.forEach((node) => {
      node.dataset.level = worst;
      replace(node, text && [h("span", { "aria-hidden": "true" }, text), h("span", { class: "hidden-text" }, label)]);
    });
  },
});
