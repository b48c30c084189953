// The records of one thing in the audit log: several lists, of which one is shown.

import { get } from "../api.js";
import { differenceList } from "../difference.js";
import { h, replace } from "../dom.js";
import { actName, moment, subject } from "../format.js";
import { keep, t } from "../page.js";
import { pagedTable } from "../table.js";

// The part of a change that a line shows; the page of the audit log shows all.
const SHORT = { most: 4, longest: 48 };
const SHOWN = 20;

/**
 * Fill `node` with one of `lists`, `[key, title, query]` each, and `choice` with buttons for them,
 * where there are several; the address keeps which. `{look()}` reads again.
 */
export function recordsPart(node, choice, lists, chosen = null) {
  let at = lists.find(([key]) => key === chosen) ?? lists[0];
  const list = pagedTable({
    label: t("audit.title"),
    none: t("audit.none"),
    fetch: (after) => get("/audit", { ...at[2], after, limit: SHOWN }),
    columns: [
      { title: t("audit.at"), render: (one) => h("span", { class: "unbroken" }, moment(one.at)) },
      { title: t("audit.who"), render: who },
      { title: t("audit.act"), head: true, render: (one) => actName(one.action) },
      { title: t("audit.subject"), render: (one) => subject(one.subject) },
      { title: t("audit.changed"), render: (one) => differenceList(one.before, one.after, SHORT) },
      { title: t("audit.reason"), render: (one) => one.reason },
    ],
  });
  const buttons = lists.map(([key, title]) => h("button", { type: "button", "aria-pressed": String(key === at[0]), onclick: () => choose(key) }, title));

  function choose(key) {
    at = lists.find(([one]) => one === key);
    buttons.forEach((button, n) => button.setAttribute("aria-pressed", String(lists[n] === at)));
    keep({ records: at === lists[0] ? null : key });
    list.restart();
  }

  replace(choice, lists.length > 1 ? h("div", { class: "segments", role: "group", "aria-label": t("audit.area") }, buttons) : null);
  replace(node, list.element);
  list.reload();
  return { look: () => list.reload() };
}

const who = (one) => (one.actor ? subject(`user:${one.actor.id}`, { text: one.actor.username }) : h("span", { class: "quiet" }, one.after?.author ?? t("audit.system")));
