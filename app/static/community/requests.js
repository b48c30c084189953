// Rights that people ask to be lent: the requests that one may decide, and one's own.

import { get, post } from "../control/api.js";
import { badge, h } from "../control/dom.js";
import { duration, until } from "../control/format.js";
import { named, t } from "../control/page.js";
import { pagedTable } from "../control/table.js";
import { wanted } from "./asking.js";
import { doing } from "./denied.js";

const EVERY = 10_000; // ms between looks, each of which counts against a limit
const LOOKS = { open: "warning", granted: "ok", refused: "failed", withdrawn: "neutral", lapsed: "neutral", ended: "neutral" };
const GRANTED_MAX = 86_400; // s that the page offers

/** Say to `say(n)` how many requests of others wait for who looks: 0 to 50, where there may be more. */
export async function countInbox(say) {
  const { items } = await get("/access-requests", { box: "inbox" });
  say(items.length);
}

export function requestsTab(place) {
  const what = { title: t("requests.what"), head: true, render: wanted };
  const where = { title: t("requests.where"), render: (one) => one.place_name };
  const why = { title: t("dialog.reason"), render: (one) => one.reason };
  const inbox = pagedTable({
    label: t("requests.inbox"),
    columns: [{ title: t("members.person"), head: true, render: nameOf }, { ...what, head: false }, where, why, { title: t("requests.for"), render: (one) => duration(one.seconds) }],
    actions: [
      { title: t("requests.grant"), right: null, when: (one) => one.may_decide, run: async (one) => (await grant(place, one)) && look() },
      { title: t("requests.refuse"), right: null, danger: true, when: (one) => one.may_decide, run: async (one) => (await refuse(place, one)) && look() },
    ],
    none: t("requests.none_open"),
    fetch: async (after) => {
      const found = await get("/access-requests", { box: "inbox", after });
      if (after === null) {
        place.sayWaiting(found.items.length);
      }
      return found;
    },
  });
  const mine = pagedTable({
    label: t("requests.mine"),
    columns: [
      what,
      where,
      { title: t("requests.state"), render: (one) => badge(one.state, named("request_state", one.state), LOOKS[one.state]) },
      { title: t("requests.until"), render: (one) => (one.due_at ? until(one.due_at) : null) },
      why,
      { title: t("requests.decision"), render: (one) => one.decision },
    ],
    actions: [{ title: t("requests.withdraw"), right: null, when: (one) => one.state === "open" || one.state === "granted", run: async (one) => (await withdraw(place, one)) && look() }],
    none: t("requests.none"),
    fetch: (after) => get("/access-requests", { after }),
  });
  const look = () => document.hidden || Promise.all([inbox.reload(), mine.reload()]);
  const timer = setInterval(look, EVERY);
  look();
  return {
    element: h("div", {}, h("section", { class: "card" }, h("h2", {}, t("requests.inbox")), inbox.element), h("section", { class: "card" }, h("h2", {}, t("requests.mine")), mine.element)),
    close: () => clearInterval(timer),
  };
}

const nameOf = (one) => one.display_name ?? one.username;
const about = (one) => ({ name: nameOf(one), permission: wanted(one) });
const answer = { name: "reason", label: t("requests.decision"), maxlength: 500 };

const grant = (place, one) =>
  doing(place, {
    title: t("requests.grant_to", about(one)),
    intro: t("requests.grant_does"),
    submit: t("requests.grant"),
    fields: [answer],
    expiry: { required: true, standard: 3600, longest: GRANTED_MAX },
    run: ({ reason, expires_in: seconds }, { key }) => post(`/access-requests/${one.id}/grant`, { reason: reason || null, seconds }, { key }),
    done: t("requests.granted"),
  });

const refuse = (place, one) =>
  doing(place, {
    title: t("requests.refuse_to", about(one)),
    submit: t("requests.refuse"),
    danger: true,
    fields: [answer],
    run: ({ reason }, { key }) => post(`/access-requests/${one.id}/refuse`, { reason: reason || null }, { key }),
    done: t("requests.refused"),
  });

const withdraw = (place, one) =>
  doing(place, {
    title: t("requests.withdraw_what", about(one)),
    submit: t("requests.withdraw"),
    run: (_, { key }) => post(`/access-requests/${one.id}/withdraw`, {}, { key }),
    done: t("requests.withdrawn"),
  });
