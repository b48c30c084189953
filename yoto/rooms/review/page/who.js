// "Who can … here": a permission is chosen, the place is given.

import { opened } from "../control/additions.js";
import { h, replace } from "../control/dom.js";
import { page, t } from "../control/page.js";
import { form, missing, permissionPicker } from "../control/permissions/question.js";
import { reviewList } from "./list.js";

/** A form with its answer, for a place `{scope, scope_id}`. */
function whoCan(place) {
  const found = h("div", { "aria-live": "polite" });
  const permission = permissionPicker();
  const { element } = form([permission], t("permissions.find"), found, async () => {
    const { first, element: list } = await reviewList({ ...place, permission: permission.value() });
    return [missing(first), h("div", { class: "card" }, list)];
  });
  return h("div", {}, element, found);
}

opened.push((resource) => {
  const place = document.getElementById("who");
  // A type without verdicts of its own, such as a category, has nothing that one could ask.
  const { askable } = page.resources.find((one) => one.type === resource.scope);
  replace(place, askable ? whoCan({ scope: resource.scope, scope_id: resource.id }) : null);
  place.closest("section").hidden = !askable;
});
