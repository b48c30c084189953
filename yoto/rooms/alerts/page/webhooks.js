// Where alerts are sent.

import { get, post } from "../control/api.js";
import { act, show } from "../control/dialog.js";
import { badge, h, reported, toast } from "../control/dom.js";
import { age, moment, number, subject } from "../control/format.js";
import { repeat } from "../control/live.js";
import { may, named, t } from "../control/page.js";
import { showSecret } from "../control/settings/secret.js";
import { load } from "../control/states.js";
import { table } from "../control/table.js";
import { LEVELS } from "./count.js";

const REFRESH = 20; // s between readings
const part = (id) => document.getElementById(id);

const webhooks = table({
  label: t("settings.webhooks"),
  none: t("settings.no_webhooks"),
  columns: [
    { title: t("settings.name"), head: true, render: (one) => one.name },
    { title: t("settings.address"), render: (one) => one.url },
    { title: t("settings.from_level"), render: (one) => t(`rules.${one.min_level}`) },
    { title: t("settings.state"), render: stateOf },
    { title: t("settings.by"), render: (one) => [subject(one.created_by), " ", age(one.created_at)] },
  ],
  actions: [
    { title: t("settings.test"), right: "admin", run: test },
    { title: t("settings.deliveries"), right: "view", run: reported(deliveries) },
    { title: t("settings.remove"), right: "admin", danger: true, run: (one) => remove(one) },
  ],
});

function stateOf(one) {
  const waiting = one.waiting ? ` ${t("settings.waiting", { n: number(one.waiting) })}` : "";
  return one.failures ? [badge("failed", t("settings.failing", { n: number(one.failures) })), waiting] : [badge("ok", t("settings.working")), waiting];
}

const drawWebhooks = () =>
  load(part("webhook-list"), () => get("/alerts/webhooks"), ({ items }) => {
    webhooks.show(items);
    return webhooks.element;
  });

if (may("admin")) {
  part("webhook-new").append(h("button", { type: "button", onclick: add }, t("settings.webhook_add")));
}

async function add() {
  const made = await act({
    title: t("settings.webhook_add"),
    intro: t("settings.webhook_does"),
    submit: t("settings.webhook_add"),
    fields: [
      { name: "name", label: t("settings.name"), required: true, maxlength: 64, hint: t("settings.webhook_name") },
      { name: "url", label: t("settings.address"), required: true, maxlength: 2000, hint: "https://" },
      { name: "min_level", label: t("settings.from_level"), type: "select", options: LEVELS.map((level) => [level, t(`rules.${level}`)]) },
    ],
    run: (values, { key }) => post("/alerts/webhooks", values, { key }),
  });
  drawWebhooks();
  if (made) {
    await showSecret(t("settings.webhook_added", { name: made.name }), made.secret);
  }
}

async function test(one) {
  const outcome = await act({
    title: t("settings.test_title", { name: one.name }),
    intro: t("settings.test_does"),
    submit: t("settings.test"),
    run: ({ reason }, { key }) => post(`/alerts/webhooks/${one.id}/test`, { reason }, { key }),
  });
  if (outcome) {
    toast(outcome.delivered ? t("settings.delivered", { status: outcome.status }) : t("settings.not_delivered", { error: outcome.error }), outcome.delivered ? "ok" : "failed");
  }
  drawWebhooks();
}

const remove = (one) =>
  act({
    title: t("settings.remove_title", { name: one.name }),
    intro: t("settings.remove_does"),
    submit: t("settings.remove"),
    danger: true,
    run: ({ reason }, { key }) => post(`/alerts/webhooks/${one.id}/remove`, { reason }, { key }),
    done: t("settings.removed"),
  }).then(drawWebhooks);

async function deliveries(one) {
  const { items } = await get(`/alerts/webhooks/${one.id}/deliveries`);
  const list = table({
    label: t("settings.deliveries"),
    none: t("settings.no_deliveries"),
    columns: [
      { title: t("settings.at"), render: (sent) => moment(sent.created_at) },
      { title: t("settings.event"), head: true, render: (sent) => named("event", sent.event) },
      { title: t("settings.state"), render: (sent) => (sent.delivered ? badge("ok", t("settings.arrived")) : sent.settled_at ? badge("failed", t("settings.given_up")) : badge("warning", t("settings.waits"))) },
      { title: t("settings.attempts"), number: true, render: (sent) => number(sent.attempts) },
      { title: t("settings.answer"), render: (sent) => sent.error ?? (sent.status === null ? null : `HTTP ${sent.status}`) },
    ],
  });
  list.show(items);
  await show({ title: t("settings.deliveries_to", { name: one.name }), body: list.element, wide: true });
}

repeat(drawWebhooks, REFRESH);
