// The candidate: what would change with it, and what becomes of it.

import { get, post } from "../api.js";
import { act } from "../dialog.js";
import { h, replace } from "../dom.js";
import { number, quantity } from "../format.js";
import { may, t } from "../page.js";
import { empty, load } from "../states.js";

/** {element, refresh()}; `changed` is called when the candidate was promoted or dropped. */
export function shadowCard(changed) {
  const body = h("div", {});
  // The same while there is a candidate, so that a button keeps the focus.
  const [title, counts, tallies] = [h("h3"), h("dl", { class: "inline counts" }), h("div", { class: "grid" })];
  const acts = may("admin") ? h("p", { class: "buttons" }, button("promote", "primary"), button("drop", "")) : null;
  const shown = h("div", {}, title, counts, tallies, acts);
  let candidate = null;
  const element = h("section", { class: "card", "aria-label": t("policies.shadow") }, h("h2", {}, t("policies.shadow")), h("p", { class: "quiet" }, t("policies.shadow_intro")), body);
  const refresh = () => load(body, () => get("/policy-shadow"), (found) => (found.candidate ? report(found.candidate) : empty(t("policies.no_candidate"), { compact: true })));

  function report(one) {
    candidate = one;
    const numbers = [
      [t("policies.compared"), number(one.evaluated)],
      [t("policies.would_deny"), number(one.allow_to_deny)],
      [t("policies.would_allow"), number(one.deny_to_allow)],
      [t("policies.without_verdict"), number(one.errors)],
      [t("policies.sample"), quantity(one.sample, "share")],
    ];
    replace(title, one.name, " ", t("policies.version_n", { n: one.version }), " · ", h("span", { class: "quiet" }, one.author));
    replace(counts, numbers.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
    replace(tallies, most(t("policies.by_user"), one.subjects, "#"), most(t("policies.by_place"), one.places), most(t("policies.by_code"), one.codes));
    return shown;
  }

  function button(what, look) {
    return h("button", { type: "button", class: look, onclick: () => end(candidate, what) }, t(what === "promote" ? "policies.promote" : "policies.drop"));
  }

  async function end(one, what) {
    const promoting = what === "promote";
    const done = await act({
      title: t(promoting ? "policies.promote_title" : "policies.drop_title", { name: one.name, version: one.version }),
      intro: promoting ? t("policies.promote_intro", { denied: one.allow_to_deny, allowed: one.deny_to_allow, n: one.evaluated }) : null,
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

function most(title, counts, sign = "") {
  const rows = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  if (!rows.length) {
    return null;
  }
  return h("div", {}, h("h4", {}, title), h("ul", { class: "tally" }, rows.map(([name, n]) => h("li", {}, h("code", {}, sign + name), h("b", { class: "number" }, number(n))))));
}
