// All that roles grant where people belong, permission by permission, and the overwrites below.

import { get } from "../api.js";
import { badge, h, replace, uniqueId } from "../dom.js";
import { subject } from "../format.js";
import { keep, named, state, t } from "../page.js";
import { empty } from "../states.js";
import { table } from "../table.js";
import { groupsOf } from "./groups.js";
import { overwrites } from "./overwrites.js";
import { form, homePickers, select } from "./question.js";
import { sign } from "./sign.js";
import { trial, tried } from "./trial.js";

const EVERY = "";
const NARROW = matchMedia("(max-width: 46rem)");

export function matrixTab() {
  const found = h("div", {});
  const homes = homePickers();
  const scope = select(t("permissions.scope"), [...homes.keys()].map((one) => [one, named("scope", one)]));
  const everywhere = h("input", { id: uniqueId("everywhere"), type: "checkbox" });
  const too = { element: h("div", {}, h("label", { class: "check", for: everywhere.id }, everywhere, t("permissions.global_roles_too"))) };
  // A select of one thing is none.
  scope.element.hidden = homes.size < 2;
  const shape = () => homes.forEach((one, type) => ((one.element.hidden = type !== scope.value()), (one.input.required = type === scope.value())));
  scope.input.addEventListener("change", shape);
  shape();
  const asked = form([scope, ...homes.values(), too], t("permissions.show"), found, async () => {
    const home = homes.get(scope.value());
    const id = (await home?.id()) ?? null;
    if (id === null) {
      home?.input.focus();
      throw new Error(t(home ? "permissions.no_place" : "permissions.no_homes"));
    }
    const place = { scope: scope.value(), scope_id: id };
    keep({ ...place, everywhere: everywhere.checked || null });
    const first = await get("/resources/matrix", { ...place, everywhere: everywhere.checked });
    return [grid({ ...place, everywhere: everywhere.checked }, first), overwrites(place, first.permissions)];
  });
  const given = state();
  if (homes.has(given.scope) && given.scope_id) {
    scope.set(given.scope);
    homes.get(given.scope).set(`#${given.scope_id}`);
    everywhere.checked = given.everywhere === "true";
    shape();
    asked.send();
  }
  return { element: h("div", {}, h("p", { class: "quiet" }, t("permissions.matrix_intro")), asked.element, found), ask: () => {} };
}

/** Roles by permissions: of the place that was asked for, and its first page. One role alone fits on a telephone. */
export function grid(place, first) {
  const roles = new Map();
  // Those and what they inherit from, wherever it stands.
  const known = new Map();
  const shown = h("div", { class: "scroll matrix-frame", tabindex: "0", role: "region", "aria-label": t("permissions.matrix") });
  const local = h("div", {});
  const groups = h("div", {});
  const more = h("div", { class: "more" });
  const filter = { input: h("input", { id: uniqueId("filter"), type: "search", oninput: draw }) };
  const role = select(t("permissions.role"), []);
  role.input.addEventListener("change", draw);
  const granted = h("input", { id: uniqueId("granted"), type: "checkbox", onchange: draw });

  function add(page) {
    page.ancestors.filter((one) => !known.has(one.id)).forEach((one) => known.set(one.id, { ...one, cells: cellsOf(one, first.scopes) }));
    page.roles.forEach((one) => {
      known.set(one.id, { ...one, cells: cellsOf(one, first.scopes) });
      roles.set(one.id, known.get(one.id));
    });
    const chosen = role.value();
    const options = [...ordered()].map((one) => h("option", { value: one.id, selected: String(one.id) === chosen }, one.name));
    replace(role.input, h("option", { value: EVERY, selected: chosen === EVERY }, t("permissions.every_role")), options);
    replace(more, page.next === null ? null : h("button", { type: "button", onclick: () => load(page.next) }, t("permissions.more_roles")));
    draw();
  }

  async function load(after) {
    const button = more.querySelector("button");
    button.disabled = true;
    try {
      add(await get("/resources/matrix", { ...place, after }));
    } catch (problem) {
      button.disabled = false;
      replace(more, button, h("span", { role: "alert" }, problem.message));
    }
  }

  const ordered = () => [...roles.values()].sort((a, b) => b.position - a.position || a.id - b.id);

  function draw() {
    const columns = ordered().filter((one) => role.value() === EVERY || String(one.id) === role.value());
    const wanted = filter.input.value.trim().toLowerCase();
    const rows = first.permissions.filter(
      (one) =>
        `${one.name} ${one.description}`.toLowerCase().includes(wanted) &&
        (!granted.checked || columns.some((column) => cellFor(known, column, one.name) !== null)),
    );
    replace(shown, rows.length ? drawnTable(rows, columns, known, attempt) : empty(t("permissions.no_match"), { compact: true }));
    replace(local, grantsBelow(columns, first.scopes));
    replace(groups, groupsOf([...known.values()]));
  }

  /** The outcome of another effect of the role's own grant. */
  function attempt(role, permission, wanted = null) {
    const own = role.grants.filter((grant) => grant.permission === permission && grant.group === null && first.scopes.includes(grant.scope));
    return trial()?.ofCell({ scope: place.scope, scope_id: place.scope_id }, role, permission, own, wanted);
  }

  add(first);
  const [tried, permission] = (state().try ?? "").split(":");
  if (roles.has(Number(tried)) && permission) {
    attempt(roles.get(Number(tried)), permission, state().effect);
  }
  if (NARROW.matches) {
    role.set(String(ordered()[0]?.id ?? EVERY));
    draw();
  }
  return h(
    "section",
    { class: "card" },
    h("div", { class: "card-head" }, h("h2", {}, named("scope", first.resource.scope), " ", subject(`${first.resource.scope}:${first.resource.id}`, { text: first.resource.name }))),
    h(
      "div",
      { class: "tools" },
      h("div", {}, h("label", { for: filter.input.id }, t("permissions.filter")), filter.input),
      role.element,
      h("div", {}, h("label", { class: "check", for: granted.id }, granted, t("permissions.only_granted"))),
    ),
    legend(),
    shown,
    more,
    local,
    groups,
  );
}

