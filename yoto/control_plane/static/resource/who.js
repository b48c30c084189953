// "Who can … here": a permission is chosen, the place is given.

import { h } from "../dom.js";
import { t } from "../page.js";
import { form, missing, permissionPicker } from "../permissions/question.js";
import { reviewList } from "../permissions/review.js";

/** A form with its answer, for a place `{scope, scope_id}`. */
export function whoCan(place) {
  const found = h("div", { "aria-live": "polite" });
  const permission = permissionPicker();
  const { element } = form([permission], t("permissions.find"), found, async () => {
    const { first, element: list } = await reviewList({ ...place, permission: permission.value() });
    return [missing(first), h("div", { class: "card" }, list)];
  });
  return h("div", {}, element, found);
}
