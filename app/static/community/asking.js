// Asking for what one may not do: all that an act takes at once, and what became of the request.

import { get, post } from "../control/api.js";
import { act } from "../control/dialog.js";
import { h, replace, reported } from "../control/dom.js";
import { age } from "../control/format.js";
import { page, t } from "../control/page.js";
import { label } from "./place.js";

const LONGEST = 86_400; // s that somebody asks for a right

/** The permissions of a request, or of the place where one may ask, in words. */
export const wanted = ({ permission, also = [] }) => [permission, ...also].map(label).join(", ");

/**
 * A button to ask for what a denial names, or, where one has asked, since when the request waits.
 * `request`: `access_request` of a problem or a verdict, with `also` for what else the act takes.
 */
export function asking(request) {
  const node = h("div", {});
  const button = h("button", { type: "button", onclick: reported(async () => waits(await ask(request))) }, t("community.ask_for_it"));

  function waits(found) {
    if (found) {
      replace(node, h("p", { role: "status" }, t("community.asked_since", { permission: wanted(found) }), " ", age(found.created_at), ". ", h("a", { href: "?tab=requests" }, t("community.own_requests"))));
    }
  }

  replace(node, button);
  open(request).then(waits, () => undefined); // who cannot be told is offered to ask: it gives the same request
  return node;
}

/** The own request that waits for an answer about one of these permissions; undefined: there is none. */
async function open({ scope, scope_id: id, permission, also = [] }) {
  const { items } = await get("/access-requests", { state: "open" });
  const names = [permission, ...also];
  return items.find((one) => one.scope === scope && String(one.scope_id) === String(id) && [one.permission, ...one.also].some((name) => names.includes(name)));
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
