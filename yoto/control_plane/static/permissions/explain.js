// A verdict drawn as it comes about: roles, grants, overwrites, rules, policies, and what would turn it.

import { post } from "../api.js";
import { badge, h, replace, uniqueId } from "../dom.js";
import { duration, moment, subject } from "../format.js";
import { has, named, page, parts, state, t } from "../page.js";
import { TYPES, questionForm } from "./question.js";
import { recentQuestions, remember } from "./recent.js";
import { remedyLink } from "./remedy.js";
import { reason } from "./sign.js";

// The effect of a step on the permission, as a shape; the words stand beside it.
const MARKS = { allow: "✓", deny: "✕", none: "–" };
const POLICY_LANGUAGE = page.language.startsWith("zh") ? "zh" : "en";

export function explainTab() {
  const found = h("div", { "aria-live": "polite" });
  const id = uniqueId("context");
  const context = h("textarea", { id, rows: 4, spellcheck: "false", placeholder: '{"ip": "203.0.113.9"}' });
  const more = { element: h("details", { class: "context" }, h("summary", {}, t("permissions.context")), h("label", { for: id }, t("permissions.context_hint")), context) };
  const question = questionForm({ user: true, submit: t("permissions.ask"), ask, found, extra: [more] });

  async function ask(values) {
    const answer = await post("/explain", { ...values, context: contextOf(context.value) });
    remember({ ...values, username: answer.username });
    return derivation(answer);
  }

  function again(values) {
    question.fill(values);
    question.submit();
  }

  if (!state().permission) {
    replace(found, recentQuestions(again));
  }

  return {
    element: h("div", {}, h("p", { class: "quiet" }, t("permissions.explain_intro")), question.element, found),
    ask: again,
  };
}

