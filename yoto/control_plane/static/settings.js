// Settings: each part of the page is a module of its own.

import { subscribe } from "./live.js";
import { keep, state } from "./page.js";
import { drawLogLevel } from "./settings/log-level.js";
import { drawMaintenance } from "./settings/maintenance.js";
import { drawOperators } from "./settings/operators.js";
import { drawSecondFactor } from "./settings/second-factor.js";
import { drawTokens } from "./settings/tokens.js";

const REFRESH = 20; // s between readings where nothing is told

// Accounts of operators are the application's, and not every application has them.
const optional = { tokens: drawTokens, second_factor: drawSecondFactor, operators: drawOperators };
const parts = [drawMaintenance, drawLogLevel, ...Object.keys(optional).filter((id) => document.getElementById(id)).map((id) => optional[id])];
const draw = () => parts.forEach((one) => one());

/** The part that the address names is gone to. */
function goToPart() {
  const card = document.getElementById(state().part ?? "");
  card?.setAttribute("tabindex", "-1");
  card?.focus();
  card?.scrollIntoView();
}

document.getElementById("parts").addEventListener("click", (event) => {
  const part = event.target.closest("a")?.dataset.part;
  if (part) {
    event.preventDefault();
    keep({ part });
    goToPart();
  }
});
draw();
goToPart();
setInterval(() => document.hidden || draw(), REFRESH * 1000);
subscribe({ maintenance: (_, kind) => kind === "delta" && drawMaintenance(), events: (_, kind) => kind === "delta" && drawLogLevel() }, { types: ["config.changed"] });
