// The keys of all pages, in a dialog that "?" opens.

import { show } from "./dialog.js";
import { h } from "./dom.js";
import { t } from "./page.js";

const KEYS = [[["Ctrl K", "⌘K"], "keys.search"], [["?"], "keys.this"], [["Tab", "Shift Tab"], "keys.move"], [["Enter"], "keys.press"], [["↑", "↓"], "keys.choose"], [["Esc"], "keys.leave"]];

export const showKeys = () =>
  show({
    title: t("keys.title"),
    body: h("dl", { class: "facts keys" }, KEYS.map(([keys, does]) => [h("dt", {}, keys.map((key) => h("kbd", {}, key)).flatMap((key, at) => (at ? [" ", key] : [key]))), h("dd", {}, t(does))])),
  });
