// Questions whose answers are lists: where somebody may do something, and those of optional features.

import { get } from "../api.js";
import { h } from "../dom.js";
import { subject } from "../format.js";
import { keep, named, state, t } from "../page.js";
import { pagedTable } from "../table.js";
import { called, form, homePickers, named_user, narrowestFirst, permissionPicker, pickedHome, select, showHomes, userPicker } from "./question.js";

const WHAT = "what"; // in the address: the second question of the page

/** A resource by its name, which leads to its page. */
const placed = (one) => subject(`${one.scope}:${one.id}`, { text: called(one) });

/** The questions of the tab: functions that make their sections. Optional features have further ones. */
export const searches = [what];

export function searchTab(go) {
  return { element: h("div", {}, searches.map((one) => one(go))), ask: () => {} };
}

function what(go) {
  const found = h("div", { "aria-live": "polite" });
  const [user, permission] = [userPicker(), permissionPicker()];
  const scope = select(t("permissions.scope"), narrowestFirst().map((one) => [one, named("scope", one)]));
  const homes = homePickers();
  scope.input.addEventListener("change", shape);
  shape();

  /** Show the pickers of homes above the type; where it is a home itself, all are searched. */
  function shape() {
    showHomes(homes, scope.value());
    const own = homes.get(scope.value());
    if (own) {
      own.element.hidden = true;
      own.input.required = false;
    }
  }

  async function ask() {
    const values = { ...named_user(user.value()), permission: permission.value(), scope: scope.value() };
    const within = (await pickedHome(homes, scope.value())) || null;
    keep({ find: WHAT, ...values, username: user.value(), within, user_id: null, scope_id: null });
    const fetch = (after) => get("/search/what", { ...values, within, after });
    const first = await fetch(null);
    const list = pagedTable({
      label: t("permissions.what_can"),
      none: t("permissions.nowhere"),
      columns: [
        { title: named("scope", values.scope), head: true, render: (one) => placed(one) },
        { title: t("permissions.home"), render: (one) => (one.home ? [named("scope", one.home.scope), " ", placed(one.home)] : null) },
      ],
      actions: [
        {
          title: t("permissions.why"),
          right: "view",
          run: (one) => go("explain", { username: user.value(), permission: values.permission, scope: one.scope, scope_id: one.id, home: one.home }),
        },
      ],
      fetch: (after) => (after === null ? first : fetch(after)),
    });
    await list.reload();
    return list.element;
  }

  const asked = form([user, permission, scope, ...homes.values()], t("permissions.find"), found, ask);
  const given = state();
  if (given.find === WHAT) {
    user.set(given.username);
    permission.set(given.permission);
    scope.set(given.scope);
    shape();
    const [type, id] = (given.within ?? "").split(/:(.*)/s);
    homes.get(type)?.set(`#${id}`);
    asked.send();
  }
  return h("section", {}, h("h2", {}, t("permissions.what_can")), h("p", { class: "quiet small" }, t("permissions.what_hint")), asked.element, found);
}