function contextOf(text) {
  if (text.trim() === "") {
    return null;
  }
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${t("permissions.context")}: ${error.message}`);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new Error(t("permissions.context_object"));
  }
  return value;
}

/** An explanation as `POST /explain` answers it, step by step. */
export function derivation(found) {
  const title = uniqueId("verdict");
  const name = subject(`user:${found.user_id}`, { text: found.username });
  const where = found.scope_id === null ? named("scope", found.scope) : [named("scope", found.scope), " ", subject(`${found.scope}:${found.scope_id}`)];
  return h(
    "section",
    { class: "card derivation", "aria-labelledby": title },
    h("div", { class: "card-head" }, h("h2", { id: title }, name, " · ", h("code", {}, found.permission), " · ", where), verdictBadge(found.allowed)),
    h("ol", { class: "flow" }, standing(found), roles(found), grants(found), overwrites(found), rules(found), policies(found), verdict(found)),
    changes(found),
    h("details", {}, h("summary", {}, t("permissions.as_text")), h("pre", { class: "words", tabindex: "0" }, found.text)),
  );
}

const verdictBadge = (allowed) => badge(allowed ? "allowed" : "denied", t(allowed ? "permissions.allowed" : "permissions.denied"));

function step(effect, title, summary, ...body) {
  return h(
    "li",
    { class: `step ${effect}` },
    h("span", { class: "mark", "aria-hidden": "true" }, MARKS[effect]),
    h("div", { class: "step-body" }, h("h3", {}, title), h("p", { class: "summary" }, summary), body),
  );
}

const list = (items, none) => (items.length ? h("ul", { class: "links" }, items) : none ? h("p", { class: "quiet" }, none) : null);

/** One link of a step; one that does not count says so in words too. */
const link = (effect, counts, ...text) =>
  h("li", { class: counts ? "" : "idle" }, effect ? badge(effect, named("effect", effect)) : null, " ", text, counts ? null : h("span", { class: "quiet" }, " ", t("permissions.idle")));

function standing(found) {
  const there = `standing.${found.standing}_of_${homeOf(found.scope)}`;
  const name = has(there) ? t(there) : named("standing", found.standing);
  const effect = found.standing === "disabled" || found.standing === "unknown" ? "deny" : found.super_admin || ["owner", "administrator"].includes(found.standing) ? "allow" : "none";
  return step(effect, t("permissions.standing"), found.super_admin ? `${name} · ${t("permissions.super_admin")}` : name);
}

function roles(found) {
  const items = found.roles.map((role) =>
    link(
      null,
      role.status === "in_force",
      h("b", {}, roleName(found, role.role_id)),
      ` · ${named("origin", role.source)}`,
      role.via === null ? null : [" ", parts("permissions.through", { role: roleName(found, role.via) })],
      role.through === null ? null : [" · ", parts("permissions.given_to", { subject: subject(role.through) })],
      role.at === null ? null : [" · ", parts(role.here_only ? "permissions.held_at_alone" : "permissions.held_at", { place: subject(role.at) })],
      role.valid_until ? [" · ", t("permissions.until"), " ", moment(role.valid_until)] : null,
      role.status === "in_force" ? null : ` · ${named("holding", role.status)}`,
    ),
  );
  const counting = found.roles.filter((role) => role.status === "in_force").length;
  return step("none", t("permissions.roles"), t("permissions.roles_said", { n: counting, all: found.roles.length }), list(items));
}

function grants(found) {
  const items = found.grants.map((grant) =>
    link(
      grant.effect,
      grant.counts,
      h("b", {}, roleName(found, grant.role_id)),
      " · ",
      h("code", {}, grant.permission),
      " · ",
      placeName(grant.scope),
      grant.group ? ` · ${t("permissions.by_group", { group: grant.group })}` : null,
    ),
  );
  const has_it = found.base.includes(found.permission);
  return step(has_it ? "allow" : "deny", t("permissions.grants"), t(has_it ? "permissions.base_yes" : "permissions.base_no"), list(items, t("permissions.no_grants")));
}

function overwrites(found) {
  if (found.overwritten === null) {
    return null;
  }
  const items = found.overwrites.map((one) =>
    link(one.effect, one.counts, h("b", {}, targetName(found, one.target)), " · ", h("code", {}, one.permission), " · ", placeName(one.place)),
  );
  const turns = found.steps.map((one) => {
    const changed = one.before !== one.after;
    return link(
      changed ? (one.after ? "allow" : "deny") : null,
      true,
      placeName(one.place),
      ` · ${named("laid", one.target)}: ${t(one.before ? "permissions.had" : "permissions.had_not")} → ${t(one.after ? "permissions.had" : "permissions.had_not")}`,
    );
  });
  const last = found.steps.at(-1);
  const effect = !last ? "none" : last.after === found.steps[0].before ? "none" : last.after ? "allow" : "deny";
  const summary = found.steps.length ? parts("permissions.laid_in", { place: placeName(found.overwritten) }) : t("permissions.skipped");
  return step(effect, t("permissions.overwrites"), summary, list(items), list(turns));
}

function rules(found) {
  const values = { gates: both(found.gates), type: typeName(found.scope), remaining: both(found.remaining) };
  const key = (rule) => (rule === "timed_out" && !found.remaining.length ? "rule.timed_out_wholly" : `rule.${rule}`);
  const items = found.rules.map((rule) => link("deny", true, t(key(rule), values)));
  return step(found.rules.length ? "deny" : "none", t("permissions.rules"), found.rules.length ? "" : t("permissions.no_rules"), list(items));
}

function policies(found) {
  const items = found.policies.flatMap((one) => {
    const codes = one.allow ? [] : one.codes.length ? one.codes : [one.reason];
    const version = one.version ? h("code", {}, one.version) : t("permissions.no_version");
    const reasons = codes.map((code, at) => [h("br"), h("code", {}, code), " ", one.texts[POLICY_LANGUAGE]?.[at] ?? ""]);
    return link(one.allow ? "allow" : "deny", true, t("permissions.policy_set"), " ", version, reasons);
  });
  const asked = found.policies.length > 0;
  const effect = !asked ? "none" : found.policies.every((one) => one.allow) ? "allow" : "deny";
  return step(effect, t("permissions.policies"), asked ? "" : t("permissions.not_asked"), list(items));
}

function verdict(found) {
  const facts = [
    [t("permissions.reason"), reason(found.reason)],
    [t("permissions.answered_by"), `${named("tier", found.tier)} · ${t("permissions.old", { age: found.age_ms < 1000 ? `${Math.round(found.age_ms)} ms` : duration(found.age_ms / 1000) })}`],
    [t("permissions.valid_until"), found.valid_until ? moment(found.valid_until) : t("permissions.no_bound")],
    [t("permissions.read_at"), moment(found.at)],
  ];
  return step(
    found.allowed ? "allow" : "deny",
    t("permissions.verdict"),
    verdictBadge(found.allowed),
    h("dl", { class: "facts" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    found.agrees ? null : h("p", { class: "notice warning" }, t("permissions.disagrees")),
  );
}

function changes(found) {
  const items = found.changes.map((change) => h("li", {}, changeTold(found, change), " ", h("span", { class: "quiet" }, t("permissions.reaches", { n: change.affected })), " ", remedyLink(found, change)));
  return h(
    "section",
    {},
    h("h3", {}, t(found.allowed ? "permissions.would_deny" : "permissions.would_allow")),
    items.length ? h("ol", { class: "changes" }, items) : h("p", { class: "quiet" }, t("permissions.no_change")),
  );
}

/** The sentence of the server in the language of the page. */
function changeTold(found, change) {
  const detail = { ...change.detail };
  const key = `turn.${change.kind}${"at" in detail ? "_at" : ""}`;
  if (!has(key)) {
    return change.text;
  }
  if ("role_id" in detail) {
    detail.role = subject(`role:${detail.role_id}`, { text: detail.role });
  }
  if ("home" in detail) {
    detail.where = [typeName(detail.home.split(":")[0]), " ", subject(detail.home)];
  }
  for (const name of ["place", "scope", "at"].filter((one) => one in detail)) {
    detail[name] = placeName(detail[name]);
  }
  if ("target" in detail) {
    detail.target = targetName(found, detail.target);
  }
  if ("effect" in detail) {
    detail.effect = named("effect", detail.effect);
  }
  return parts(key, detail);
}

/** A type within a sentence. */
const typeName = (type) => named("scope", type).toLowerCase();

const both = (names) => new Intl.ListFormat(page.language).format(names);

/** The type of what people belong to, where something is of a type. */
function homeOf(type) {
  const declared = TYPES.find((one) => one.type === type);
  return declared?.members ? type : declared?.homes[0];
}

const placeName = (place) => (place.includes(":") ? subject(place) : named("scope", place));

function roleName(found, id) {
  const role = found.roles.find((one) => one.role_id === id);
  return subject(`role:${id}`, { text: role?.name ?? null });
}

function targetName(found, target) {
  const [kind, id] = String(target).split(":");
  return kind === "role" ? roleName(found, Number(id)) : [named("laid", kind), " ", subject(target)];
}
