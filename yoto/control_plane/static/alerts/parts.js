// What the list of alerts and the view of one say in the same way.

import { badge, h } from "../dom.js";
import { age, duration, subject, toMs } from "../format.js";
import { t } from "../page.js";

export const labelsOf = (labels) => Object.entries(labels).map(([name, value]) => h("span", { class: "quiet small" }, ` ${name}=${value}`));

/** Who works on it and whether it is silenced; of one that is over, how long it lasted. */
export function stateOf(one) {
  if (!one.open) {
    const lasted = duration((toMs(one.resolved_at) - toMs(one.raised_at)) / 1000);
    return [badge("resolved", t("alerts.is_over")), ` ${t("alerts.lasted", { n: lasted })} · `, age(one.resolved_at)];
  }
  const taken = one.acknowledged_by
    ? [badge("acknowledged", t("alerts.taken")), " ", subject(one.acknowledged_by), one.note ? `: ${one.note}` : ""]
    : [badge("firing", t("alerts.untaken"))];
  return [taken, one.silenced ? [" ", badge("neutral", t("alerts.silenced"))] : null];
}
