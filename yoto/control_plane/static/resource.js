// A page of one resource: what it is in, who may and who holds what there, and what was done to it.

import { opened } from "./additions.js";
import { get } from "./api.js";
import { h, replace } from "./dom.js";
import { subject } from "./format.js";
import { subscribe } from "./live.js";
import { named, page, state, t } from "./page.js";
import { grid } from "./permissions/matrix.js";
import { overwrites } from "./permissions/overwrites.js";
import { recordsPart } from "./person/records.js";
import { heldHere } from "./resource/held.js";
import { empty, load } from "./states.js";

const part = (id) => document.getElementById(id);
const { kind, node } = page.shown;
const path = `/resources/${encodeURIComponent(kind)}/${encodeURIComponent(node)}`;

const found = await load(part("about"), () => get(path), draw);
if (!found) {
  part("private").hidden = true;
} else if (!found.insight) {
  replace(part("private"), h("section", { class: "card" }, empty(t("resource.no_insight"))));
} else {
  begin(found);
}

function draw(resource) {
  const name = resource.name ?? resource.place;
  document.querySelector(".headline h1").textContent = name;
  document.title = `${name} · ${document.title}`;
  replace(part("which"), h("code", {}, resource.place));
  const place = (one) => subject(`${one.scope}:${one.id}`, { text: one.name ?? `${one.scope}:${one.id}` });
  const facts = [
    [t("permissions.type"), named("scope", resource.scope)],
    [t("resource.in"), resource.chain.length ? resource.chain.map((one, at) => [at ? " › " : "", place(one)]) : t("resource.nothing_above")],
    [t("resource.home"), resource.home === null ? null : resource.home === resource.place ? t("resource.itself") : subject(resource.home)],
    [t("resource.owner"), resource.owner === null ? null : subject(resource.owner)],
    [t("resource.inherits"), resource.overwrites_of.length ? resource.overwrites_of.map((one, at) => [at ? ", " : "", one === resource.place ? t("resource.itself") : subject(one)]) : null],
  ];
  return h("dl", { class: "facts" }, facts.filter(([, value]) => value !== null).map(([title, value]) => [h("dt", {}, title), h("dd", {}, value)]));
}

function begin(resource) {
  opened.forEach((one) => one(resource));
  const held = heldHere(resource, path, part("holders"), part("overwrites"));
  if (resource.members) {
    const place = { scope: resource.scope, scope_id: resource.id };
    const asked = { ...place, everywhere: false };
    load(part("matrix"), () => get("/resources/matrix", asked), (first) => [grid(asked, first), overwrites(place, first.permissions)]);
  }
  const lists = [["about", t("resource.records_about"), { subject: resource.place }]];
  if (resource.scope === "server") {
    lists.push(["inside", t("resource.records_inside"), { server_id: resource.id }]);
  }
  const records = recordsPart(part("records"), part("records-of"), lists, state().records);
  subscribe({ events: (_, change) => change === "delta" && [held, records].forEach((one) => one.look()) }, { types: ["permission.changed"] });
}
