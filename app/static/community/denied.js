// What was refused: why, in words, and who can help.

import { post } from "../control/api.js";
import { act } from "../control/dialog.js";
import { h, replace } from "../control/dom.js";
import { t } from "../control/page.js";
import { reported } from "../control/reported.js";
import { toast } from "../control/toast.js";
import { ownerOf } from "./place.js";

/** The problem of a refused act as a notice: the reason, whom to ask and, where one may, a button to ask. */
export async function denied(place, problem) {
  const owner = problem.status === 403 && (await ownerOf(place));
  const request = problem.fields.access_request;
  return h(
    "div",
    { class: "notice warning", role: "alert" },
    h("p", {}, problem.message, owner ? ` ${t("community.ask_owner", { name: owner })}` : null),
    request ? h("button", { type: "button", onclick: reported(() => ask(problem)) }, t("community.ask_for_it")) : null,
  );
}

async function ask({ fields }) {
  const request = fields.access_request;
  await act({
    title: t("community.ask_for_it"),
    intro: t("community.ask_intro", { permission: fields.permission ?? "" }),
    submit: t("community.ask_do"),
    run: ({ reason }, { key }) => post("/access-requests", { ...request, reason }, { key }),
    done: t("community.asked"),
  });
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
