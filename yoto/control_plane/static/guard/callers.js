// The callers of a limit: by name, over the last minutes, and how to begin anew for one of them.

import { get, post } from "../api.js";
import { act } from "../dialog.js";
import { badge, h } from "../dom.js";
import { clock, quantity, subject } from "../format.js";
import { named, t } from "../page.js";
import { sparkline } from "../sparkline.js";
import { load } from "../states.js";
import { table } from "../table.js";

const PARTS = ["user", "server", "address", "text"];
const CUT = 64; // characters of a text, of which no more is shown

/** Fill `node`, and `line` with what the lines are of; `{look()}` reads again. */
export function callersPart(name, node, line) {
  const list = table({
    label: t("guard.callers"),
    none: t("guard.no_callers"),
    key: (one) => one.at,
    columns: [
      { title: t("guard.caller"), head: true, render: whom },
      { title: t("guards.passes"), number: true, render: (one) => one.passed, sort: (one) => one.passed },
      { title: t("guards.refuses"), number: true, render: (one) => (one.rejected ? badge("failed", String(one.rejected)) : 0), sort: (one) => one.rejected },
      { title: t("guard.each"), render: linesOf },
    ],
    actions: [{ title: t("guard.reset"), when: resettable, run: async (one) => (await reset(name, one)) && look() }],
  });
  const look = () =>
    load(node, () => get(`/guards/rate_limit/${encodeURIComponent(name)}/callers`), ({ items, since, step, complete }) => {
      // Two addresses in one network are shown alike: the row's number is its key.
      list.show(items.map((one, at) => ({ ...one, at })));
      line.textContent = [t("guard.callers_line", { step: quantity(step, "s"), since: clock(since) }), complete ? "" : t("guards.callers_incomplete")].join(" ");
      return list.element;
    });
  look();
  return { look };
}

function linesOf(one) {
  const top = Math.max(1, ...one.passed_each, ...one.rejected_each);
  const refused = sparkline(one.rejected_each, "", { top });
  refused.classList.add("refused");
  refused.setAttribute("aria-hidden", "true");
  return h("div", { class: "trace caller-lines" }, sparkline(one.passed_each, t("guard.each_of", { passed: one.passed, rejected: one.rejected }), { top }), one.rejected ? refused : null);
}

/** Whether the key of the count is known: only the network of an address is, and the beginning of a long text. */
const resettable = (one) => one.rejected > 0 && one.address === null && (one.text?.length ?? 0) < CUT;

/** The caller that a limit counted, by name. */
function whom(one) {
  const parts = [
    one.user === null ? null : subject(`user:${one.user}`),
    one.server === null ? null : subject(`server:${one.server}`),
    one.address === null ? null : one.address,
    one.text === null ? null : `${named("guard_part", "text")} ${one.text}`,
  ].filter((part) => part !== null);
  return parts.length ? parts.flatMap((part, at) => (at ? [" · ", part] : [part])) : t("guards.everyone");
}

const reset = (limit, one) =>
  act({
    title: t("guard.reset_title", { limit }),
    intro: h("p", {}, whom(one), ". ", t("guard.reset_does")),
    submit: t("guard.reset"),
    run: (values, options) => post(`/limiters/${encodeURIComponent(limit)}/reset-key`, { ...values, ...keyOf(one) }, options),
    done: ({ dimensions }) => t("guard.was_reset", { dimensions: dimensions.join(", ") }),
  });

/** The parts that were counted, as the act takes them; without any, all callers share one count. */
function keyOf(one) {
  const given = PARTS.filter((part) => one[part] !== null);
  return given.length ? Object.fromEntries(given.map((part) => [part, one[part]])) : { everyone: true };
}
