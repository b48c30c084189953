// The overwrites of a server's channels: those of one channel as a matrix, and of all as a list.

import { get } from "../api.js";
import { h, replace, uniqueId } from "../dom.js";
import { named, t } from "../page.js";
import { empty } from "../states.js";
import { pagedTable } from "../table.js";
import { select } from "./question.js";
import { sign } from "./sign.js";

/** A section for a server; `permissions` are those that can be granted in it. */
export function overwrites(serverId, permissions) {
  const channels = new Map();
  const chosen = select(t("permissions.channel"), []);
  const all = h("input", { id: uniqueId("all"), type: "checkbox", onchange: draw });
  const grid = h("div", { class: "scroll matrix-frame", tabindex: "0", role: "region", "aria-label": t("permissions.overwrite_matrix") });
  chosen.input.addEventListener("change", draw);

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
      page.items.forEach((channel) => channels.set(String(channel.id), channel));
      offer();
      return { items: page.items.flatMap(rowsOf), next: page.next };
    },
  });
  list.reload();

  /** The channels that were read so far; the first with overwrites is chosen until another is. */
  function offer() {
    const found = [...channels.values()];
    const at = chosen.value() || String(found.find((one) => one.overwrites.length)?.id ?? found[0]?.id ?? "");
    replace(chosen.input, found.map((one) => h("option", { value: one.id, selected: String(one.id) === at }, placeName(one))));
    draw();
  }

  function draw() {
    const channel = channels.get(chosen.value());
    if (!channel?.overwrites.length) {
      replace(grid, empty(t("permissions.no_overwrites_here"), { compact: true }));
      return;
    }
    const set = new Set(channel.overwrites.flatMap((one) => [...one.allow, ...one.deny]));
    const rows = permissions.filter((one) => set.has(one.name) || (all.checked && one.scope === "channel"));
    replace(grid, matrixOf(rows, channel.overwrites));
  }

  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("permissions.overwrites")),
    h("div", { class: "tools" }, chosen.element, h("div", {}, h("label", { class: "check", for: all.id }, all, t("permissions.not_set_too")))),
    grid,
    h("h3", { class: "actions" }, t("permissions.overwrites_of_all")),
    list.element,
  );
}

/** Permissions by those for whom they are overwritten. */
function matrixOf(rows, laid) {
  const head = laid.map((one) => h("th", { scope: "col" }, h("span", { class: "role-name" }, one.target), h("span", { class: "quiet small" }, named("laid", one.target_type))));
  const lines = rows.map(({ name, description }) => h("tr", {}, h("th", { scope: "row", title: description }, h("code", {}, name)), laid.map((one) => h("td", {}, cell(one, name)))));
  return h("table", { class: "matrix", "aria-label": t("permissions.overwrite_matrix") }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("permissions.permission")), head)), h("tbody", {}, lines));
}

function cell(one, name) {
  const effect = one.deny.includes(name) ? "deny" : one.allow.includes(name) ? "allow" : null;
  return effect === null ? h("span", { class: "quiet" }, t("permissions.no_overwrite")) : h("span", { class: `cell ${effect}` }, h("span", { "aria-hidden": "true" }, `${sign(effect)} `), named("effect", effect));
}

const placeName = (one) => `${one.name} #${one.id}${one.synced ? ` · ${t("permissions.as_category", { category: one.category })}` : ""}`;

function rowsOf(channel) {
  const place = { channel_id: channel.id, name: channel.name, category: channel.category, synced: channel.synced };
  if (!channel.overwrites.length) {
    return [{ ...place, id: `${channel.id}`, target: null, allow: [], deny: [] }];
  }
  return channel.overwrites.map((one) => ({ ...place, ...one, id: `${channel.id} ${one.target_type} ${one.target_id}` }));
}

const names = (list) => (list.length ? h("span", {}, list.map((name, at) => [at ? ", " : "", h("code", {}, name)])) : null);
