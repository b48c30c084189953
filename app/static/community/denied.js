// Refusals: why, in words, and who can help.

import { post, refusal } from "../control/api.js";
import { act } from "../control/dialog.js";
import { h, replace, toast } from "../control/dom.js";
import { t } from "../control/page.js";
import { asking } from "./asking.js";
import { label, ownerOf } from "./place.js";

/**
 * The problem of a refused act as a notice: the reason, whom to ask and, where one may, a button to ask.
 */
export const denied = (place, problem) => notice(place, problem.status, reasonOf(problem.fields, undefined, problem.message), problem.fields.access_request, "alert");

async function notice(place, status, why, request, role) {
  const owner = status === 403 && place.server.owner_id !== place.me.id && (await ownerOf(place));
  return h("div", { class: "notice warning", role }, h("p", {}, why, owner ? ` ${t("community.ask_owner", { name: owner })}` : null), request ? asking(request) : null);
}

/** Why it was refused, with the permission in the words of the page. */
const reasonOf = (fields, called = fields.permission ? label(fields.permission) : "", otherwise = t("community.may_not", { permission: called })) =>
  refusal(fields, called) ?? otherwise;

/**
 * The refusal of `permissions` in a place, before anybody has tried: why, whom to ask, and a button to ask
 * for all that they lack of them at once, where all of it could be lent. Null: they lack nothing.
 */
export async function lacking(place, permissions, scope, id) {
  const verdicts = await Promise.all(permissions.map((permission) => post("/permissions/check", { permission, scope, scope_id: id })));
  const denials = verdicts.filter((one) => !one.allowed);
  if (!denials.length) {
    return null;
  }
  const [first, ...others] = denials;
  const request = denials.every((one) => one.access_request) ? { ...first.access_request, also: others.map((one) => one.permission) } : undefined;
  const same = others.every((one) => one.reason === first.reason);
  const names = (same ? denials : [first]).map((one) => label(one.permission)).join(", ");
  return notice(place, 403, same ? reasonOf(first, names) : denials.map((one) => reasonOf(one)).join(" "), request, "note");
}

/**
 * Say below the tabs that something was refused. Since it was offered, the page knows less than the
 * server: the viewer's rights are read again.
 */
async function tell(place, problem) {
  await place.reread().catch(() => undefined);
  const notice = await denied(place, problem);
  notice.tabIndex = -1;
  replace(document.getElementById("outcome"), notice);
  notice.focus();
}

/** An act of the page: as `act`, but a refusal ends the dialog and is said below the tabs. */
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

/** An act without a dialog: its failure is shown, and gives null. */
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
