// Forgetting a user: deleting what was recorded about one account, by the features that record it.

import { jsonId, post } from "../api.js";
import { act } from "../dialog.js";
import { h } from "../dom.js";
import { t } from "../page.js";

const kinds = []; // of records: [the route that deletes them, what they are called]

/** Offer to delete a kind of records. The first one puts the button, which is for all kinds, at the head of `acts`. */
export function forgets(acts, route, title) {
  kinds.push([route, title]);
  if (kinds.length === 1) {
    acts.prepend(h("button", { type: "button", onclick: forget }, t("cache.forget")));
  }
}

const forget = () =>
  act({
    title: t("cache.forget"),
    intro: t("cache.forget_does"),
    submit: t("cache.forget_do"),
    danger: true,
    fields: [
      { name: "user", label: t("cache.user"), hint: t("cache.user_hint"), required: true },
      { name: "what", label: t("cache.what"), type: "select", value: kinds[0][0], options: kinds },
    ],
    run: ({ user, what, reason }, { key }) => post(what, { user_id: jsonId(user), reason }, { key }),
    done: t("cache.forgotten"),
  });
