// The history of a guard's parts: who set what and why, with the way back; parts never set are one line.

import { h, replace } from "../dom.js";
import { asksFor, keep, may, named, state, t } from "../page.js";
import { historyTable, undo } from "../guards/history.js";

/** Fill `node` with a table for each of `kinds`; `changed()` is called after an act. Returns `{look()}`. */
export function historyPart(kinds, name, node, changed) {
  const untouched = h("p", { class: "quiet" });
  const empty = new Set();
  const tables = kinds.map((kind) => {
    const title = t("guard.history_of", { kind: named("kind", kind) });
    const section = h("section", {}, h("h3", {}, title));
    const list = historyTable({ kind, name, label: title, readOnly: !may("operate"), changed: () => (look(), changed()), onCount: (n) => fold(kind, section, n) });
    section.append(list.element);
    return { section, look: list.reload };
  });

  function fold(kind, section, n) {
    section.hidden = n === 0;
    if (n) {
      empty.delete(kind);
    } else {
      empty.add(kind);
    }
    const kindsOf = kinds.filter((one) => empty.has(one)).map((one) => named("kind", one));
    replace(untouched, kindsOf.length ? t("guard.never_set", { kinds: kindsOf.join(t("shared.between")) }) : null);
  }

  const look = () => tables.forEach((one) => one.look());
  replace(node, tables.map((one) => one.section), untouched);
  look();
  askedFor(kinds, name).then((done) => done && (look(), changed()));
  return { look };
}

/** The undo for which the audit log leads here: `?act=undo&of=rate_limit&version=3`. */
async function askedFor(kinds, name) {
  const { of, version } = state();
  keep({ of: null, version: null });
  return asksFor("undo") && may("operate") && kinds.includes(of) && /^[1-9]\d*$/.test(version ?? "") ? undo(of, name, Number(version)) : null;
}
