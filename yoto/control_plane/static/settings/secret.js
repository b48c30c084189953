// A secret that is shown once, with a button that copies it.

import { show } from "../dialog.js";
import { h } from "../dom.js";
import { t } from "../page.js";

/** Show `secret` in a dialog; resolves when it is closed. */
export function showSecret(title, secret) {
  const shown = h("input", { id: "secret", class: "mono", readonly: true, value: secret, "aria-label": t("settings.secret"), onfocus: () => shown.select() });
  const status = h("span", { role: "status", class: "quiet" });
  const copy = h("button", { type: "button", class: "primary", onclick: take }, t("settings.copy"));

  async function take() {
    try {
      await navigator.clipboard.writeText(secret);
      status.textContent = t("settings.copied");
    } catch {
      // Without TLS, or not allowed: then by hand.
      shown.focus();
      shown.select();
      status.textContent = t("settings.copy_by_hand");
    }
  }

  return show({ title, body: h("div", {}, h("p", { class: "notice warning" }, t("settings.secret_once")), h("div", { class: "field" }, shown), h("div", { class: "buttons actions" }, copy, status)) });
}
