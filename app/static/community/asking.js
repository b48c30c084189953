// Asking for what one may not do: all that an act takes at once, and what became of the request.

import { get, post } from "../control/api.js";
import { act } from "../control/dialog.js";
import { h, replace, reported } from "../control/dom.js";
import { age } from "../control/format.js";
import { page, t } from "../control/page.js";
import { label } from "./place.js";

const LONGEST = 86_400; // s that somebody asks for a right

/** The permissions of a request, or of the place where one may ask, in words. */
export const wanted = (one) => namesOf(one).map(label).join(", ");

/**
 * A button to ask for the permission of a denial, or, where one has asked, since when the request waits.
 * `request`: `access_request` of a problem or a verdict, with `also`, the act's further permissions.
 */
export function asking(request) {
  const node = h("div", {});
  const button = h("button", { type: "button", onclick: reported(async () => waits(await ask(request))) }, t("community.ask_for_it"));

  /** Say what waits; a request for less than the act takes leaves the button to ask for all of it. */
  function waits(found) {
    if (found) {
      const whole = namesOf(request).every((name) => namesOf(found).includes(name));
      replace(node, whole ? null : button, h("p", { role: "status" }, t("community.asked_since", { permission: wanted(found) }), " ", age(found.created_at), ". ", h("a", { href: "?tab=requests" }, t("community.own_requests"))));
    }
  }

  replace(node, button);
  open(request).then(waits, () => undefined); // who cannot be told is offered to ask: it gives the same request
  return node;
}

const namesOf = ({ permission, also = [] }) => [permission, ...also];

/** The own request that waits for an answer about most of these permissions; undefined: there is none. */
async function open({ scope, scope_id: id, ...request }) {
  const { items } = await get("/access-requests", { state: "open" });
  const names = namesOf(request);
  const shared = (one) => namesOf(one).filter((name) => names.includes(name)).length;
  const here = items.filter((one) => one.scope === scope && String(one.scope_id) === String(id) && shared(one));
  return here.sort((one, other) => shared(other) - shared(one))[0];
}

/** Ask to be lent what a denial names, for a time; null: they did not. */
function ask({ href, ...right }) {
  return act({
    title: t("community.ask_for_it"),
    intro: t("community.ask_intro", { permission: wanted(right) }),
    submit: t("community.ask_do"),
    expiry: { required: true, standard: 3600, longest: LONGEST },
    run: ({ reason, expires_in: seconds }, { key }) => post(href.slice(page.api.length), { ...right, reason, seconds }, { key }),
    done: t("community.asked"),
  });
}
