// Inputs of real decisions, to try a text with: one click puts one into the editor.

import { get } from "../control/api.js";
import { h } from "../control/dom.js";
import { subject } from "../control/format.js";
import { t } from "../control/page.js";
import { load } from "../control/states.js";
import { table } from "../control/table.js";

/** A part that opens to the latest inputs; `take(input)` gets the one that is chosen. */
export function recentInputs(take) {
  const body = h("div", {});
  const list = table({
    label: t("policies.recent_inputs"),
    none: t("policies.no_inputs"),
    key: (one) => one.at,
    columns: [
      { title: t("policies.who"), head: true, render: ({ input }) => who(input, { link: false }) },
      { title: t("policies.what"), render: ({ input }) => [h("code", {}, input.action?.name ?? "–"), " ", placeOf(input)] },
    ],
    actions: [{ title: t("policies.take_input"), right: "view", run: ({ input }) => take(input) }],
  });
  const fetched = () => load(body, () => get("/policy-coverage/inputs"), ({ items }) => (list.show(items.map((input, at) => ({ at, input }))), list.element));
  return h("details", { ontoggle: ({ currentTarget }) => currentTarget.open && fetched() }, h("summary", {}, t("policies.recent_inputs")), body);
}

/** The person of an input: by name where the id is the platform's number, else by the application's id. */
export function who({ subject: of }, options = {}) {
  if (typeof of?.id === "string") {
    return h("code", {}, of.id);
  }
  return of?.id ? subject(`user:${of.id}`, options) : "–";
}

/** Where an input was asked about, by name. */
export function placeOf({ resource }) {
  return resource?.scope && resource.id !== null && resource.id !== undefined ? subject(`${resource.scope}:${resource.id}`, { link: false }) : (resource?.scope ?? "");
}
