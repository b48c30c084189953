// Access reviews: who can, since when and by what; as a file too.

import { apiAddress, get } from "../api.js";
import { h } from "../dom.js";
import { moment, subject } from "../format.js";
import { named, t } from "../page.js";
import { pagedTable } from "../table.js";
import { missing, questionForm } from "./question.js";
import { reason } from "./sign.js";

export function reviewTab(go) {
  const found = h("div", { "aria-live": "polite" });
  const question = questionForm({ submit: t("permissions.review_now"), ask, found });

  async function ask(values) {
    const fetch = async (after) => {
      const page = await get("/review", { ...values, after });
      return { items: page.items, next: page.next_after, incomplete: page.incomplete };
    };
    const first = await fetch(null);
    const list = pagedTable({
      label: t("permissions.review"),
      none: t("permissions.nobody"),
      key: (line) => line.user_id,
      columns: [
        { title: t("permissions.user"), head: true, render: (line) => subject(`user:${line.user_id}`, { text: line.username }) },
        { title: t("permissions.reason"), render: (line) => reason(line.reason) },
        { title: t("permissions.since"), render: (line) => (line.since ? moment(line.since) : t("permissions.unknown")) },
        { title: t("permissions.ways"), render: (line) => h("ul", { class: "ways" }, line.ways.map(way)) },
      ],
      actions: [{ title: t("permissions.why"), right: "view", run: (line) => go("explain", { ...values, username: line.username }) }],
      fetch: (after) => (after === null ? first : fetch(after)),
    });
    await list.reload();
    return [missing(first), exports(values), list.element];
  }

  return { element: h("div", {}, h("p", { class: "quiet" }, t("permissions.review_intro")), question.element, found), ask: () => {} };
}

const exports = (values) =>
  h(
    "p",
    { class: "buttons" },
    ["csv", "json"].map((format) => h("a", { class: "button", href: apiAddress("/review/export", { ...values, format }), download: true }, t(format === "csv" ? "permissions.as_csv" : "permissions.as_json"))),
  );

const way = (one) =>
  h(
    "li",
    {},
    named("way", one.kind),
    one.role === null ? null : [" · ", subject(`role:${one.role_id}`, { text: one.role })],
    one.group === null ? null : ` · ${t("permissions.by_group", { group: one.group })}`,
    " · ",
    one.scope.includes(":") ? subject(one.scope) : named("scope", one.scope),
    one.until === null ? null : [" · ", t("permissions.until"), " ", moment(one.until)],
  );
