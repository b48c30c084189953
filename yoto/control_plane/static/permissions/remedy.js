// Where a change that would turn a verdict is made: the form of it, filled in, where there is one.

import { h } from "../dom.js";
import { addressOf } from "../format.js";
import { home, may, t } from "../page.js";

const query = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value !== null && value !== undefined));
const page = (of, values = {}) => {
  const address = addressOf(of);
  return address && (Object.keys(values).length ? `${address}?${query(values)}` : address);
};

/** Its outcome first, in the matrix: who would gain or lose what. */
function inMatrix(role, permission, scope, effect) {
  const [kind, id] = scope.split(":");
  return id === undefined ? page(`role:${role}`) : `${home}permissions?${query({ tab: "matrix", scope: kind, scope_id: id, try: `${role}:${permission}`, effect })}`;
}

// By the kind of a change: its form, filled in, with the right that it takes.
const FORMS = {
  assign_role: ({ user_id: user }, { role_id: role, at }) => (at === undefined ? ["admin", page(`role:${role}`, { act: "give", user: `#${user}` })] : null),
  end_timeout: ({ user_id: user }, { home: of }) => ["admin", page(`user:${user}`, { act: "end_time_out", server: of?.split(":")[1] })],
  grant: (_, { role_id: role, permission, scope, effect }) => ["view", inMatrix(role, permission, scope, effect)],
  remove_grant: (_, { role_id: role, permission, scope }) => ["view", inMatrix(role, permission, scope, "remove")],
};
// The page of what is changed, for the others.
const PAGES = {
  place: ({ place }) => place && addressOf(place),
  role_id: ({ role_id: role }) => role !== undefined && addressOf(`role:${role}`),
};

/** A link to the form of `change`, or to the page of what it changes; null where there is neither. */
export function remedyLink(found, { kind, detail }) {
  const [right, filled] = FORMS[kind]?.(found, detail) ?? [];
  if (filled && may(right)) {
    return h("a", { class: "button small", href: filled, dataset: { remedy: kind } }, t("permissions.prepare"));
  }
  const where = PAGES.place(detail) || PAGES.role_id(detail) || addressOf(`user:${found.user_id}`);
  return where ? h("a", { class: "small", href: where, dataset: { remedy: kind } }, t("permissions.open")) : null;
}
