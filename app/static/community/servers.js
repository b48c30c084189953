// My servers, joining by an invite, and those that anybody may join.

import { get, post } from "../control/api.js";
import { act } from "../control/dialog.js";
import { h, replace } from "../control/dom.js";
import { age } from "../control/format.js";
import { page, t } from "../control/page.js";
import { pagedTable } from "../control/table.js";
import { begin } from "./frame.js";

const addressOf = (id) => `${page.servers}servers/${id}`;
const go = (id) => location.assign(addressOf(id));
const name = { title: t("community.name"), head: true, render: (one) => h("a", { href: addressOf(one.id) }, one.name) };
const about = { title: t("community.description"), render: (one) => one.description || null };

if (await begin()) {
  const mine = pagedTable({
    label: t("community.my_servers"),
    columns: [name, about, { title: t("community.since"), render: (one) => age(one.created_at) }],
    none: t("community.no_servers"),
    fetch: (after) => get("/servers", { after }),
  });
  const open = pagedTable({
    label: t("community.discover"),
    columns: [{ ...name, render: (one) => one.name }, about],
    actions: [{ title: (one) => t("community.join_named", { name: one.name }), right: null, run: (one) => act({ title: t("community.join_named", { name: one.name }), submit: t("community.join_do"), reason: false, run: (_, { key }) => post(`/servers/${one.id}/join`, undefined, { key }) }).then((done) => done && go(one.id)) }],
    none: t("community.none_open"),
    fetch: (after) => get("/servers/discover", { after }),
  });
  const create = h("button", { type: "button", onclick: make }, t("community.new_server"));
  replace(document.getElementById("servers"), mine.element, h("div", { class: "buttons spaced" }, create));
  replace(document.getElementById("discover"), open.element);
  replace(document.getElementById("join"), joinForm());
  mine.reload();
  open.reload();
}

function make() {
  act({
    title: t("community.new_server"),
    submit: t("community.new_server_do"),
    reason: false,
    fields: [
      { name: "name", label: t("community.name"), required: true, maxlength: 100 },
      { name: "description", label: t("community.description"), maxlength: 500 },
      { name: "public", label: t("community.public"), type: "checkbox" },
    ],
    run: (values, { key }) => post("/servers", values, { key }),
  }).then((made) => made && go(made.id));
}

/** The code alone, or an address that ends in it. */
const codeOf = (text) => text.trim().replace(/\/join$/, "").split("/").at(-1);

function joinForm() {
  const problem = h("p", { class: "problems", id: "join-problem", role: "alert" });
  const code = h("input", { id: "invite", name: "invite", required: true, maxlength: 200, autocomplete: "off", spellcheck: "false", "aria-describedby": "join-problem" });
  const send = async (event) => {
    event.preventDefault();
    problem.textContent = "";
    try {
      go((await post(`/invites/${encodeURIComponent(codeOf(code.value))}/join`)).server_id);
    } catch (error) {
      problem.textContent = error.status === 404 || error.status === 410 ? t("community.invite_spent") : error.message;
      code.focus();
    }
  };
  return h("form", { class: "tools", onsubmit: send }, h("div", {}, h("label", { for: "invite" }, t("community.invite_code")), code), h("button", { type: "submit", class: "primary" }, t("community.join_do")), problem);
}
