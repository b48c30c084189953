// The busiest callers of a rate limit, and those refused: a few on the card, more in a dialog.

import { get } from "../api.js";
import { show } from "../dialog.js";
import { h } from "../dom.js";
import { number, quantity, subject } from "../format.js";
import { named, t } from "../page.js";
import { load } from "../states.js";

// Parts of a key that have names.
const OF = { user: "user", server: "server" };

/** The callers that a limit knows (`top`, as the API has it); null where nobody called. */
export function callersOf(top) {
  if (top === null) {
    return h("p", { class: "notice unknown small" }, t("guards.callers_unknown"));
  }
  if (!top.keys.length) {
    return null;
  }
  return [
    h("div", { class: "what" }, t("guards.refused_most", { calls: number(top.calls), time: quantity(Math.round(top.seconds), "s") }), top.complete ? null : ` ${t("guards.callers_incomplete")}`),
    h("ul", { class: "callers" }, top.keys.map((use) => h("li", {}, h("span", { class: "whom" }, whom(use)), h("span", {}, t("guards.uses", { passed: number(use.passed), rejected: number(use.rejected) }))))),
  ];
}

/** Show more of them than fit on a card. */
export function callers(name) {
  const body = h("div");
  load(body, () => get(`/guards/rate_limit/${encodeURIComponent(name)}`), ({ limiter }) => callersOf(limiter.top) ?? h("p", {}, t("guards.no_callers")));
  return show({ title: t("guards.callers_of", { name }), body });
}

/** The caller that a limit counted, in words. */
function whom(use) {
  const found = ["user", "server", "address", "text"].filter((name) => use[name] !== null);
  const shown = found.map((name, at) => [at ? " · " : "", named("guard_part", name), " ", OF[name] ? subject(`${OF[name]}:${use[name]}`) : use[name]]);
  return shown.length ? shown : t("guards.everyone");
}
