// Lines of the list: events that say the same, told by a sentence, which open to their JSON. And what
// stands between two.

import { get } from "../api.js";
import { differenceList } from "../difference.js";
import { badge, h, replace } from "../dom.js";
import { actName, age, duration, moment, subject, timestamp } from "../format.js";
import { page, t } from "../page.js";
import { reach } from "../reach.js";
import { sentenceOf, severityOf } from "./sentence.js";

const REASONS = { trimmed: t("events.gap_trimmed"), lost: t("events.gap_lost"), slow: t("events.gap_slow") };
const MOST_SHOWN = 50; // events of a line, once it is opened
// Further details of an event, by its type, once it is opened.
const MORE = { "permission.changed": changeOf };
const SHORT = { most: 4, longest: 48 }; // of what an act changed

/** The line of events that say the same, `{id, type, at, source, data}`, newest first: `{element, show(events)}`. */
export function entry(first) {
  let events = first;
  const summary = h("summary");
  const linked = h("p", { class: "gist" });
  const more = h("div");
  const whole = h("pre", { tabindex: "0", role: "group", "aria-label": t("events.json", { type: first[0].type }) });
  // Most are never opened, so that their JSON is not made before. A line that opens holds no links:
  // these stand in what it opens to.
  const details = h("details", { ontoggle: () => details.open && open() }, summary, linked, more, whole);
  const element = h("li", { dataset: { type: first[0].type } }, details);

  function open() {
    const [{ type, data }] = events;
    replace(linked, h("code", {}, type), " ", sentenceOf(events, true));
    replace(more, events.length > 1 ? h("ul", { class: "times" }, events.slice(0, MOST_SHOWN).map((one) => h("li", {}, moment(one.at)))) : MORE[type]?.(data));
    replace(whole, JSON.stringify(events.length > 1 ? events.slice(0, MOST_SHOWN) : events[0], null, 2));
  }

  function show(found) {
    events = found;
    const [newest] = events;
    element.dataset.id = newest.id;
    const severity = severityOf(newest);
    replace(
      summary,
      h("span", { class: "severity", title: newest.type }, badge(severity, t(`state.${severity}`), severity === "info" ? "neutral" : undefined)),
      h("span", { class: "gist" }, sentenceOf(events, false)),
      // Never cut off, however long the sentence is.
      h("b", { class: "how-often" }, events.length > 1 ? timesOf(events) : null),
      h("span", { class: "when" }, moment(newest.at), " ", age(newest.at)),
    );
    if (details.open) {
      open();
    }
  }

  show(events);
  return { element, show };
}

/** How often, and in which time: "× 43 in 7 min". */
function timesOf(events) {
  const seconds = (milliseconds(events[0].id) - milliseconds(events.at(-1).id)) / 1000;
  return t("events.times", { n: events.length, time: duration(seconds) });
}

/** The words of an event that a text is searched in, in lower case. */
export const words = (event) => `${event.id} ${event.type} ${event.source} ${JSON.stringify(event.data)}`.toLowerCase();

/** The marker where history is missing: `{after, reason}`. */
export const gap = ({ after, reason }) =>
  h("li", { class: "gap unknown" }, h("strong", {}, t("events.gap")), " ", REASONS[reason] ?? reason, after ? ` ${t("events.gap_after", { at: timestamp(milliseconds(after)) })}` : "");

/** ms since 1970 at which an event got its id, "<ms>-<number>". */
export const milliseconds = (id) => Number(String(id).split("-")[0]);

/** The acts of a change and their authors, as far as the audit log may be read, and the workers that have it. */
function changeOf({ position, records = [] }) {
  return [h("p", {}, reach(position)), records.length ? h("ul", { class: "acts" }, records.map(actOf)) : null];
}

function actOf(id) {
  const line = h("li");
  const draw = (one) =>
    h(
      "div",
      {},
      one.actor ? subject(`user:${one.actor.id}`, { text: one.actor.username }) : (one.after?.author ?? t("events.system")),
      " · ",
      h("a", { href: `${page.api.replace(/api$/, "audit")}?record=${id}` }, actName(one.action)),
      " · ",
      subject(one.subject),
      one.reason ? ` · ${one.reason}` : "",
      differenceList(one.before, one.after, SHORT),
    );
  // It may not be read by everybody, or not now.
  get(`/audit/${id}`).then((one) => replace(line, draw(one)), () => line.remove());
  return line;
}
