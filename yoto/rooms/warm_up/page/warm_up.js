// Warming up the caches: what runs and what was done, and the acts that begin it.

import { get, post } from "../control/api.js";
import { actLine, reload } from "../control/cache.js";
import { forgets } from "../control/cache/forget.js";
import { act } from "../control/dialog.js";
import { badge, h } from "../control/dom.js";
import { age, number, quantity } from "../control/format.js";
import { subscribe, throttled } from "../control/live.js";
import { may, t } from "../control/page.js";
import { bar, empty, load } from "../control/states.js";

const STEPS = { cache_warmup: t("cache.cache_warmup"), ml_warmup: t("cache.ml_warmup"), system_warmup: t("cache.system_warmup") };
const TASK_LOOKS = { running: "neutral", unknown: "unknown" };
const TASKS_SHOWN = 3;
const place = document.getElementById("tasks");

let running = false;

function showTasks({ items }) {
  running = items.some(({ state }) => state === "running");
  return items.length ? h("ul", { class: "tasks" }, items.slice(0, TASKS_SHOWN).map(taskOf)) : empty(t("cache.no_tasks"), { compact: true });
}

function taskOf(task) {
  const { state, success } = task;
  const shown = state === "finished" ? (success ? badge("ok", t("cache.succeeded")) : badge("failed", t("cache.failed"))) : badge(state, state === "running" ? t("cache.running") : undefined, TASK_LOOKS[state]);
  return h(
    "li",
    { dataset: { task: task.id, state } },
    h("div", {}, shown, " ", h("b", {}, t("cache.warm_up")), " ", age(task.began_at), task.seconds === null ? null : h("span", { class: "quiet" }, " · ", t("cache.took", { time: quantity(task.seconds, "s") })), " ", h("span", { class: "quiet small" }, task.instance)),
    h("ul", { class: "steps" }, task.steps.map((step) => stepOf(step, task))),
    task.errors.length ? h("p", { class: "errors" }, t("cache.task_errors", { errors: task.errors.join("; ") })) : null,
  );
}

function stepOf({ name, done, total }, { state, steps }) {
  const last = steps.at(-1).name === name;
  const words = total ? t("cache.done_of", { done: number(done), total: number(total) }) : last && state !== "finished" ? t("cache.running") : t("cache.nothing_to_count");
  const over = state === "finished" || !last;
  return h("li", {}, h("span", {}, STEPS[name] ?? name), bar(total ? done : over ? 1 : 0, total || 1, { label: STEPS[name] ?? name, words }));
}

const reloadTasks = () => load(place, () => get("/tasks"), showTasks);
reloadTasks();
setInterval(() => document.hidden || !running || reloadTasks(), 1000);
setInterval(() => document.hidden || running || reloadTasks(), 10000);
subscribe({ tasks: throttled(reloadTasks, 200) });

// Acts

const begin = (title, does, path) => async () => {
  await act({ title, intro: does, submit: title, danger: path.endsWith("refresh"), run: ({ reason }, { key }) => post(path, { reason }, { key }), done: t("cache.begun") });
  reloadTasks();
  reload();
};

if (may("operate")) {
  const acts = document.getElementById("acts");
  acts.prepend(actLine(t("cache.warm_up"), t("cache.warm_up_does"), begin(t("cache.warm_up"), t("cache.warm_up_does"), "/cache/warm-up")));
  acts.append(actLine(t("cache.refresh"), t("cache.refresh_does"), begin(t("cache.refresh"), t("cache.refresh_does"), "/maintenance/refresh"), { danger: true }));
  forgets(document.getElementById("settings-acts"), "/cache/forget-hot", t("cache.forget_hot"));
}
