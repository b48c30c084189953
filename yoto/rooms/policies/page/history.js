// The versions of an entry: compared with one another, and brought back.

import { get, post } from "../control/api.js";
import { act, show } from "../control/dialog.js";
import { badge, h } from "../control/dom.js";
import { moment, subject } from "../control/format.js";
import { named, t } from "../control/page.js";
import { pagedTable } from "../control/table.js";
import { drawn } from "./diff.js";

/**
 * `live()` is the version in force, 0 for none; `loses()` warns of what is typed and not put;
 * `changed` is called after a rollback.
 */
export function history({ address, live, loses, changed }) {
  const list = pagedTable({
    label: t("policies.versions"),
    none: t("policies.no_versions"),
    key: (one) => one.version,
    columns: [
      { title: t("policies.version"), head: true, render: (one) => one.version },
      { title: t("policies.state"), render: (one) => badge(one.state, named("policy_state", one.state)) },
      { title: t("policies.author"), render: (one) => subject(one.author) },
      { title: t("policies.at"), render: (one) => moment(one.at) },
      { title: t("policies.comment"), render: (one) => one.comment },
    ],
    actions: [
      { title: t("policies.compare_live"), right: "view", when: (one) => live() !== 0 && one.version !== live(), run: (one) => compare(one.version, live()) },
      { title: t("policies.compare_before"), right: "view", when: (one) => one.version > 1, run: (one) => compare(one.version - 1, one.version) },
      { title: t("policies.roll_back"), right: "admin", when: (one) => one.version !== live() && one.state !== "candidate", run: rollBack },
    ],
    fetch: async (after) => {
      try {
        return await get(`${address}/versions`, { after });
      } catch (problem) {
        if (problem.status === 404) {
          return { items: [], next: null };
        }
        throw problem;
      }
    },
  });

  const differenceOf = (old, now) => get(`${address}/versions/${old}/diff/${now}`);

  async function compare(old, now) {
    const title = t("policies.compared_title", { old, now });
    const found = await differenceOf(old, now).catch((problem) => problem);
    show({ title, wide: true, body: found instanceof Error ? h("p", { class: "notice failed" }, found.message) : h("div", {}, both(found, title)) });
  }

  async function rollBack(one) {
    const done = await act({
      title: t("policies.roll_back_title", { version: one.version }),
      intro: [h("p", {}, t("policies.roll_back_intro")), loses()],
      submit: t("policies.roll_back"),
      wide: true,
      preview: async () => (live() === 0 ? "" : both(await differenceOf(live(), one.version), t("policies.versions"))),
      run: ({ reason }, options) => post(`${address}/rollback`, { reason, version: one.version }, { ...options, etag: `"${live()}"` }),
      done: (receipt) => t("policies.rolled_back", { version: receipt.version }),
    });
    if (done) {
      changed();
    }
  }

  list.reload();
  return { element: h("section", { class: "card" }, h("h2", {}, t("policies.versions")), list.element), reload: list.reload };
}

const both = (found, title) => [
  drawn(found.source, title),
  found.tests.length ? [h("h3", {}, t("policies.tests")), drawn(found.tests, t("policies.tests"))] : null,
];
