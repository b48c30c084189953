// All that the roles of a server grant, permission by permission, and the overwrites of its channels.

import { get } from "../api.js";
import { badge } from "../badge.js";
import { h, replace, uniqueId } from "../dom.js";
import { named, t } from "../page.js";
import { empty } from "../states.js";
import { pagedTable, table } from "../table.js";
import { form, select, serverPicker } from "./question.js";

const EVERY = "";
const NARROW = matchMedia("(max-width: 46rem)");
const SIGNS = { allow: "✓", deny: "✕" };

export function matrixTab() {
  const found = h("div", {});
  const server = serverPicker();
  const asked = form([server], t("permissions.show"), async () => {
    const id = await server.id();
    if (id === null) {
      server.input.focus();
      throw new Error(t("permissions.no_place"));
    }
    const first = await get(`/servers/${id}/matrix`);
    replace(found, grid(id, first), channels(id));
  });
  return { element: h("div", {}, h("p", { class: "quiet" }, t("permissions.matrix_intro")), asked.element, found), ask: () => {} };
}

/** Roles by permissions. One role alone fits on a telephone. */
function grid(serverId, first) {
  const roles = new Map();
  const shown = h("div", { class: "scroll matrix-frame", tabindex: "0", role: "region", "aria-label": t("permissions.matrix") });
  const local = h("div", {});
  const more = h("div", { class: "more" });
  const filter = { input: h("input", { id: uniqueId("filter"), type: "search", oninput: draw }) };
  const role = select(t("permissions.role"), []);
  role.input.addEventListener("change", draw);
  const granted = h("input", { id: uniqueId("granted"), type: "checkbox", onchange: draw });

  function add(page) {
    page.roles.forEach((one) => roles.set(one.id, { ...one, cells: cellsOf(one) }));
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
      add(await get(`/servers/${serverId}/matrix`, { after }));
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
        (!granted.checked || columns.some((column) => cellFor(roles, column, one.name) !== null)),
    );
    replace(shown, rows.length ? drawnTable(rows, columns, roles) : empty(t("permissions.no_match"), { compact: true }));
    replace(local, grantsInChannels(columns));
  }

  add(first);
  if (NARROW.matches) {
    role.set(String(ordered()[0]?.id ?? EVERY));
    draw();
  }
  return h(
    "section",
    { class: "card" },
    h("div", { class: "card-head" }, h("h2", {}, first.server.name, " ", h("span", { class: "quiet" }, `#${first.server.id}`))),
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
  );
}

const legend = () =>
  h(
    "ul",
    { class: "legend" },
    [
      [cell({ effect: "allow" }), t("permissions.legend_allow")],
      [cell({ effect: "deny" }), t("permissions.legend_deny")],
      [cell({ effect: "allow", group: "…" }), t("permissions.legend_group")],
      [cell({ effect: "allow", from: "…" }), t("permissions.legend_inherited")],
      ["·", t("permissions.legend_none")],
    ].map(([sign, text]) => h("li", {}, h("span", { "aria-hidden": "true" }, sign), text)),
  );

function drawnTable(rows, columns, roles) {
  const head = columns.map((one) =>
    h("th", { scope: "col" }, h("span", { class: "role-name" }, one.name), h("span", { class: "quiet small" }, one.is_default ? t("permissions.everyone") : t("permissions.holders", { n: one.holders })), one.active ? null : badge("unknown", t("permissions.inactive"))),
  );
  const bodies = [];
  let group = null;
  for (const one of rows) {
    if (one.group !== group || !bodies.length) {
      group = one.group;
      bodies.push(h("tbody", {}, h("tr", {}, h("th", { class: "group", scope: "rowgroup", colspan: columns.length + 1 }, group ?? t("permissions.no_group")))));
    }
    const cells = columns.map((column) => h("td", {}, cell(cellFor(roles, column, one.name))));
    bodies.at(-1).append(h("tr", {}, h("th", { scope: "row", title: one.description }, h("code", {}, one.name)), cells));
  }
  return h("table", { class: "matrix" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("permissions.permission")), head)), bodies);
}

