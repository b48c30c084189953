// How many alerts are open, at the entry of the navigation, and by colour how bad the worst is.

import { countAt } from "../control/dom.js";
import { refresh, subscribe, throttled } from "../control/live.js";
import { t } from "../control/page.js";

const LIST_DELAY = 5000; // ms between two lists that are asked for anew
export const LEVELS = ["warning", "error", "critical"];
const say = countAt("alerts");
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
    say(text, label, worst);
  },
});

/**
 * The alerts that are open, as the topic "alerts" tells: all of them at first, then what becomes of each.
 * Returns `{take(data, kind), items()}`. `take` is the handler of the topic; `items` are the alerts by
 * id, or null while they are not known: to what is not, news cannot be added. `more()` says whether
 * there are more than were listed.
 */
function openAlerts() {
  const open = new Map();
  let listed = false;
  let more = false;

  function learn({ type, at, data }) {
    const known = open.get(data.alert_id);
    if (type === "alert.raised") {
      open.set(data.alert_id, { ...data, id: data.alert_id, raised_at: at });
    } else if (type === "alert.changed" && known) {
      open.set(data.alert_id, { ...known, ...data });
    } else if (type === "alert.acknowledged" && known) {
      open.set(data.alert_id, { ...known, acknowledged_by: data.by });
    } else if (type === "alert.resolved") {
      open.delete(data.alert_id);
    }
  }

  return {
    take(data, kind) {
      if (kind === "failed") {
        listed = false;
      } else if (kind !== "delta") {
        listed = true;
        more = data.next !== null && data.next !== undefined;
        open.clear();
        data.items.forEach((alert) => open.set(alert.id, alert));
      } else if (listed) {
        learn(data);
      }
    },
    items: () => (listed ? [...open.values()] : null),
    more: () => more,
  };
}
