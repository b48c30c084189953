// Values that one worker tries before all have them: how they are begun, shown and decided.

import { get, post } from "../api.js";
import { act } from "../dialog.js";
import { h, replace, uniqueId } from "../dom.js";
import { quantity, subject, until } from "../format.js";
import { room, t } from "../page.js";
import { conflictTable } from "./conflict.js";

const TIMES = [[60, "unit.minutes", 1], [300, "unit.minutes", 5], [900, "unit.minutes", 15], [3600, "unit.hours", 1]];
const STANDARD = 300; // s
const BOUND = 5; // per cent

export const pathOf = (kind, name) => `/rollouts/${kind}/${encodeURIComponent(name)}`;

/** What workers try; guards are shown though nobody can say. */
export const triedNow = async () => (room("rollouts") ? (await get("/rollouts").catch(() => ({ items: [] }))).items : []);

/** Where new values go: `{element, value()}`; null: to every worker at once. */
export function stages() {
  const field = (label, input) => h("div", {}, h("label", { for: input.id }, label), input);
  const where = h("select", { id: uniqueId("stage"), onchange: shown }, h("option", { value: "" }, t("rollout.all")), h("option", { value: "one" }, t("rollout.one")));
  const worker = h("select", { id: uniqueId("stage") });
  const time = h("select", { id: uniqueId("stage") }, TIMES.map(([seconds, key, n]) => h("option", { value: String(seconds), selected: seconds === STANDARD }, t(key, { n }))));
  const [rejected, failed] = ["rejected", "failed"].map(() => h("input", { id: uniqueId("stage"), type: "number", min: 0, max: 100, step: "any", value: String(BOUND) }));
  const more = h("div", { class: "tools", hidden: true }, field(t("rollout.worker"), worker), field(t("rollout.time"), time), field(t("rollout.rejected"), rejected), field(t("rollout.failed"), failed), h("p", { class: "quiet small" }, t("rollout.intro")));

  async function shown() {
    more.hidden = where.value === "";
    if (!more.hidden && !worker.options.length) {
      const { items } = await get("/instances").catch(() => ({ items: [] }));
      const live = items.filter((one) => one.state === "live");
      replace(worker, live.map((one) => h("option", { value: one.id }, one.id)));
    }
  }

  return {
    element: h("div", { class: "field" }, field(t("rollout.where"), where), more),
    value: () => (where.value === "" ? null : { worker: worker.value, seconds: Number(time.value), max_rejected: Number(rejected.value) / 100, max_failed: Number(failed.value) / 100 }),
  };
}

/** What is tried of a guard, with who decides what. */
export const rolloutNote = (one) =>
  h("div", { class: "notice warning small rollout" },
    h("span", {}, t("rollout.tried", { rejected: quantity(one.max_rejected, "ratio"), failed: quantity(one.max_failed, "ratio") })),
    " ", subject(`worker:${one.worker}`), " · ", until(one.until), " · ", subject(one.author), ": ", one.reason);

/** A conflict with all its sides, as the editor shows it. */
async function explained(problem, kind) {
  if (problem.fields?.difference) {
    const { fields } = await get(`/config/${kind}`, { limit: 1 });
    problem.errors = {};
    problem.message = t("guards.conflict", { version: problem.fields.current_version });
    problem.details = h("div", { class: "conflict" }, conflictTable(problem.fields, fields));
  }
  throw problem;
}

export const ROLLOUT_ACTS = [
  {
    title: t("rollout.promote"),
    run: (guard) => act({ title: t("rollout.promote_title", { name: guard.name }), submit: t("rollout.promote"), wide: true, run: (values, options) => post(`${pathOf(guard.kind, guard.name)}/promote`, values, options).catch((problem) => explained(problem, guard.kind)), done: t("guards.saved") }),
  },
  {
    title: t("rollout.end"),
    danger: true,
    run: (guard) => act({ title: t("rollout.end_title", { name: guard.name }), submit: t("rollout.end"), danger: true, run: (values, options) => post(`${pathOf(guard.kind, guard.name)}/end`, values, options), done: t("rollout.ended") }),
  },
];
