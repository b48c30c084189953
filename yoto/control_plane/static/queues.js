// Locks: who holds which.

import { get, post } from "./api.js";
import { act } from "./dialog.js";
import { h } from "./dom.js";
import { duration, number, quantity, subject } from "./format.js";
import { repeat } from "./live.js";
import { t } from "./page.js";
import { load } from "./states.js";
import { table } from "./table.js";

const code = (text) => h("span", { class: "name-of" }, text);
const REFRESH = 2; // s between readings

const locks = table({
  label: t("queues.locks"),
  key: (row) => row.name,
  columns: [
    { title: t("queues.lock"), head: true, render: ({ name }) => code(name), sort: (row) => row.name },
    { title: t("queues.holder"), render: ({ holder }) => (holder === null ? t("queues.holder_unknown") : subject(`worker:${holder}`)) },
    { title: t("queues.token"), number: true, render: ({ token }) => code(String(token)) },
    { title: t("queues.held"), number: true, render: ({ held_s: held }) => quantity(held, "s"), sort: (row) => row.held_s },
    { title: t("queues.lease"), number: true, render: ({ lease_left_s: left }) => quantity(left, "s") },
    { title: t("queues.waiters"), number: true, render: ({ waiting }) => number(waiting) },
    { title: t("queues.heard"), render: ({ heard_s: heard }) => (heard === null ? "–" : t("unit.ago", { age: duration(heard) })) },
  ],
  actions: [{ title: t("queues.release"), danger: true, run: release }],
  none: t("queues.no_locks"),
});

const reloadLocks = repeat(
  () =>
    load(document.getElementById("locks"), () => get("/locks"), ({ items }) => {
      locks.show(items);
      return locks.element;
    }),
  REFRESH,
);

async function release({ name, token, holder }) {
  await act({
    title: t("queues.release_of", { name }),
    intro: t("queues.release_does", { holder: holder ?? t("queues.holder_unknown"), token }),
    submit: t("queues.release_do"),
    danger: true,
    confirm: name,
    run: ({ reason }, { key }) => post(`/locks/${name.split("/").map(encodeURIComponent).join("/")}/release`, { token, reason }, { key }),
    done: t("queues.released", { name }),
  });
  reloadLocks();
}
