// The coverage of the policies: which of them may deny which permission, and how often that was asked.

import { get } from "../control/api.js";
import { h } from "../control/dom.js";
import { number, quantity } from "../control/format.js";
import { t } from "../control/page.js";
import { load } from "../control/states.js";
import { table } from "../control/table.js";

/** {element}: few decisions are judged by policies, which says what a comparison is worth. */
export function coverageCard() {
  const body = h("div", {});
  load(body, () => get("/policy-coverage"), drawn);
  return { element: h("section", { class: "card compact", "aria-labelledby": "coverage-title" }, h("h2", { id: "coverage-title" }, t("policies.coverage")), body) };
}

function drawn({ permissions, recorded, decisions, judged }) {
  const policies = [...new Set(permissions.flatMap((one) => one.policies))].sort();
  const judgedOf = (one) => recorded[one.permission]?.judged ?? 0;
  const matrix = table({
    label: t("policies.coverage"),
    none: t("policies.covers_nothing"),
    key: (one) => one.permission,
    columns: [
      { title: t("policies.permission"), head: true, sort: (one) => one.permission, render: (one) => h("a", { href: `permissions?tab=decisions&permission=${encodeURIComponent(one.permission)}` }, one.permission) },
      { title: t("policies.asked"), sort: (one) => one.asked, render: (one) => t(`policies.asked_${one.asked}`) },
      { title: t("policies.judged"), number: true, sort: judgedOf, render: (one) => number(judgedOf(one)) },
      ...policies.map((name) => ({ title: name, render: (one) => (one.policies.includes(name) ? h("span", { class: "mark", role: "img", "aria-label": t("policies.may_deny"), title: t("policies.may_deny_by", { policy: name, permission: one.permission }) }) : h("span", { class: "quiet no-mark", "aria-hidden": "true" }, "·")) })),
    ],
  });
  matrix.show(permissions);
  const share = quantity(decisions ? judged / decisions : null, "share");
  return [h("p", {}, h("b", {}, t("policies.judged_of", { judged: number(judged), of: number(decisions), share })), " ", h("span", { class: "quiet" }, t("policies.coverage_intro"), " ", h("span", { class: "mark", "aria-hidden": "true" }), " ", t("policies.dot_means"))), matrix.element];
}
