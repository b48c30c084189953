// Decisions that say the same as one row: by who asked, for which permission, and the verdict.

import { toMs } from "../control/format.js";

// The platform's own question before it answers that something is not there; that refusal has its own record.
const INNER = { permission: "admin.audit", place: "global", reason: "not_granted" };
const PLACES = 3; // that a row names

const isInner = (row) => !row.allowed && Object.entries(INNER).every(([name, value]) => row[name] === value);

/**
 * Rows of `rows`, newest first: each the newest of those it stands for, with `times`, how many
 * decisions these are, `rows`, `places`, the first of them, and `seconds` between the first and the
 * last. A question that the platform asked itself on the way to a refusal is left out.
 */
export function foldDecisions(rows) {
  const refused = new Set(rows.filter((row) => !row.allowed && !isInner(row)).map(({ request_id: id, user_id: user }) => `${id} ${user}`));
  const folds = new Map();
  for (const row of rows) {
    if (row.request_id !== null && isInner(row) && refused.has(`${row.request_id} ${row.user_id}`)) {
      continue;
    }
    const key = JSON.stringify([row.user_id, row.permission, row.allowed, row.reason]);
    folds.set(key, [...(folds.get(key) ?? []), row]);
  }
  return [...folds.values()].map((found) => {
    const places = [...new Set(found.map(({ place }) => place))];
    return {
      ...found[0],
      rows: found,
      times: found.reduce((sum, { weight }) => sum + (weight ?? 1), 0),
      places: places.slice(0, PLACES),
      more_places: Math.max(0, places.length - PLACES),
      seconds: (toMs(found[0].at) - toMs(found.at(-1).at)) / 1000,
    };
  });
}
