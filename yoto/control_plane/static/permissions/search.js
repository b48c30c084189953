// Who may do something in a place, and where somebody may.

import { get } from "../api.js";
import { h } from "../dom.js";
import { subject } from "../format.js";
import { keep, named, room, state, t } from "../page.js";
import { pagedTable } from "../table.js";
import { compareSection } from "./compare.js";
import { called, form, homePickers, missing, named_user, narrowestFirst, permissionPicker, pickedHome, questionForm, select, showHomes, userPicker } from "./question.js";
import { reviewList } from "./review.js";

const WHAT = "what"; // in the address: the second question of the page

/** A resource by its name, which leads to its page. */
const placed = (one) => subject(`${one.scope}:${one.id}`, { text: called(one) });

export function searchTab(go) {
  return { element: h("div", {}, room("review") ? who(go) : null, what(go), compareSection(go)), ask: () => {} };
}

function who(go) {
  const found = h("div", { "aria-live": "polite" });
  const question = questionForm({ submit: t("permissions.find"), ask, found, addressed: !state().find });

  async function ask(values) {
    const { element, first } = await reviewList(values, (line) => go("explain", { ...values, username: line.username }));
    return [missing(first), element];
  }

  return h("section", {}, h("h2", {}, t("permissions.who_can")), h("p", { class: "quiet small" }, t("permissions.review_intro")), question.element, found);
}

function what(go) {
  const found = h("div", { "aria-live": "polite" });
  const [user, permission] = [userPicker(), permissionPicker()];
  const scope = select(t("permissions.scope"), narrowestFirst().map((one) => [one, named("scope", one)]));
  const homes = homePickers();
  scope.input.addEventListener("change", shape);
  shape();

  /** What something can be below; of a home itself all are looked through. */
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