/** What a role says by itself for the server: by permission, denials before what is allowed. */
function cellsOf(role) {
  const cells = new Map();
  for (const grant of role.grants) {
    const known = cells.get(grant.permission);
    if (!grant.scope.startsWith("channel:") && (!known || (known.effect === "allow" && grant.effect === "deny"))) {
      cells.set(grant.permission, { effect: grant.effect, group: grant.group });
    }
  }
  return cells;
}

/** What a role says with its parents: {effect, group, from}; null: nothing. A denial of any of them counts. */
function cellFor(roles, role, permission) {
  let found = null;
  const seen = new Set();
  for (let one = role; one && !seen.has(one.id); one = roles.get(one.parent_id)) {
    seen.add(one.id);
    const own = one.cells.get(permission);
    if (own && (found === null || (found.effect === "allow" && own.effect === "deny"))) {
      found = one === role ? own : { ...own, from: one.name };
    }
    if (!one.active) {
      break;
    }
  }
  return found;
}

function cell(found) {
  if (found === null) {
    return h("span", { class: "quiet" }, h("span", { "aria-hidden": "true" }, "·"), h("span", { class: "hidden-text" }, t("permissions.legend_none")));
  }
  const { effect, group, from } = found;
  const told = [named("effect", effect), group && t("permissions.by_group", { group }), from && t("permissions.through", { role: from })].filter(Boolean).join(", ");
  return h("span", { class: `cell ${effect}`, title: told }, h("span", { "aria-hidden": "true" }, SIGNS[effect], group ? "ᵍ" : "", from ? "↑" : ""), h("span", { class: "hidden-text" }, told));
}

/** Grants for single channels, which act as overwrites of the role there. */
function grantsInChannels(roles) {
  const rows = roles.flatMap((role) => role.grants.filter((grant) => grant.scope.startsWith("channel:")).map((grant) => ({ ...grant, role: role.name, id: `${role.id} ${grant.scope} ${grant.permission} ${grant.group}` })));
  if (!rows.length) {
    return null;
  }
  const list = table({
    label: t("permissions.channel_grants"),
    columns: [
      { title: t("permissions.role"), head: true, render: (one) => one.role },
      { title: t("permissions.scope"), render: (one) => one.scope },
      { title: t("permissions.permission"), render: (one) => h("code", {}, one.permission) },
      { title: t("permissions.effect"), render: (one) => badge(one.effect, named("effect", one.effect)) },
    ],
  });
  list.show(rows);
  return h("section", {}, h("h3", {}, t("permissions.channel_grants")), list.element);
}

function channels(serverId) {
  const list = pagedTable({
    label: t("permissions.overwrites"),
    none: t("permissions.no_overwrites"),
    columns: [
      { title: t("permissions.channel"), head: true, render: (one) => `${one.name} #${one.channel_id}` },
      { title: t("permissions.category"), render: (one) => (one.category === null ? null : [one.category, one.synced ? ` · ${t("permissions.synced")}` : ""]) },
      { title: t("permissions.target"), render: (one) => (one.target === null ? h("span", { class: "quiet" }, t("permissions.no_overwrite")) : `${named("laid", one.target_type)} ${one.target}`) },
      { title: named("effect", "allow"), render: (one) => names(one.allow) },
      { title: named("effect", "deny"), render: (one) => names(one.deny) },
    ],
    fetch: async (after) => {
      const page = await get(`/servers/${serverId}/overwrites`, { after });
      return { items: page.items.flatMap(rowsOf), next: page.next };
    },
  });
  list.reload();
  return h("section", { class: "card" }, h("h2", {}, t("permissions.overwrites")), list.element);
}

function rowsOf(channel) {
  const place = { channel_id: channel.id, name: channel.name, category: channel.category, synced: channel.synced };
  if (!channel.overwrites.length) {
    return [{ ...place, id: `${channel.id}`, target: null, allow: [], deny: [] }];
  }
  return channel.overwrites.map((one) => ({ ...place, ...one, id: `${channel.id} ${one.target_type} ${one.target_id}` }));
}

const names = (list) => (list.length ? h("span", {}, list.map((name, at) => [at ? ", " : "", h("code", {}, name)])) : null);
