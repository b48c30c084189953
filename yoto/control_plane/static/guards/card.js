// One guard in the list. Its buttons stay what they are while its numbers change.

import { badge, h, replace } from "../dom.js";
import { number, quantity, subject, until } from "../format.js";
import { may, named, parts, t } from "../page.js";
import { sparkline } from "../sparkline.js";
import { hint } from "../states.js";
import { actsOf } from "./acts.js";
import { callers, callersOf } from "./callers.js";
import { edit } from "./editor.js";
import { dimensionNamed } from "./fields.js";
import { lookOf, stateOf } from "./order.js";

/** A card: `{element, show(guard, its mark)}`; `changed` is called after an act. */
export function guardCard(changed) {
  const title = h("h3");
  const what = h("div", { class: "what" });
  const state = h("div");
  const facts = h("dl", { class: "facts" });
  const notes = h("div");
  const trace = h("div", { class: "trace" });
  const buttons = h("div", { class: "buttons" });
  const element = h("article", { class: "card guard" }, h("div", { class: "card-head" }, h("div", {}, title, what), state), facts, notes, trace, buttons);
  let guard = null;
  let mark = null;
  let offered = "";

  function acts() {
    const found = may("operate") ? [...(mark?.acts ?? []), ...actsOf(guard)] : [];
    const names = found.map((act) => act.title);
    if (offered !== names.join()) {
      offered = names.join();
      replace(
        buttons,
        found.map((act) => h("button", { type: "button", class: act.danger && "dangerous", dataset: act.key ? { act: act.key } : {}, onclick: async () => (await act.run(guard)) && changed() }, act.title)),
        guard.limiter ? h("button", { type: "button", onclick: () => callers(guard.name) }, t("guards.callers")) : null,
        guard.breaker && !guard.breaker.operable ? null : h("button", { type: "button", dataset: { act: "edit" }, onclick: async () => (await edit(guard.kind, guard.name)) && changed() }, t("guards.configure")),
      );
    }
  }

  return {
    element,
    show(found, marked = null) {
      guard = found;
      mark = marked;
      const look = lookOf(guard);
      element.dataset.look = look;
      element.setAttribute("aria-label", `${named("kind", guard.kind)} ${guard.name}`);
      element.dataset.guard = `${guard.kind}:${guard.name}`;
      if (title.textContent !== guard.name) {
        replace(title, subject(`guard:${guard.name}`));
      }
      replaceIfOther(what, named("kind", guard.kind));
      put(state, badge(guard.state, stateOf(guard), look));
      put(facts, factsOf(guard));
      put(notes, mark?.note(), notesOf(guard));
      put(trace, traceOf(guard));
      acts();
    },
  };
}

function replaceIfOther(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** Put the new elements; those that look the same stay, so that nothing flickers or is read out again. */
function put(node, ...children) {
  const fresh = h("div", {}, children);
  const old = [...node.childNodes];
  const next = [...fresh.childNodes];
  if (old.length !== next.length || next.some((child, at) => !child.isEqualNode(old[at]))) {
    node.replaceChildren(...next);
  }
}

const fact = (name, value, help = null) => [h("dt", {}, name, help ? [" ", hint(help, name)] : null), h("dd", {}, value)];
const per_cent = (value) => (value === null ? t("guards.too_few") : quantity(value / 100, "ratio"));

function factsOf(guard) {
  const rates = [fact(t("guards.passes"), quantity(guard.rates.passes, "per_second")), fact(t("guards.refuses"), quantity(guard.rates.rejections, "per_second"))];
  if (guard.breaker) {
    return [...breakerFacts(guard), ...rates];
  }
  return guard.limiter ? [...rates, ...limiterFacts(guard.limiter)] : [...bulkheadFacts(guard.bulkhead), ...rates];
}

function breakerFacts({ breaker, state }) {
  return [
    fact(t("guards.failure_rate"), per_cent(breaker.failure_rate), "failure_rate"),
    fact(t("guards.slow_rate"), per_cent(breaker.slow_call_rate), "slow_rate"),
    fact(t("guards.volume"), t("guards.calls", { n: number(breaker.calls) }), "calls"),
    breaker.next_probe_in === null ? [] : fact(t("guards.next_probe"), quantity(Math.ceil(breaker.next_probe_in), "s")),
    breaker.success_threshold > 1 && state === "half_open" ? fact(t("guards.good_probes"), `${number(breaker.probes_succeeded)} / ${number(breaker.success_threshold)}`) : [],
  ].flat();
}

const limiterFacts = (limiter) => [
  ...limiter.dimensions.flatMap((one) => fact(dimensionNamed(one.name), t("guards.limit_in", { limit: number(one.limit), window: quantity(one.window, "s") }))),
  ...(limiter.leases ? fact(t("guards.wasted"), t("guards.wasted_of", { wasted: number(limiter.leases.wasted), leased: number(limiter.leases.leased) }), "wasted") : []),
];

const bulkheadFacts = (bulkhead) =>
  [
    ...(bulkhead.held === null
      ? [fact(t("guards.held_here"), number(bulkhead.held_here)), fact(t("guards.limit_each", { partition: named("guard_choice", bulkhead.strategy) }), number(bulkhead.limit))]
      : [fact(t("guards.in_flight"), `${number(bulkhead.held)} / ${number(bulkhead.limit)}`, "in_flight"), fact(t("guards.waiting"), number(bulkhead.waiting))]),
    fact(t("guards.lost"), number(bulkhead.lost), "lost"),
    bulkhead.leases ? fact(t("guards.spare_here"), number(bulkhead.spare_here)) : [],
    bulkhead.leases ? fact(t("guards.wasted"), t("guards.slots_wasted_of", { wasted: number(bulkhead.leases.wasted), leased: number(bulkhead.leases.leased) }), "wasted") : [],
  ].flat();

function notesOf(guard) {
  const forced = guard.breaker?.forced;
  return [
    guard.defined ? null : h("p", { class: "notice unknown small" }, t("guards.undefined")),
    guard.scope === "worker" ? h("p", { class: "notice unknown small worker-only" }, t("guards.worker_only")) : null,
    forced ? h("p", { class: "forced" }, parts("guards.forced_by", { author: subject(forced.author), reason: forced.reason }), " · ", until(forced.until)) : null,
    guard.limiter ? callersOf(guard.limiter.top) : null,
    guard.overridden.length ? h("p", { class: "changed quiet" }, t("guards.overridden", { fields: guard.overridden.map((name) => named("guard_field", name)).join(", ") })) : null,
  ];
}

function traceOf({ spark, kind }) {
  const held = kind === "bulkhead";
  const line = held ? spark.in_flight : spark.passes;
  const refused = sparkline(spark.rejections, t("guards.spark_refused"), { top: 0.1 });
  refused.classList.add("refused");
  return [
    h("div", { class: "trace-names" }, h("span", {}, held ? t("guards.in_flight") : t("guards.passes")), h("span", {}, t("guards.ten_minutes"))),
    sparkline(line, held ? t("guards.spark_held") : t("guards.spark_passes"), { top: 0.1 }),
    spark.rejections.some((value) => value) ? [h("div", { class: "trace-names" }, h("span", {}, t("guards.refuses"))), refused] : null,
    spark.complete ? null : h("div", { class: "what worker-only" }, t("guards.spark_incomplete")),
  ];
}
