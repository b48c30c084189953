// The worst of everything that can be wrong, on every page, and each cause as a link to its end.

import { badge } from "./badge.js";
import { h, replace } from "./dom.js";
import { age, known, quantity, until } from "./format.js";
import { has, named, page, parts, t } from "./page.js";
import { subject } from "./subject.js";

// How each state is drawn; a plan is no warning.
const LOOKS = { ok: "ok", planned: "neutral", degraded: "warning", unknown: "unknown", failed: "failed" };
const home = page.api.replace(/api$/, "");

/** Keep `node` saying how everything is; what is not known now is said as that. */
export function drawHeadline(node, headline) {
  const { state, causes } = headline ?? { state: "unknown", causes: [] };
  const text = t(`headline.${state}`);
  const key = JSON.stringify([state, causes.map(sentence)]);
  if (node.dataset.shown === key) {
    return;
  }
  node.dataset.shown = key;
  const [first, ...others] = causes;
  replace(
    node,
    h("a", { href: home, class: "overall" }, badge(state, text, LOOKS[state])),
    first ? h("span", { class: "quiet small" }, sentence(first), others.length ? ` ${t("headline.more", { n: others.length })}` : "") : null,
  );
}

/** Every cause: what it is, who ordered it and why, since when and how long, and what ends it. */
export const causeList = (causes) => h("ul", { class: "causes" }, causes.map(causeOf));

function causeOf(cause) {
  const { state, by, reason, caller, network, since, until: end, where, verb } = cause;
  const notes = [
    by ? t("headline.by", { by }) : null,
    reason,
    caller ? parts("headline.caller", { caller: caller.split(", ").map((one, at) => [at ? ", " : "", one.includes(":") ? subject(one) : one]) }) : null,
    network ? t("headline.network", { network }) : null,
  ].filter(Boolean);
  return h(
    "li",
    { dataset: { kind: cause.kind, name: cause.name } },
    badge(state, t(`condition.${state}`), LOOKS[state]),
    h("b", {}, sentence(cause)),
    notes.length ? h("span", { class: "quiet" }, notes.map((note, at) => [at ? " · " : "", note])) : null,
    since === null ? null : age(since),
    end === null ? null : until(end),
    h("a", { href: home + where, "aria-label": t("headline.to", { verb: t(`verb.${verb}`), cause: sentence(cause) }) }, t(`verb.${verb}`)),
  );
}

/** What a cause is, in the language of the page. */
function sentence({ kind, name, labels, value, unit, detail, state }) {
  const amount = known(value) ? quantity(value, unit ?? "count") : "";
  const of = Object.values(labels ?? {}).join(" ");
  switch (kind) {
    case "alert":
      return [`${named("rule", name)}${of ? ` (${of})` : ""}`, amount].filter(Boolean).join(" ");
    case "component":
      return t("cause.component", { name: named("component", name), state: t(`condition.${state}`) });
    case "health":
      return `${named("measure", name.slice("health:".length))} ${amount}`;
    case "override":
      return t("cause.override", { name: `${named("kind", of)} ${name}`, detail });
    case "degraded_feature":
      return t("cause.degraded_feature", { name: name === "*" ? t("banner.every_feature") : name, detail });
    case "unknown":
      return t("cause.unknown", { name: name.split(", ").map((source) => named("source", source)).join(", ") });
    default:
      return has(`cause.${kind}`) ? t(`cause.${kind}`, { name, value: amount }) : `${kind} ${name}`;
  }
}
