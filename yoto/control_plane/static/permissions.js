// The page of permissions: decisions on people, why somebody may, who may, where somebody may, and all
// that a server grants.

import { tabs } from "./additions.js";
import { h, replace } from "./dom.js";
import { keep, state, t } from "./page.js";
import { explainTab } from "./permissions/explain.js";
import { matrixTab } from "./permissions/matrix.js";
import { searchTab } from "./permissions/search.js";

const TABS = [
  ...tabs,
  ["explain", t("permissions.explain"), explainTab],
  ["search", t("permissions.search"), searchTab],
  ["matrix", t("permissions.matrix"), matrixTab],
];

// Tabs of addresses that may still be about.
const MOVED = { review: "search" };

// A tab is made when it is first looked at, and keeps what was found in it.
const made = new Map();
const buttons = new Map(
  TABS.map(([key, title]) => [key, h("button", { type: "button", onclick: () => go(key) }, title)]),
);
replace(document.getElementById("tabs"), h("div", { class: "segments tabs" }, [...buttons.values()]));

// The query of each tab while another is open.
const left = new Map();
let open = null;

/** Open a tab; `question` fills its form and asks. */
function go(key, question = null) {
  const at = buttons.has(key) ? key : (MOVED[key] ?? TABS[0][0]);
  if (open !== null && open !== at) {
    left.set(open, location.search);
    made.get(open).hidden?.();
    history.replaceState(null, "", left.get(at) ?? location.pathname);
  }
  open = at;
  keep({ tab: at });
  if (made.has(at)) {
    made.get(at).shown?.();
  } else {
    made.set(at, TABS.find(([name]) => name === at)[2](go));
  }
  for (const [name, button] of buttons) {
    button.setAttribute("aria-pressed", String(name === at));
  }
  const tab = made.get(at);
  replace(document.getElementById("tab"), tab.element);
  if (question) {
    tab.ask(question);
  }
}

go(state().tab);
