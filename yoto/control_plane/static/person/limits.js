// The limits that somebody met in the last minutes: who refuses them, and how to begin anew.

import { get, post } from "../api.js";
import { act } from "../dialog.js";
import { badge } from "../dom.js";
import { age, subject } from "../format.js";
import { t } from "../page.js";
import { empty, load } from "../states.js";
import { table } from "../table.js";

/** Fill `node`; `{look()}` reads again. */
export function limitsPart(person, node) {
  const list = table({
    label: t("person.limits"),
    none: t("person.no_limits"),
    key: (one) => one.at,
    columns: [
      { title: t("person.limit"), head: true, render: (one) => subject(`guard:${one.limit}`) },
      { title: t("person.where"), render: (one) => [one.server === null ? null : subject(`server:${one.server}`), one.address === null ? null : ` ${one.address}`] },
      { title: t("person.passed"), number: true, render: (one) => one.passed, sort: (one) => one.passed },
      { title: t("person.rejected"), number: true, render: (one) => (one.rejected ? badge("failed", String(one.rejected)) : 0), sort: (one) => one.rejected },
      { title: t("person.last_rejected"), render: (one) => (one.last_rejected ? age(one.last_rejected) : null) },
    ],
    actions: [{ title: t("person.reset"), when: (one) => one.rejected > 0 && one.address === null, run: async (one) => (await reset(person, one)) && look() }],
  });
  const look = () =>
    load(node, () => get(`/people/${encodeURIComponent(person.id)}/limits`), ({ items, known }) => {
      // Two addresses in one network are shown alike: the row's number is its key.
      list.show(items.map((one, at) => ({ ...one, at })));
      return known ? list.element : empty(t("person.limits_unknown"));
    });
  look();
  return { look };
}

const reset = (person, { limit, user, server }) =>
  act({
    title: t("person.reset_title", { name: person.username, limit }),
    intro: t("person.reset_does"),
    submit: t("person.reset"),
    run: (values, options) => post(`/limiters/${encodeURIComponent(limit)}/reset-key`, { ...values, user, ...(server === null ? {} : { server }) }, options),
    done: ({ dimensions }) => t("person.was_reset", { dimensions: dimensions.join(", ") }),
  });
