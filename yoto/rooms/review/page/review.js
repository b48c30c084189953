// "Who can …" among the questions of the page of permissions.

import { h } from "../control/dom.js";
import { state, t } from "../control/page.js";
import { missing, questionForm } from "../control/permissions/question.js";
import { searches } from "../control/permissions/search.js";
import { reviewList } from "./list.js";

function who(go) {
  const found = h("div", { "aria-live": "polite" });
  const question = questionForm({ submit: t("permissions.find"), ask, found, addressed: !state().find });

  async function ask(values) {
    const { element, first } = await reviewList(values, (line) => go("explain", { ...values, username: line.username }));
    return [missing(first), element];
  }

  return h("section", {}, h("h2", {}, t("permissions.who_can")), h("p", { class: "quiet small" }, t("permissions.review_intro")), question.element, found);
}

searches.unshift(who);
