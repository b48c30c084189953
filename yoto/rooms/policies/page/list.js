// The state in force: the engine, the policies, the candidate, the documents.

import { get, post, Problem } from "../control/api.js";
import { act } from "../control/dialog.js";
import { badge, h } from "../control/dom.js";
import { age, number, quantity, subject } from "../control/format.js";
import { may, named, stay, step, t } from "../control/page.js";
import { load } from "../control/states.js";
import { table } from "../control/table.js";
import { coverageCard } from "./coverage.js";
import { addressOf, NAME } from "./kinds.js";
import { shadowCard } from "./shadow.js";

const REFRESH = 5; // s

export function listView() {
  const engine = h("div", {});
  // Kept while it says the same, so that it is read out once.
  const trouble = h("p", { class: "notice failed", role: "alert", hidden: true });
  const policies = h("div", {});
  const documents = h("div", {});
  const shadow = shadowCard(refresh);
  const policyTable = table({
    label: t("policies.title"),
    none: t("policies.none"),
    key: (one) => one.name,
    columns: [
      { title: t("policies.name"), head: true, sort: (one) => one.name, render: (one) => h("a", { href: addressOf("policy", one.name), onclick: stay }, one.name) },
      { title: t("policies.state"), render: (one) => [badge(one.state, named("policy_state", one.state)), one.candidate_version === null ? null : [" ", badge("warning", t("policies.with_candidate", { version: one.candidate_version }))], one.unacknowledged ? [" ", badge("warning", t("policies.unacknowledged"))] : null] },
      { title: t("policies.version"), number: true, render: (one) => one.version },
      { title: t("policies.denials"), number: true, sort: (one) => denials(one), render: (one) => number(denials(one)) },
      { title: t("policies.changed"), render: (one) => [age(one.at), " · ", subject(one.author)] },
    ],
    actions: [{ title: t("policies.acknowledge"), right: "admin", when: (one) => one.unacknowledged, run: acknowledge }],
  });
  const documentTable = table({
    label: t("policies.documents"),
    none: t("policies.no_documents"),
    key: (one) => one.name,
    columns: [
      { title: t("policies.name"), head: true, sort: (one) => one.name, render: (one) => h("a", { href: addressOf("document", one.name), onclick: stay }, one.name) },
      { title: t("policies.version"), number: true, render: (one) => one.version },
      { title: t("policies.changed"), render: (one) => [age(one.at), " · ", subject(one.author)] },
      { title: t("policies.comment"), render: (one) => one.comment },
    ],
  });

  function acknowledge({ name }) {
    act({
      title: t("policies.acknowledge_title", { name }),
      intro: t("policies.acknowledge_intro"),
      submit: t("policies.acknowledge"),
      run: ({ reason }, options) => post(`/policies/${name}/acknowledge`, { reason }, options),
    }).then((done) => done !== null && refresh());
  }

  async function refresh() {
    const found = get("/policies");
    await Promise.all([
      load(engine, () => found, (data) => (say(trouble, data.engine.error === null ? "" : t("policies.engine_says", { detail: data.engine.error })), engineOf(data.engine))),
      load(policies, () => found, (data) => (policyTable.show(data.items), policyTable.element)),
      load(documents, () => get("/policy-documents"), (data) => (documentTable.show(data.items), documentTable.element)),
      shadow.refresh(),
    ]);
  }

  refresh();
  const timer = setInterval(() => document.hidden || refresh(), REFRESH * 1000);
  return {
    close: () => clearInterval(timer),
    element: h(
      "div",
      {},
      h("section", { class: "card" }, h("h2", {}, t("policies.engine")), engine, trouble),
      h("section", { class: "card compact" }, head(t("policies.title"), "policy", t("policies.new_policy")), policies),
      shadow.element,
      coverageCard().element,
      h("section", { class: "card compact" }, head(t("policies.documents"), "document", t("policies.new_document")), h("p", { class: "quiet" }, t("policies.documents_intro")), documents),
    ),
  };
}

function say(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
    node.hidden = text === "";
  }
}

const denials = (one) => one.use && Object.values(one.use.denies).reduce((sum, n) => sum + n, 0);

const head = (title, kind, text) =>
  h("div", { class: "card-head" }, h("h2", {}, title), may("admin") ? h("button", { type: "button", onclick: () => begin(kind, text) }, text) : null);

/** Ask for a name; nothing exists under it until it is put. */
function begin(kind, title) {
  act({
    title,
    submit: t("policies.write"),
    reason: false,
    fields: [{ name: "name", label: t("policies.name"), hint: t("policies.name_hint"), required: true, maxlength: 48 }],
    run: async ({ name }) => {
      if (!NAME.test(name)) {
        throw new Problem(422, { errors: { name: [t("policies.name_hint")] } });
      }
      step(addressOf(kind, name));
    },
  });
}

function engineOf(engine) {
  const facts = [
    [t("policies.state"), badge(engine.state, named("engine_state", engine.state))],
    [t("policies.engine"), engine.engine],
    [t("policies.runs_on"), engine.runs_on],
    [t("policies.set"), engine.bundle === null ? badge("failed", t("policies.no_set")) : h("code", {}, engine.bundle)],
    [t("policies.revision"), engine.revision === engine.wanted ? number(engine.revision) : t("policies.behind", { loaded: engine.revision ?? "–", wanted: engine.wanted ?? "–" })],
    [t("policies.answers_in"), quantity(engine.latency_ms, "ms")],
    [t("policies.evaluations"), number(engine.evaluations)],
    [t("policies.errors"), number(engine.errors)],
    [t("policies.worker"), h("code", {}, engine.instance)],
  ];
  return [
    h("dl", { class: "inline" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    engine.taken_out === null ? null : h("p", { class: "notice warning" }, t("policies.taken_out", { set: engine.taken_out })),
    engine.state === "ok" ? null : h("p", { class: "notice warning" }, t("policies.engine_says", { detail: engine.detail })),
  ];
}
