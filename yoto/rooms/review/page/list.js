// The people who can do something, since when and by what; as a file too.

import { apiAddress, get } from "../control/api.js";
import { h } from "../control/dom.js";
import { moment, subject } from "../control/format.js";
import { named, t } from "../control/page.js";
import { reason } from "../control/permissions/sign.js";
import { pagedTable } from "../control/table.js";

/** The list of those who can do what `values` ask: `{element, first}`, with the first page; `why(line)` leads on. */
export async function reviewList(values, why = null) {
  const fetch = async (after) => {
    const page = await get("/review", { ...values, after });
    return { items: page.items, next: page.next_after, incomplete: page.incomplete };
  };
  const first = await fetch(null);
  const list = pagedTable({
    label: t("permissions.who_can"),
    none: t("permissions.nobody"),
    key: (line) => line.user_id,
    columns: [
      { title: t("permissions.user"), head: true, render: whom },
      { title: t("permissions.reason"), render: (line) => reason(line.reason) },
      { title: t("permissions.ways"), render: (line) => h("ul", { class: "ways" }, line.ways.map(way)) },
      { title: t("permissions.since"), render: (line) => (line.since ? moment(line.since) : t("permissions.unknown")) },
    ],
    actions: why ? [{ title: t("permissions.why"), right: "view", run: why }] : [],
    fetch: (after) => (after === null ? first : fetch(after)),
  });
  await list.reload();
  return { first, element: h("div", {}, list.element, first.items.length ? exports(values) : null) };
}

// Programs, and who is not signed in, are called by what they are.
const NO_PERSON = /^(public$|application:)/;

const whom = ({ user_id: id, username }) => (NO_PERSON.test(username) ? subject(username) : subject(`user:${id}`, { text: username }));

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
    one.holder === null ? null : [" · ", t("permissions.held_by"), " ", subject(one.holder)],
    one.group === null ? null : ` · ${t("permissions.by_group", { group: one.group })}`,
    " · ",
    one.scope.includes(":") ? subject(one.scope) : named("scope", one.scope),
    one.until === null ? null : [" · ", t("permissions.until"), " ", moment(one.until)],
  );
