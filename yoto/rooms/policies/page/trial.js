// Trying a text before it is put: its tests, recorded decisions, and an input of one's own.

import { post } from "../control/api.js";
import { badge, h, replace } from "../control/dom.js";
import { number } from "../control/format.js";
import { t } from "../control/page.js";
import { table } from "../control/table.js";
import { editor } from "./editor.js";
import { placeOf, recentInputs, who } from "./inputs.js";
import { BadText } from "./kinds.js";
import { jsonTokens } from "./tokens.js";

/** `texts()` gives what is to be tried, or null for what is in force; `refused` is told a Problem. */
export function trial({ address, texts, refused }) {
  const given = editor({ label: t("policies.input"), tokens: jsonTokens });
  const found = h("div", { "aria-live": "polite" });
  const button = h("button", { type: "button", onclick: run }, t("policies.try"));

  async function run() {
    given.mark(null, "");
    button.disabled = true;
    try {
      const body = { ...(texts() ?? {}), input: inputOf(given) };
      replace(found, h("p", { class: "quiet" }, t("policies.trying")));
      replace(found, drawn(await post(`${address}/test`, body)));
    } catch (problem) {
      replace(found);
      refused(problem);
    } finally {
      button.disabled = false;
    }
  }

  /** Try with an input as it was decided on. */
  function take(input) {
    given.set(JSON.stringify(input, null, 2));
    own.open = true;
    run();
  }

  const own = h("details", {}, h("summary", {}, t("policies.input_more")), given.element);
  return h(
    "section",
    { class: "card" },
    h("div", { class: "card-head" }, h("h2", {}, t("policies.try_title")), button),
    h("p", { class: "quiet" }, t("policies.try_intro")),
    own,
    recentInputs(take),
    found,
  );
}

function inputOf(given) {
  const text = given.value();
  if (text.trim() === "") {
    return null;
  }
  try {
    const value = JSON.parse(text);
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      throw new Error(t("policies.input_object"));
    }
    return value;
  } catch (error) {
    given.mark(null, error.message);
    throw new BadText("", null);
  }
}

function drawn(found) {
  const list = table({
    label: t("policies.differing"),
    none: t("policies.nothing_differs"),
    key: (one) => one.number,
    columns: [
      { title: t("policies.record"), number: true, render: (one) => one.number },
      { title: t("policies.who"), head: true, render: (one) => who(one.input) },
      { title: t("policies.what"), render: (one) => [h("code", {}, one.input.action?.name ?? "–"), " ", placeOf(one.input)] },
      { title: t("policies.before"), render: (one) => answer(one.before) },
      { title: t("policies.after"), render: (one) => answer(one.after) },
      { title: t("policies.input"), render: (one) => h("details", {}, h("summary", {}, t("policies.show_input")), h("pre", { class: "words" }, JSON.stringify(one.input, null, 2))) },
    ],
  });
  list.show(found.differing);
  return [
    found.given && h("p", {}, h("b", {}, t("policies.given")), " ", t("policies.before"), " ", answer(found.given.before), " → ", t("policies.after"), " ", answer(found.given.after)),
    h("p", { class: "trial-sum" }, h("b", {}, t("policies.changed_of", { n: number(found.changed), of: number(found.inputs) })), " ", t("policies.changed_how", { denied: number(found.allow_to_deny), allowed: number(found.deny_to_allow), other: number(found.other_codes) })),
    found.inputs === 0 ? h("p", { class: "notice unknown" }, t("policies.no_inputs")) : list.element,
    h("p", { class: "quiet" }, t("policies.tests_passed", { n: number(found.tests_passed.length) })),
  ];
}

const answer = (one) =>
  h("span", {}, badge(one.error !== null ? "unknown" : one.allow ? "allowed" : "denied", t(one.error !== null ? "policies.no_verdict" : one.allow ? "policies.allows" : "policies.denies")), " ", one.error ?? h("code", {}, one.deny.join(" ")));
