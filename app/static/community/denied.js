// What was refused: why, in words, and who can help.

import { post, Problem } from "../control/api.js";
import { act } from "../control/dialog.js";
import { h, replace, reported, toast } from "../control/dom.js";
import { page, t } from "../control/page.js";
import { label, ownerOf } from "./place.js";

const LONGEST = 86_400; // s that somebody asks for a right
// Reasons that a right which is lent would turn; the others would stay.
const LENT = new Set(["not_granted", "overwrite_denied"]);

/**
 * The problem of a refused act as a notice: the reason, whom to ask and, where one may, a button to ask.
 * `role` is "note" where nobody tried anything.
 */
export async function denied(place, problem, role = "alert") {
  const owner = problem.status === 403 && place.server.owner_id !== place.me.id && (await ownerOf(place));
  const request = problem.fields.access_request;
  return h(
    "div",
    { class: "notice warning", role },
    h("p", {}, problem.message, owner ? ` ${t("community.ask_owner", { name: owner })}` : null),
    request ? h("button", { type: "button", onclick: reported(() => ask(problem)) }, t("community.ask_for_it")) : null,
  );
}

/** Ask to be lent the right that a denial names, for a time. */
async function ask({ fields }) {
  const { href, ...right } = fields.access_request;
  await act({
    title: t("community.ask_for_it"),
    intro: t("community.ask_intro", { permission: label(right.permission) }),
    submit: t("community.ask_do"),
    expiry: { required: true, standard: 3600, longest: LONGEST },
    run: ({ reason, expires_in: seconds }, { key }) => post(href.slice(page.api.length), { ...right, reason, seconds }, { key }),
    done: t("community.asked"),
  });
}

/**
 * What somebody may not do in a place, before they have tried: why, whom to ask, a button to ask where
 * the right could be lent.
 */
export async function lacking(place, permission, scope, id) {
  const verdict = await post("/permissions/check", { permission, scope, scope_id: id });
  const way = LENT.has(verdict.reason) && page.access_requests ? { href: `${page.api}/access-requests`, permission, scope, scope_id: id } : undefined;
  return denied(place, new Problem(403, { reason: verdict.reason, permission: label(permission), access_request: way, detail: t("community.may_not", { permission: label(permission) }) }), "note");
}

/** An act of the page: as `act`, and what is refused says whom to ask, below the tabs too. */
export const doing = (place, { run, ...options }) =>
  act({
    reason: false,
    ...options,
    async run(values, more) {
      try {
        return await run(values, more);
      } catch (problem) {
        if (problem.status === 403) {
          replace(document.getElementById("outcome"), await denied(place, problem));
        }
        throw problem;
      }
    },
  });

/** What became of something that no dialog asks about. */
export const trying = (place, run) => async (...given) => {
  try {
    return await run(...given);
  } catch (problem) {
    if (problem.status === 403) {
      replace(document.getElementById("outcome"), await denied(place, problem));
    } else {
      toast(problem.message, "failed");
    }
    return null;
  }
};
