// The second factor of whoever is signed in: enrolled with an authenticator app, and removed.

import { get, post } from "../api.js";
import { act, show } from "../dialog.js";
import { h, replace, svg } from "../dom.js";
import { moment } from "../format.js";
import { t } from "../page.js";
import { changed, load } from "../states.js";

const QUIET_ZONE = 4; // modules around a QR code (ISO/IEC 18004)
const node = document.getElementById("second-factor-state");
const place = document.getElementById("second-factor-act");

export const drawSecondFactor = () => load(node, () => get("/second-factor"), changed(node, draw));

function draw(state) {
  replace(
    node,
    h(
      "p",
      { class: "quiet" },
      state.enabled ? [t("settings.second_factor_on"), " ", moment(state.since), " · ", t("settings.recovery_left", { n: state.recovery_codes })] : t("settings.second_factor_off"),
    ),
  );
  replace(place, h("button", { type: "button", id: "second-factor-button", onclick: state.enabled ? remove : enroll }, state.enabled ? t("settings.second_factor_remove") : t("settings.second_factor_set_up")));
}

async function enroll() {
  const begun = await act({
    title: t("settings.second_factor_set_up"),
    intro: t("settings.second_factor_does"),
    submit: t("settings.second_factor_set_up"),
    run: ({ reason }, { key }) => post("/second-factor/enroll", { reason }, { key }).then((enrolment) => ({ ...enrolment, reason })),
  });
  if (!begun) {
    return;
  }
  const confirmed = await act({
    title: t("settings.second_factor_scan"),
    intro: h("div", {}, h("p", {}, t("settings.second_factor_scan_does")), qrCode(begun.qr), h("p", { class: "mono", id: "second-factor-secret" }, begun.secret)),
    submit: t("settings.second_factor_confirm"),
    reason: false,
    fields: [{ name: "code", label: t("settings.code"), required: true, maxlength: 10 }],
    run: ({ code }, { key }) => post("/second-factor/confirm", { code, reason: begun.reason }, { key }),
    done: t("settings.second_factor_enabled"),
  });
  drawSecondFactor();
  if (confirmed) {
    await show({
      title: t("settings.recovery_codes"),
      body: h("div", {}, h("p", { class: "notice warning" }, t("settings.recovery_codes_once")), h("ul", { class: "mono", id: "recovery-codes" }, confirmed.recovery_codes.map((code) => h("li", {}, code)))),
    });
  }
}

const remove = () =>
  act({
    title: t("settings.second_factor_remove"),
    intro: t("settings.second_factor_remove_does"),
    submit: t("settings.second_factor_remove"),
    danger: true,
    fields: [{ name: "code", label: t("settings.code_or_recovery"), required: true, maxlength: 40 }],
    run: ({ code, reason }, { key }) => post("/second-factor/remove", { code, reason }, { key }),
    done: t("settings.second_factor_removed"),
  }).then(drawSecondFactor);

/** A QR code, dark on light in both themes: cameras want it so. */
function qrCode(rows) {
  const size = rows.length + 2 * QUIET_ZONE;
  const dark = rows.flatMap((row, y) => [...row].map((module, x) => (module === "1" ? `M${x + QUIET_ZONE} ${y + QUIET_ZONE}h1v1h-1z` : ""))).join("");
  return svg(
    "svg",
    { viewBox: `0 0 ${size} ${size}`, width: 200, height: 200, role: "img", "aria-label": t("settings.second_factor_qr"), "shape-rendering": "crispEdges" },
    svg("rect", { width: size, height: size, fill: "#fff" }),
    svg("path", { d: dark, fill: "#000" }),
  );
}
