// A "?" beside a figure: what it is, in one sentence, and a link to what to make of it.

import { h, replace } from "./dom.js";
import { page, t } from "./page.js";

const runbooks = `${page.api.replace(/api$/, "")}runbooks/`;
// The runbook that says how to read a figure, where that of the figures in general does not.
const RUNBOOKS = {
  bypassed: "redis",
  check_time: "response_time",
  dead_letters: "dead_letters",
  error_rate: "error_rate",
  hit_rate: "hit_rate",
  lag: "invalidation_lag",
  memory: "memory",
  oldest: "queue_age",
  rejections: "refusals_of_one",
  response_time: "response_time",
  silence: "log_silence",
  staleness: "invalidation_lag",
};
// One for all, so that it stays open when the figure is drawn again.
const shown = h("div", { class: "hint-text", popover: "auto", tabindex: -1 });

/** The button for `help.<key>`; `name` is the figure's, for screen readers. */
export const hint = (key, name) => h("button", { type: "button", class: "hint-mark", "aria-label": t("help.about", { name }), dataset: { help: key } }, "?");

document.addEventListener("click", ({ target }) => {
  const mark = target.closest?.(".hint-mark");
  if (!mark) {
    return;
  }
  const { help: key } = mark.dataset;
  replace(shown, h("p", {}, t(`help.${key}`)), h("p", {}, h("a", { href: runbooks + (RUNBOOKS[key] ?? "figures") }, t("help.more"))));
  // Within a dialog all else is out of reach.
  (mark.closest("dialog") ?? document.body).append(shown);
  const { left, bottom } = mark.getBoundingClientRect();
  shown.showPopover();
  shown.style.left = `${Math.max(8, Math.min(left, innerWidth - shown.offsetWidth - 8))}px`;
  shown.style.top = `${Math.max(8, Math.min(bottom + 4, innerHeight - shown.offsetHeight - 8))}px`;
  shown.focus();
});
