// Prefetching: whether it runs, in which workers, and how much of it was of use.

import { get, post } from "../control/api.js";
import { forgets } from "../control/cache/forget.js";
import { act } from "../control/dialog.js";
import { badge, h, replace } from "../control/dom.js";
import { number, quantity } from "../control/format.js";
import { repeat } from "../control/live.js";
import { may, t } from "../control/page.js";
import { load, tiles } from "../control/states.js";
import { table } from "../control/table.js";

const REFRESH = 3; // s between readings
const place = document.getElementById("prefetch");

const prefetchWorkers = table({
  label: t("cache.prefetch_workers"),
  columns: [
    { title: t("cache.worker"), head: true, render: ({ id }) => h("span", { class: "name-of" }, id) },
    { title: t("cache.state"), render: ({ running: runs }) => (runs ? badge("ok", t("cache.prefetching")) : badge("warning", t("cache.not_prefetching"))) },
    { title: t("cache.precision"), number: true, render: ({ late_precision: found }) => quantity(found, "ratio") },
    { title: t("cache.loaded"), number: true, render: ({ counts }) => number(counts.loaded) },
    { title: t("cache.useful"), number: true, render: ({ counts }) => number(counts.used) },
    { title: t("cache.gain"), number: true, render: ({ hit_rate_gain: found }) => quantity(found, "ratio") },
    { title: t("cache.tasks_open"), number: true, render: ({ tasks }) => number(tasks) },
  ],
  none: t("cache.no_prefetch_workers"),
});

// The same button all the time, so that it keeps the focus while numbers change.
let fetching = null;
const steering = may("operate") ? h("button", { type: "button", hidden: true, onclick: () => steer(!fetching) }) : null;
replace(document.getElementById("prefetch-acts"), steering);

function showPrefetch(found) {
  const { switches, fleet, stats, instance } = found;
  const reported = fleet === null ? { [instance]: stats } : { ...fleet };
  const each = Object.entries(reported).filter(([, one]) => one.prefetch).map(([id, one]) => ({ id, tasks: (one.tasks ?? []).filter(({ state }) => state === "waiting" || state === "loading").length, ...one.prefetch }));
  const sum = (name) => each.reduce((total, one) => total + (one.counts[name] ?? 0), 0);
  const decided = sum("used") + sum("expired") + sum("wasted");
  prefetchWorkers.show(each);
  const state = switches.fetching ? badge("ok", t("cache.prefetch_on")) : badge("warning", t("cache.prefetch_off"));
  replace(
    place,
    h("p", {}, state, " ", switches.recording ? t("cache.recording_on") : t("cache.recording_off"), fleet === null ? h("span", { class: "quiet" }, " ", t("cache.fleet_unknown")) : null),
    tiles([
      { name: t("cache.precision_all"), value: quantity(decided ? sum("used") / decided : null, "ratio"), hint: t("cache.precision_hint", { used: number(sum("used")), decided: number(decided) }) },
      { name: t("cache.loaded"), value: number(sum("loaded")) },
      { name: t("cache.wasted"), value: number(decided - sum("used")) },
    ]),
    prefetchWorkers.element,
  );
  fetching = switches.fetching;
  const does = fetching ? t("cache.pause") : t("cache.resume");
  if (steering && steering.textContent !== does) {
    steering.textContent = does;
    steering.hidden = false;
  }
}

const reload = repeat(() => load(place, () => get("/prefetch"), showPrefetch), REFRESH);

const steer = async (on) => {
  await act({
    title: on ? t("cache.resume") : t("cache.pause"),
    intro: on ? t("cache.resume_does") : t("cache.pause_does"),
    submit: on ? t("cache.resume") : t("cache.pause"),
    run: ({ reason }, { key }) => post(on ? "/prefetch/resume" : "/prefetch/pause", { reason }, { key }),
    done: on ? t("cache.resumed") : t("cache.paused"),
  });
  reload();
};

if (may("operate")) {
  forgets(document.getElementById("prefetch-acts"), "/prefetch/forget", t("cache.forget_behaviour"));
}
