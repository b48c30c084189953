// The subjects of requests, denials and rejections, beside the charts that count them.

import { h } from "../dom.js";
import { number, subject } from "../format.js";
import { home, named, page, t } from "../page.js";
import { table } from "../table.js";
import { reason } from "../permissions/sign.js";

const STATUSES = ["2xx", "3xx", "4xx", "5xx", "planned"];
const count = (title, of) => ({ title, number: true, render: (one) => number(of(one) ?? 0), sort: (one) => of(one) ?? 0 });

const requests = table({
  label: t("overview.by_area"),
  key: (one) => one.area,
  columns: [
    { title: t("overview.area"), head: true, render: (one) => one.area, sort: (one) => one.area },
    count(t("overview.all"), (one) => one.total),
    ...STATUSES.map((status) => count(status === "planned" ? t("overview.planned") : status, (one) => one.by_status[status])),
  ],
});

/** The denials themselves: who was denied, where, and what it would be now. */
const deniedLink = ({ permission, reason }) =>
  page.links.denials ? h("a", { href: `${home}${page.links.denials}${new URLSearchParams({ permission, reason })}` }, permission) : permission;

const denials = table({
  label: t("overview.by_reason"),
  none: t("overview.no_denials"),
  key: (one) => `${one.permission} ${one.reason}`,
  columns: [
    { title: t("overview.permission"), head: true, render: deniedLink, sort: (one) => one.permission },
    { title: t("overview.reason"), render: (one) => reason(one.reason), sort: (one) => one.reason },
    count(t("overview.count"), (one) => one.count),
  ],
});

const rejections = table({
  label: t("overview.by_guard"),
  none: t("overview.no_rejections"),
  key: (one) => `${one.kind}:${one.name}`,
  columns: [
    { title: t("overview.guard"), head: true, render: (one) => subject(`guard:${one.kind}:${one.name}`, { text: one.name }), sort: (one) => one.name },
    { title: t("overview.kind"), render: (one) => named("kind", one.kind), sort: (one) => one.kind },
    count(t("overview.count"), (one) => one.count),
  ],
});

const CARDS = [
  [t("overview.by_area"), requests],
  [t("overview.by_reason"), denials],
  [t("overview.by_guard"), rejections],
];
const cards = CARDS.map(([title, list]) => h("section", { class: "card" }, h("h3", {}, title), list.element));
const element = h("div", { class: "grid wide" }, cards);

/** The tables, with what `/stats/breakdown` answers. */
export function breakdownTables(found) {
  requests.show(found.requests);
  denials.show(found.denials);
  rejections.show(found.rejections);
  return element;
}
