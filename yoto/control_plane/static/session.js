// Whether somebody is signed in. When the session ends nothing on the page is lost: it says so, asks
// the server nothing more by itself, and goes on once somebody has signed in again in another tab.

import { h } from "./dom.js";
import { page, t } from "./page.js";

const watchers = new Set();
let ended = false;

/** Whether the server said that nobody is signed in. */
export const hasEnded = () => ended;

/** `watcher(ended)` is told of each end and of each return. */
export const watchSession = (watcher) => watchers.add(watcher);

/** The server said whether somebody is signed in. */
export function learn(over) {
  if (over !== ended) {
    ended = over;
    watchers.forEach((watcher) => watcher(ended));
  }
}

/** A link that opens the sign-in page beside this one, which leads to the same page there. */
export const signInLink = () =>
  page.sign_in && h("a", { href: `${page.sign_in}?${new URLSearchParams({ next: location.pathname + location.search })}`, target: "_blank", rel: "noopener" }, t("session.sign_in"));
