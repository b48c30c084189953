// The part of every page of the community: who is signed in, the end of the session, ages that grow.

import { hasEnded, recognise, signedIn, signInLink, watchSession } from "../control/api.js";
import { h, replace } from "../control/dom.js";
import { tick } from "../control/format.js";
import { page, t } from "../control/page.js";

/**
 * The signed-in user: {id, username, display_name, super_admin}. Anybody else is taken to the sign-in
 * page, and null is returned.
 */
export async function begin() {
  setInterval(tick, 1000);
  const found = await signedIn().catch((answer) => answer);
  if (found instanceof Response && found.status === 401) {
    location.replace(`${page.sign_in}?${new URLSearchParams({ next: location.pathname + location.search })}`);
    return null;
  }
  if (!found.user) {
    replace(document.getElementById("session"), h("p", { class: "notice failed" }, t("problem.no_answer"), " ", h("button", { type: "button", onclick: () => location.reload() }, t("shared.retry"))));
    return null;
  }
  drawAccount(found);
  return found.user;
}

function drawAccount({ user, csrf_token: csrf }) {
  const form = h(
    "form",
    { method: "post", action: page.sign_out, class: "account" },
    h("input", { type: "hidden", name: "csrf_token", value: csrf }),
    h("span", { class: "who", title: t("page.signed_in_as", { name: user.username }) }, user.display_name),
    h("button", { type: "submit" }, t("page.sign_out")),
  );
  replace(document.getElementById("account"), form);
}

watchSession((ended) => {
  replace(document.getElementById("session"), ended ? h("p", { class: "notice warning" }, t("session.ended"), " ", signInLink()) : null);
});
addEventListener("focus", () => hasEnded() && recognise());
