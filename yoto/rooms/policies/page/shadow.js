// The candidate: what would change with it, and what becomes of it.

import { get, post } from "../control/api.js";
import { act } from "../control/dialog.js";
import { badge, h, replace } from "../control/dom.js";
import { number, quantity, subject } from "../control/format.js";
import { may, t } from "../control/page.js";
import { empty, load } from "../control/states.js";

// Below so many comparisons, or above this share of denials among them, a promotion is a risk.
const FEW = 100;
const MANY = 0.05;

/** {element, refresh()}; `changed` is called when the candidate was promoted or dropped. */
export function shadowCard(changed) {
  const body = h("div", {});
  // The same while there is a candidate, so that a button keeps the focus.
  const [title, counts, tallies] = [h("h3"), h("dl", { class: "inline counts" }), h("div", { class: "grid" })];
  const acts = may("admin") ? h("p", { class: "buttons" }, button("promote", "primary"), button("drop", "")) : null;
  const warned = h("p", { class: "notice failed", hidden: true });
  const lockedOut = h("div", {});
  const shown = h("div", {}, title, counts, warned, lockedOut, tallies, acts);
  let candidate = null;
  let out = [];
  const element = h("section", { class: "card", "aria-label": t("policies.shadow") }, h("h2", {}, t("policies.shadow")), h("p", { class: "quiet" }, t("policies.shadow_intro")), body);
  const refresh = () => load(body, () => get("/policy-shadow"), (found) => (found.candidate ? report(found.candidate, found.locked_out) : empty(t("policies.no_candidate"), { compact: true })));

  function report(one, locked) {
    candidate = one;
    out = locked;
    const why = riskOf(one);
    warned.hidden = why === null;
    warned.textContent = why ?? "";
    acts?.firstChild.classList.toggle("danger", why !== null);
    acts?.firstChild.classList.toggle("primary", why === null);
    replace(lockedOut, lockedOutList(locked));
    const numbers = [
      [t("policies.compared"), number(one.evaluated)],
      [t("policies.would_deny"), number(one.allow_to_deny)],
      [t("policies.would_allow"), number(one.deny_to_allow)],
      [t("policies.without_verdict"), number(one.errors)],
      [t("policies.sample"), quantity(one.sample, "share")],
    ];
    replace(title, one.name, " ", t("policies.version_n", { n: one.version }), " · ", h("span", { class: "quiet" }, subject(one.author)));
    replace(counts, numbers.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
    replace(tallies, most(t("policies.by_user"), one.subjects, (id) => subject(`user:${id}`)), most(t("policies.by_place"), one.places), most(t("policies.by_code"), one.codes));
    return shown;
  }

  function button(what, look) {
    return h("button", { type: "button", class: look, onclick: () => end(candidate, what) }, t(what === "promote" ? "policies.promote" : "policies.drop"));
  }

  async function end(one, what) {
    const promoting = what === "promote";
    const risk = riskOf(one);
    const done = await act({
      title: t(promoting ? "policies.promote_title" : "policies.drop_title", { name: one.name, version: one.version }),
      intro: promoting ? [h("p", {}, t("policies.promote_intro", { denied: one.allow_to_deny, allowed: one.deny_to_allow, n: one.evaluated })), risk ? h("p", { class: "notice failed" }, risk) : null, lockedOutList(out)] : null,
      danger: promoting && risk !== null,
      confirm: promoting && risk !== null ? one.name : null,
      submit: t(promoting ? "policies.promote" : "policies.drop"),
      run: ({ reason }, options) => post(`/policy-shadow/${what}`, { reason, version: one.version }, options),
      done: t(promoting ? "policies.promoted" : "policies.dropped"),
    });
    if (done) {
      changed();
    }
  }

  return { element, refresh };
}

/** A reason against a promotion, or null. */
function riskOf({ evaluated, allow_to_deny: denied }) {
  if (evaluated < FEW) {
    return t("policies.few_compared", { n: number(evaluated), enough: FEW });
  }
  return denied / evaluated > MANY ? t("policies.many_denied", { share: quantity(denied / evaluated, "share") }) : null;
}

/** The people who would lose what they may do now, operators first. */
function lockedOutList(people) {
  if (!people.length) {
    return null;
  }
  const rows = people.map((one) => h("li", {}, h("span", {}, subject(`user:${one.id}`), one.operator ? [" ", badge("failed", t("policies.operator"))] : null), h("b", { class: "number" }, number(one.decisions))));
  return h("div", {}, h("h4", {}, t("policies.locked_out")), h("ul", { class: "tally" }, rows));
}

function most(title, counts, named = (name) => h("code", {}, name)) {
  const rows = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  if (!rows.length) {
    return null;
  }
  return h("div", {}, h("h4", {}, title), h("ul", { class: "tally" }, rows.map(([name, n]) => h("li", {}, named(name), h("b", { class: "number" }, number(n))))));
}
