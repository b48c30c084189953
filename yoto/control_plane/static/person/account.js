// With what somebody gets in, where the application knows: sessions, tokens, devices.

import { get } from "../api.js";
import { h } from "../dom.js";
import { age, moment, number, until } from "../format.js";
import { t } from "../page.js";
import { load } from "../states.js";
import { table } from "../table.js";

/** Fill `node`; `{look()}` reads again, and brings what it read, null where that failed. */
export function accountPart(person, node) {
  const devices = table({
    label: t("person.devices"),
    none: t("person.no_devices"),
    columns: [
      { title: t("person.device"), head: true, render: (one) => one.name },
      { title: t("permissions.since"), render: (one) => moment(one.created_at) },
    ],
  });

  function draw(account) {
    devices.show(account.devices);
    const facts = [
      [t("person.last_sign_in"), account.last_sign_in ? age(account.last_sign_in) : t("person.never")],
      [t("person.session"), account.sessions_end ? until(account.sessions_end) : t("person.no_session")],
      [t("person.tokens"), number(account.tokens)],
      [t("person.second_factor"), t(account.second_factor ? "person.yes" : "person.no")],
    ];
    return [h("dl", { class: "facts" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])), h("h3", {}, t("person.devices")), devices.element];
  }

  return { look: () => load(node, () => get(`/people/${encodeURIComponent(person.id)}/account`), draw) };
}