const legend = () =>
  h(
    "ul",
    { class: "legend signs" },
    [
      [cell({ effect: "allow" }), t("permissions.legend_allow")],
      [cell({ effect: "deny" }), t("permissions.legend_deny")],
      [cell({ effect: "allow", group: "…" }), t("permissions.legend_group")],
      [cell({ effect: "allow", from: "…" }), t("permissions.legend_inherited")],
      [cell({ effect: "allow", idle: true }), t("permissions.legend_inactive")],
      ["·", t("permissions.legend_none")],
    ].map(([sign, text]) => h("li", {}, h("span", { "aria-hidden": "true" }, sign), text)),
  );

function drawnTable(rows, columns, known, attempt) {
  const head = columns.map((one) =>
    h(
      "th",
      { scope: "col" },
      h("span", { class: "role-name" }, subject(`role:${one.id}`, { text: one.name })),
      h("span", { class: "quiet small" }, one.is_default ? t("permissions.everyone") : t("permissions.holders", { n: one.holders })),
      one.active ? null : badge("unknown", t("permissions.inactive")),
      trial()?.roleButton(one),
    ),
  );
  const bodies = [];
  let group = null;
  for (const one of rows) {
    if (one.group !== group || !bodies.length) {
      group = one.group;
      bodies.push(h("tbody", {}, h("tr", {}, h("th", { class: "group", scope: "rowgroup", colspan: columns.length + 1 }, group ?? t("permissions.no_group")))));
    }
    const cells = columns.map((column) => h("td", {}, tried(cell(cellFor(known, column, one.name)), () => attempt(column, one.name))));
    bodies.at(-1).append(h("tr", {}, h("th", { scope: "row", title: one.description }, h("code", {}, one.name)), cells));
  }
  return h("table", { class: "matrix" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("permissions.permission")), head)), bodies);
}

/** The role's own effects in `scopes`, by permission; a denial counts before an allow. */
function cellsOf(role, scopes) {
  const cells = new Map();
  for (const grant of role.grants) {
    const known = cells.get(grant.permission);
    if (scopes.includes(grant.scope) && (!known || (known.effect === "allow" && grant.effect === "deny"))) {
      cells.set(grant.permission, { effect: grant.effect, group: grant.group });
    }
  }
  return cells;
}

/**
 * The effect of a role with all that it inherits from: {effect, group, from, idle}; null: none. A
 * denial of any of them counts. An inactive role inherits nothing, and its effects do not count.
 */
function cellFor(known, role, permission) {
  let found = null;
  for (const one of [role, ...role.inherits.map((id) => known.get(id))]) {
    const own = one.cells.get(permission);
    if (own && (found === null || (found.effect === "allow" && own.effect === "deny"))) {
      found = { ...own, from: one === role ? null : one.name, idle: !role.active };
    }
  }
  return found;
}

function cell(found) {
  if (found === null) {
    return h("span", { class: "quiet" }, h("span", { "aria-hidden": "true" }, "·"), h("span", { class: "hidden-text" }, t("permissions.legend_none")));
  }
  const { effect, group, from, idle } = found;
  const title = [named("effect", effect), group && t("permissions.by_group", { group }), from && t("permissions.through", { role: from }), idle && t("permissions.does_not_count")].filter(Boolean).join(", ");
  return h("span", { class: `cell ${idle ? "idle" : effect}`, title }, h("span", { "aria-hidden": "true" }, sign(effect), group ? "ᵍ" : "", from ? "↑" : ""), h("span", { class: "hidden-text" }, title));
}

/** Grants for what is below, which act as overwrites of the role there. */
function grantsBelow(roles, scopes) {
  const rows = roles.flatMap((role) => role.grants.filter((grant) => !scopes.includes(grant.scope)).map((grant) => ({ ...grant, role_id: role.id, role: role.name, id: `${role.id} ${grant.scope} ${grant.permission} ${grant.group}` })));
  if (!rows.length) {
    return null;
  }
  const list = table({
    label: t("permissions.channel_grants"),
    columns: [
      { title: t("permissions.role"), head: true, render: (one) => subject(`role:${one.role_id}`, { text: one.role }) },
      { title: t("permissions.scope"), render: (one) => subject(one.scope) },
      { title: t("permissions.permission"), render: (one) => h("code", {}, one.permission) },
      { title: t("permissions.effect"), render: (one) => badge(one.effect, named("effect", one.effect)) },
    ],
  });
  list.show(rows);
  return h("section", {}, h("h3", {}, t("permissions.channel_grants")), list.element);
}
