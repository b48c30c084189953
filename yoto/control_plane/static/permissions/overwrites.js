// The overwrites below a home: those of one resource as a matrix, and of all of a type as a list.

import { get } from "../api.js";
import { h, replace, uniqueId } from "../dom.js";
import { subject } from "../format.js";
import { named, t } from "../page.js";
import { empty } from "../states.js";
import { pagedTable } from "../table.js";
import { TYPES, called, select } from "./question.js";
import { sign } from "./sign.js";
import { trial, tried } from "./trial.js";

/** A section for a home; `permissions` are those that can be granted in it. Null: nothing is below. */
export function overwrites(home, permissions) {
  const kinds = TYPES.find((one) => one.type === home.scope).below;
  if (!kinds.length) {
    return null;
  }
  const places = new Map();
  const kind = select(t("permissions.type"), kinds.map((one) => [one, named("scope", one)]));
  const chosen = select(t("permissions.place"), []);
  const all = h("input", { id: uniqueId("all"), type: "checkbox", onchange: draw });
  const grid = h("div", { class: "scroll matrix-frame", tabindex: "0", role: "region", "aria-label": t("permissions.overwrite_matrix") });
  // A select of one thing is none.
  kind.element.hidden = kinds.length < 2;
  chosen.input.addEventListener("change", draw);
  kind.input.addEventListener("change", () => {
    places.clear();
    replace(chosen.input);
    list.reload();
  });

  const list = pagedTable({
    label: t("permissions.overwrites"),
    none: t("permissions.no_overwrites"),
    columns: [
      { title: t("permissions.place"), head: true, render: (one) => subject(`${one.at.scope}:${one.at.id}`) },
      { title: t("permissions.overwrites_of"), render: (one) => (one.at.synced ? [subject(one.at.place), " · ", t("permissions.synced")] : null) },
      { title: t("permissions.target"), render: (one) => [named("laid", one.target_type), " ", subject(`${one.target_type}:${one.target_id}`, { text: one.target })] },
      { title: named("effect", "allow"), render: (one) => names(one.allow) },
      { title: named("effect", "deny"), render: (one) => names(one.deny) },
    ],
    fetch: async (after) => {
      const page = await get("/resources/overwrites", { ...home, of: kind.value(), after });
      const found = page.items.map((one) => ({ ...one, synced: !one.place.startsWith(`${one.scope}:`) }));
      found.forEach((one) => places.set(String(one.id), one));
      offer();
      return { items: found.flatMap(rowsOf), next: page.next };
    },
  });
  list.reload();

  /** Those that were read so far; the first is chosen until another is. */
  function offer() {
    const found = [...places.values()];
    const at = chosen.value() || String(found[0]?.id ?? "");
    replace(chosen.input, found.map((one) => h("option", { value: one.id, selected: String(one.id) === at }, placeName(one))));
    draw();
  }

  function draw() {
    const place = places.get(chosen.value());
    if (!place) {
      replace(grid, empty(t("permissions.no_overwrites_here"), { compact: true }));
      return;
    }
    const set = new Set(place.overwrites.flatMap((one) => [...one.allow, ...one.deny]));
    const rows = permissions.filter((one) => set.has(one.name) || (all.checked && one.scope === place.scope));
    replace(grid, matrixOf(rows, place));
  }

  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("permissions.overwrites")),
    h("div", { class: "tools" }, kind.element, chosen.element, h("div", {}, h("label", { class: "check", for: all.id }, all, t("permissions.not_set_too")))),
    grid,
    h("h3", { class: "actions" }, t("permissions.overwrites_of_all")),
    list.element,
  );
}

/** Permissions by those for whom they are overwritten. */
function matrixOf(rows, { place, overwrites: laid }) {
  const head = laid.map((one) => h("th", { scope: "col" }, h("span", { class: "role-name" }, subject(`${one.target_type}:${one.target_id}`, { text: one.target })), h("span", { class: "quiet small" }, named("laid", one.target_type))));
  const lines = rows.map(({ name, description }) => h("tr", {}, h("th", { scope: "row", title: description }, h("code", {}, name)), laid.map((one) => h("td", {}, tried(cell(one, name), () => trial().ofOverwrite(place, one, name))))));
  return h("table", { class: "matrix", "aria-label": t("permissions.overwrite_matrix") }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("permissions.permission")), head)), h("tbody", {}, lines));
}

function cell(one, name) {
  const effect = one.deny.includes(name) ? "deny" : one.allow.includes(name) ? "allow" : null;
  return effect === null ? h("span", { class: "quiet" }, t("permissions.no_overwrite")) : h("span", { class: `cell ${effect}` }, h("span", { "aria-hidden": "true" }, `${sign(effect)} `), named("effect", effect));
}

const placeName = (one) => (one.synced ? `${called(one)} · ${t("permissions.as_place", { place: one.place })}` : called(one));

const rowsOf = (place) => place.overwrites.map((one) => ({ ...one, at: place, id: `${place.id} ${one.target_type} ${one.target_id}` }));

const names = (list) => (list.length ? h("span", {}, list.map((name, at) => [at ? ", " : "", h("code", {}, name)])) : null);
