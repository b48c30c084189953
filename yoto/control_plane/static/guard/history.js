// Who set what of the parts of a guard, and why. It is rolled back in their editors.

import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { moment, subject } from "../format.js";
import { named, t } from "../page.js";
import { pagedTable } from "../table.js";

const SHOWN = 10;

/** Fill `node` with a table for each of `kinds`; `{look()}` reads again. */
export function historyPart(kinds, name, node) {
  const tables = kinds.map((kind) => {
    const title = t("guard.history_of", { kind: named("kind", kind) });
    const list = pagedTable({
      label: title,
      none: t("guards.no_history"),
      key: (row) => row.version,
      fetch: (after) => get(`/config/${kind}/${encodeURIComponent(name)}/history`, { after, limit: SHOWN }),
      columns: [
        { title: t("guards.version_short"), head: true, render: (row) => `v${row.version}` },
        { title: t("guards.what"), render: (row) => [named("guard_action", row.action), row.values ? h("div", {}, h("code", {}, JSON.stringify(row.values))) : null] },
        { title: t("guards.who"), render: (row) => [subject(row.author), row.origin === "tuner" ? ` (${t("guards.tuner")})` : "", h("div", { class: "quiet small" }, row.reason)] },
        { title: t("guards.when"), render: (row) => moment(row.at) },
      ],
    });
    return { element: h("section", {}, h("h3", {}, title), list.element), look: list.reload };
  });
  const look = () => tables.forEach((one) => one.look());
  replace(node, tables.map((one) => one.element));
  look();
  return { look };
}
