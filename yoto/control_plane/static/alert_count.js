// How many alerts are open, at their entry of the navigation, on every page.

import { h, replace } from "./dom.js";
import { subscribe } from "./live.js";
import { openAlerts } from "./open_alerts.js";
import { t } from "./page.js";

const RANKS = ["warning", "error", "critical"];

/** Keep `nodes` saying how many are open, and by colour how bad the worst is. */
export function countAlerts(nodes) {
  const open = openAlerts();
  let shown = null;
  subscribe({
    alerts: (data, kind) => {
      open.take(data, kind);
      const found = open.items();
      const worst = RANKS.filter((level) => found?.some((one) => one.level === level)).at(-1) ?? "";
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
}
