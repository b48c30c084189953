// Values that one worker tries before all have them: how they are begun, shown and decided; and what
// would have come of them, by the last calls.

import { marks, panels, ways } from "../control/additions.js";
import { get, post } from "../control/api.js";
import { act } from "../control/dialog.js";
import { h, replace, uniqueId } from "../control/dom.js";
import { number, quantity, subject, until } from "../control/format.js";
import { conflictTable } from "../control/guards/conflict.js";
import { dimensionNamed } from "../control/guards/fields.js";
import { named, t } from "../control/page.js";
import { loading } from "../control/states.js";

const TIMES = [[60, "unit.minutes", 1], [300, "unit.minutes", 5], [900, "unit.minutes", 15], [3600, "unit.hours", 1]];
const STANDARD = 300; // s
const BOUND = 5; // per cent
const TRIED = new Set(["circuit_breaker", "rate_limit", "bulkhead"]);
const STAGED = new Set(["rate_limit", "bulkhead"]);

const pathOf = (kind, name) => `/rollouts/${kind}/${encodeURIComponent(name)}`;

/** Where new values go; not asked for breakers, which open for all. */
function stages({ kind, name }) {
  if (!STAGED.has(kind)) {
    return null;
  }
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
    chosen: () =>
      where.value === ""
        ? null
        : {
            path: pathOf(kind, name),
            body: { worker: worker.value, seconds: Number(time.value), max_rejected: Number(rejected.value) / 100, max_failed: Number(failed.value) / 100 },
            done: t("rollout.begun"),
          },
  };
}

/** The trial of a guard, and who decides what about it. */
const rolloutNote = (one) =>
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

const ROLLOUT_ACTS = [
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

/** A guard's values in the form, replayed on the last calls. */
function dryRun(editor, form) {
  if (!TRIED.has(editor.kind)) {
    return null;
  }
  const found = h("div", { "aria-live": "polite" });

  async function run() {
    replace(found, loading());
    try {
      replace(found, dryRunOf(await post(`${editor.path}/dry-run`, { values: form.values() })));
    } catch (problem) {
      form.showErrors(problem.errors);
      replace(found, h("p", { class: "failed notice" }, problem.message));
    }
  }

  const head = h("div", { class: "card-head" }, h("h3", {}, t("guards.dry_run")), h("button", { type: "button", onclick: run }, t("guards.dry_run_do")));
  return { element: h("section", { class: "panel", "aria-label": t("guards.dry_run") }, head, h("p", { class: "quiet small" }, t("guards.dry_run_intro")), found), clear: () => replace(found) };
}

function dryRunOf(found) {
  const by = Object.entries(found.candidate.by).map(([name, n]) => h("li", {}, t("guards.dry_by", { name: dimensionNamed(name), n: number(n) })));
  return [
    h("p", { class: "verdict" }, t("guards.dry_verdict", { n: number(found.candidate.rejected), m: number(found.calls) })),
    h("p", { class: "small" }, t("guards.dry_rests", { time: quantity(Math.round(found.seconds), "s"), workers: number(found.workers), replayed: number(found.in_force.rejected), really: number(found.really_rejected) })),
    by.length || found.candidate.opened ? h("ul", { class: "small" }, by, found.candidate.opened ? h("li", {}, t("guards.dry_opened", { n: number(found.candidate.opened) })) : null) : null,
    found.caveats.length ? h("ul", { class: "small" }, found.caveats.map((caveat) => h("li", {}, named("guard_caveat", caveat)))) : null,
  ];
}

marks.push(async () => (await get("/rollouts")).items.map((one) => ({ kind: one.kind, name: one.name, short: t("rollout.short"), note: () => rolloutNote(one), acts: ROLLOUT_ACTS })));
panels.push(dryRun);
ways.push(stages);
