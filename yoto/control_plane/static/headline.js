// The worst of everything that can be wrong, on every page, and each cause as a link to its end; and what an alert
// says.

import { badge, h, replace } from "./dom.js";
import { age, known, quantity, subject, until } from "./format.js";
import { has, home, named, page, parts, t } from "./page.js";

// How each state is drawn; a plan is no warning.
const LOOKS = { ok: "ok", planned: "neutral", degraded: "warning", unknown: "unknown", failed: "failed", recovering: "warning", warning: "warning", error: "failed", critical: "failed" };

/** The level of a cause, in the one vocabulary of all pages: an alert's own, else that of the cause's state. */
export const levelOfCause = ({ state, level, recovering }) => (recovering ? "recovering" : (level ?? state));
const badgeOf = (level) => badge(level, t(`condition.${level}`), LOOKS[level]);

/** Have `node` say how everything is; "unknown" where nothing is known now. */
export function drawHeadline(node, headline) {
  const { state, causes } = headline ?? { state: "unknown", causes: [] };
  const level = causes.some((one) => levelOfCause(one) === "critical") ? "critical" : state;
  const text = t(`headline.${level}`);
  const roots = causes.filter((one) => one.follows === null);
  const key = JSON.stringify([level, roots.map(sentence)]);
  if (node.dataset.shown === key) {
    return;
  }
  node.dataset.shown = key;
  const [first, ...others] = roots;
  replace(
    node,
    h("a", { href: home, class: "overall" }, badge(level, text, LOOKS[level])),
    first ? h("span", { class: "quiet small" }, sentence(first), others.length ? ` ${t("headline.more", { n: others.length })}` : "") : null,
  );
}

/**
 * Every cause: what it is, who ordered it and why, since when and how long, and what ends it. A cause
 * that follows from another is folded under it; `open` has the topics of those that are unfolded, and
 * keeps them.
 */
export function causeList(causes, open = new Set()) {
  const roots = causes.filter((one) => one.follows === null);
  return h("ul", { class: "causes" }, roots.map((root) => causeOf(root, causes.filter((one) => one.follows === root.topic), open)));
}

function causeOf(cause, following, open) {
  const { by, reason, caller, network, since, until: end, where, verb } = cause;
  const level = levelOfCause(cause);
  const notes = [
    level === "recovering" ? null : measured(cause),
    by ? t("headline.by", { by }) : null,
    reason,
    caller ? parts("headline.caller", { caller: callerOf(caller) }) : null,
    network && !saysNetwork(cause) ? t("headline.network", { network }) : null,
  ].filter(Boolean);
  return h(
    "li",
    { dataset: { kind: cause.kind, name: cause.name } },
    badgeOf(level),
    h("a", { href: home + where, class: "what" }, sentence(cause)),
    notes.length ? h("span", { class: "quiet" }, notes.map((note, at) => [at ? " · " : "", note])) : null,
    since === null ? null : age(since),
    end === null ? null : until(end),
    // A cause only to look at has its link on the name.
    verb === "look" ? null : h("a", { href: home + where, "aria-label": t("headline.to", { verb: t(`verb.${verb}`), cause: sentence(cause) }) }, t(`verb.${verb}`)),
    following.length ? consequences(cause, following, open) : null,
  );
}

const consequences = ({ topic }, following, open) =>
  h(
    "details",
    { class: "consequences", open: open.has(topic), ontoggle: ({ target }) => (target.open ? open.add(topic) : open.delete(topic)) },
    h("summary", {}, t("headline.follows", { n: following.length })),
    h("ul", { class: "causes" }, following.map((one) => causeOf(one, [], open))),
  );

/** The callers in "mara, server:1", each a link to its page. */
export const callerOf = (caller) =>
  caller.split(", ").map((one, at) => [at ? t("shared.between") : "", one.includes(":") ? subject(one) : h("a", { href: `${home}people/${encodeURIComponent(one)}` }, one)]);

/** The threshold of an alert, which its level is about. */
const measured = ({ kind, name, limit, unit }) => (kind === "alert" && known(limit) && limit !== 0 && !has(`yes_or_no.${name}`) ? t("headline.limit", { limit: quantity(limit, unit ?? "count") }) : null);

// Whether the sentence names the network: for some alerts it is the news.
const saysNetwork = ({ kind, name, network, recovering }) => kind === "alert" && network && !recovering && has(`cause.${name}`);

/** A cause as a sentence, in the language of the page. */
function sentence(cause) {
  const { kind, name, labels, value, unit, detail, state, network } = cause;
  const amount = known(value) ? quantity(value, unit ?? "count") : "";
  const of = Object.values(labels ?? {}).join(" ");
  switch (kind) {
    case "alert":
      if (saysNetwork(cause)) {
        return t(`cause.${name}`, { value: amount, network });
      }
      return withValue(`${named("rule", name)}${of ? ` (${of})` : ""}`, recovery(cause) ?? (has(`yes_or_no.${name}`) ? t(`yes_or_no.${name}`) : amount));
    case "component":
      return t(`cause.component_${state}`, { name: named("component", name) });
    case "health":
      return amount ? withValue(named("measure", name.slice("health:".length)), amount) : t("cause.component_unknown", { name: named("measure", name.slice("health:".length)) });
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

const withValue = (what, value) => (value ? t("headline.with_value", { what, value }) : what);

/** The value at which a recovering alert fired, and its current one; null for other alerts. */
export function recovery({ recovering, name, rule = name, peak, peak_value: worst = peak, value, unit }) {
  if (!recovering) {
    return null;
  }
  const format = (one) => quantity(one, unit ?? UNITS[rule] ?? "count");
  return has(`yes_or_no.${rule}`) ? t(`yes_or_no.${rule}_again`) : t("headline.recovering", { then: format(worst), now: format(value) });
}

// The text of an alert, in the language of the page.

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
