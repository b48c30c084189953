// From which values on there is an alert, in the charts of the overview.

import { borders } from "../control/additions.js";
import { get } from "../control/api.js";
import { t } from "../control/page.js";
import { LEVELS } from "./count.js";

const MS = 1000; // of a second, in which rules count; charts have milliseconds

borders.push(async () => {
  const { items } = await get("/alerts/rules");
  return (metric) => {
    const rule = items.find((one) => one.metric === metric && one.enabled);
    const factor = rule?.unit === "s" ? MS : 1;
    return rule ? LEVELS.filter((level) => rule[level] !== null).map((level) => ({ at: rule[level] * factor, level, label: t(`rules.${level}`) })) : [];
  };
});
