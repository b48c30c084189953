// The holders of roles at a resource, and the overwrites in force there.

import { get } from "../api.js";
import { badge, h, replace } from "../dom.js";
import { moment, subject } from "../format.js";
import { named, t } from "../page.js";
import { notBelow, windowOf } from "../person/held.js";
import { pagedTable } from "../table.js";

const SAID = { holders: t("resource.holders"), no_holders: t("resource.no_holders"), overwrites: t("resource.overwrites"), no_overwrites: t("resource.no_overwrites") };

/**
 * Fill the nodes with what `path` lists at a `place`, or, where that is null, of a role; `{look()}` reads
 * again. `actions` of a table are on holders; `said` are the names of the tables, and what they say without any.
 */
export function heldHere({ place }, path, holders, laid, actions = [], said = SAID) {
  const roles = pagedTable({
    label: said.holders,
    none: said.no_holders,
    fetch: (after) => get(`${path}/holders`, { after }),
    columns: [
      { title: t("resource.holder"), head: true, render: (one) => subject(one.via) },
      place !== null && { title: t("permissions.role"), render: (one) => [subject(`role:${one.role_id}`, { text: one.role }), one.active ? null : [" ", badge("unknown", t("permissions.inactive"))]] },
      { title: t("permissions.place"), render: (one) => [placeName(one.at ?? one.home, place), notBelow(one)] },
      { title: t("permissions.since"), render: (one) => moment(one.valid_from ?? one.since) },
      { title: t("person.until"), render: windowOf },
      { title: t("person.by"), render: (one) => (one.by ? subject(one.by) : null) },
    ].filter(Boolean),
    actions,
  });
  const overwrites = pagedTable({
    label: said.overwrites,
    none: said.no_overwrites,
    fetch: (after) => get(`${path}/overwrites`, { after }),
    columns: [
      place === null
        ? { title: t("permissions.place"), head: true, render: (one) => placeName(one.place, place) }
        : { title: t("resource.for"), head: true, render: (one) => [`${named("laid", one.via.split(":")[0])} `, subject(one.via)] },
      { title: t("permissions.permission"), render: (one) => h("code", {}, one.permission) },
      { title: t("permissions.effect"), render: (one) => badge(one.effect, named("effect", one.effect)) },
      place !== null && { title: t("permissions.overwrites_of"), render: (one) => placeName(one.place, place) },
    ].filter(Boolean),
  });
  const look = () => [roles, overwrites].forEach((one) => one.reload());
  replace(holders, roles.element);
  replace(laid, overwrites.element);
  look();
  return { look };
}

const placeName = (one, here) => (one === null ? t("scope.global") : one === here ? t("resource.itself") : subject(one));
