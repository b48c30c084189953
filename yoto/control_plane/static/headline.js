// The worst of everything that can be wrong, on every page, and each cause as a link to its end; the
// alerts that are open, and what an alert says.

import { badge, h, replace } from "./dom.js";
import { age, known, quantity, subject, until } from "./format.js";
import { has, home, named, page, parts, t } from "./page.js";

// How each state is drawn; a plan is no warning.
const LOOKS = { ok: "ok", planned: "neutral", degraded: "warning", unknown: "unknown", failed: "failed" };

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
    network && !saysNetwork(cause) ? t("headline.network", { network }) : null,
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

// Of some alerts the network is the news.
const saysNetwork = ({ kind, name, network }) => kind === "alert" && network && has(`cause.${name}`);

/** What a cause is, in the language of the page. */
function sentence(cause) {
  const { kind, name, labels, value, unit, detail, state, network } = cause;
  const amount = known(value) ? quantity(value, unit ?? "count") : "";
  const of = Object.values(labels ?? {}).join(" ");
  switch (kind) {
    case "alert":
      if (saysNetwork(cause)) {
        return t(`cause.${name}`, { value: amount, network });
      }
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

// Alerts: those that are open, as the topic "alerts" tells, all of them at first, then what becomes of each.

/**
 * Returns `{take(data, kind), items()}`. `take` is the handler of the topic; `items` are the alerts by
 * id, or null while they are not known: to what is not, news cannot be added. `more()` says whether
 * there are more than were told.
 */
export function openAlerts() {
  const open = new Map();
  let listed = false;
  let more = false;

  function learn({ type, at, data }) {
    const known = open.get(data.alert_id);
    if (type === "alert.raised") {
      open.set(data.alert_id, { ...data, id: data.alert_id, raised_at: at });
    } else if (type === "alert.changed" && known) {
      open.set(data.alert_id, { ...known, ...data });
    } else if (type === "alert.acknowledged" && known) {
      open.set(data.alert_id, { ...known, acknowledged_by: data.by });
    } else if (type === "alert.resolved") {
      open.delete(data.alert_id);
    }
  }

  return {
    take(data, kind) {
      if (kind === "failed") {
        listed = false;
      } else if (kind !== "delta") {
        listed = true;
        more = data.next !== null && data.next !== undefined;
        open.clear();
        data.items.forEach((alert) => open.set(alert.id, alert));
      } else if (listed) {
        learn(data);
      }
    },
    items: () => (listed ? [...open.values()] : null),
    more: () => more,
  };
}

// What an alert says, in the language of the page.

// In what the rules of the platform measure, where that is more than a number: news do not say so.
const UNITS = { hit_rate: "share", response_time: "ms", error_rate: "share", memory: "share", queue_age: "s", invalidation_lag: "s", log_silence: "s" };

/**
 * The text of an alert, about the worst that it was: that holds while the value falls, and afterwards.
 * Rules of the platform have one in each language; others say what was written for them.
 */
export function alertText({ rule, cause, peak_value: peak, limit, text }) {
  const key = `says.${rule}`;
  if (!has(key) || cause === "unknown" || !known(peak) || !known(limit)) {
    return text;
  }
  const format = (value) => quantity(value, UNITS[rule] ?? "count");
  return t(key, { value: format(peak), limit: format(limit) });
}

/** The level of an alert: of one that is over, the worst that it was. */
export const levelOf = (alert) => (alert.open === false ? alert.peak_level : alert.level);
