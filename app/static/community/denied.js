// What was refused: why, in words, and who can help.

import { post, Problem } from "../control/api.js";
import { act } from "../control/dialog.js";
import { h, replace, reported, toast } from "../control/dom.js";
import { has, page, t } from "../control/page.js";
import { label, ownerOf } from "./place.js";

const LONGEST = 86_400; // s that somebody asks for a right

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
    h("p", {}, reasonOf(problem), owner ? ` ${t("community.ask_owner", { name: owner })}` : null),
    request ? h("button", { type: "button", onclick: reported(() => ask(problem)) }, t("community.ask_for_it")) : null,
  );
}

/** Why it was refused, with the permission in the words of the page. */
function reasonOf({ message, fields: { reason, permission } }) {
  const key = `refusal.${reason}`;
  return has(key) ? t(key, { permission: permission ? label(permission) : "" }) : message;
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
  return denied(place, new Problem(403, { reason: verdict.reason, permission, access_request: verdict.access_request, detail: t("community.may_not", { permission: label(permission) }) }), "note");
}

/**
 * Say below the tabs that something was refused. That it was offered means that the page knows less
 * than the server: what one may do is read again.
 */
async function tell(place, problem) {
  await place.reread().catch(() => undefined);
  const notice = await denied(place, problem);
  notice.tabIndex = -1;
  replace(document.getElementById("outcome"), notice);
  notice.focus();
}

/** An act of the page: as `act`; what is refused ends the dialog and is said below the tabs. */
export async function doing(place, { run, done = null, ...options }) {
  let refused = null;
  replace(document.getElementById("outcome")); // of the act before
  const result = await act({
    reason: false,
    ...options,
    async run(values, more) {
      try {
        return (await run(values, more)) ?? true;
      } catch (problem) {
        if (problem.status !== 403) {
          throw problem;
        }
        refused = problem;
        return null;
      }
    },
  });
  if (refused) {
    await tell(place, refused);
    return null;
  }
  if (result !== null && done) {
    toast(typeof done === "function" ? done(result) : done);
  }
  return result;
}

/** What became of something that no dialog asks about. */
export const trying = (place, run) => async (...given) => {
  try {
    return await run(...given);
  } catch (problem) {
    if (problem.status === 403) {
      await tell(place, problem);
    } else {
      toast(problem.message, "failed");
    }
    return null;
  }
};

/** A reading of a list: where it is refused by now, that is said below the tabs as well. */
export const reading = (place, fetch) => async (...given) => {
  try {
    return await fetch(...given);
  } catch (problem) {
    if (problem.status === 403) {
      await tell(place, problem);
    }
    throw problem;
  }
};
