// Who holds roles at a resource, and the overwrites in force there.

import { get } from "../api.js";
import { badge, h, replace } from "../dom.js";
import { moment, subject } from "../format.js";
import { named, t } from "../page.js";
import { windowOf } from "../person/held.js";
import { pagedTable } from "../table.js";

/** Fill the nodes; `{look()}` reads again. */
export function heldHere(resource, path, holders, laid) {
  const roles = pagedTable({
    label: t("resource.holders"),
    none: t("resource.no_holders"),
    fetch: (after) => get(`${path}/holders`, { after }),
    columns: [
      { title: t("resource.holder"), head: true, render: (one) => subject(one.via) },
      { title: t("permissions.role"), render: (one) => [subject(`role:${one.role_id}`, { text: one.role }), one.active ? null : [" ", badge("unknown", t("permissions.inactive"))]] },
      { title: t("permissions.place"), render: (one) => ((one.at ?? one.home) === resource.place ? t("resource.itself") : subject(one.at ?? one.home)) },
      { title: t("permissions.since"), render: (one) => moment(one.valid_from ?? one.since) },
      { title: t("person.until"), render: windowOf },
      { title: t("person.by"), render: (one) => (one.by ? subject(one.by) : null) },
    ],
  });
  const overwrites = pagedTable({
    label: t("resource.overwrites"),
    none: t("resource.no_overwrites"),
    fetch: (after) => get(`${path}/overwrites`, { after }),
    columns: [
      { title: t("resource.for"), head: true, render: (one) => [`${named("laid", one.via.split(":")[0])} `, subject(one.via)] },
      { title: t("permissions.permission"), render: (one) => h("code", {}, one.permission) },
      { title: t("permissions.effect"), render: (one) => badge(one.effect, named("effect", one.effect)) },
      { title: t("permissions.overwrites_of"), render: (one) => (one.place === resource.place ? t("resource.itself") : subject(one.place)) },
    ],
  });
  const look = () => [roles, overwrites].forEach((one) => one.reload());
  replace(holders, roles.element);
  replace(laid, overwrites.element);
  look();
  return { look };
}
