// Acts upon rights: previewed by reach, and followed by what did change.

import { replace } from "../control/dom.js";
import { now } from "../control/format.js";
import { doing } from "./denied.js";
import { outcome, preview } from "./preview.js";

/**
 * An act in a dialog. `concerns(values)` brings what it is about, as `preview` takes it, or null while
 * nothing is chosen; all other options are those of `act`.
 */
export async function changeRights(place, { concerns, run, ...options }) {
  let last = null;
  let since = null;
  const done = await doing(place, {
    ...options,
    async preview(values) {
      const about = await concerns(values);
      return about && preview(place, about);
    },
    async run(values, more) {
      last = await concerns(values);
      since = new Date(now()).toISOString();
      return (await run(values, more)) ?? true;
    },
  });
  if (done && last) {
    replace(document.getElementById("outcome"), await outcome(place, last, since).catch(() => null));
  }
  return done;
}
