// Policies and the documents that they read: what is in force, editing, trying, going back.

import { h, replace } from "../control/dom.js";
import { state, stay, t } from "../control/page.js";
import { entryView } from "./entry.js";
import { entryAt } from "./kinds.js";
import { listView } from "./list.js";

const place = document.getElementById("policies");
let view = null;

/** The address tells what is open: ?policy=time, ?document=hours, or nothing for the list. */
function open() {
  const wanted = entryAt(state());
  if (view?.at === location.href) {
    return;
  }
  if (view?.dirty?.() && !confirm(t("policies.leave"))) {
    history.replaceState(null, "", view.at);
    return;
  }
  view?.close?.();
  const found = wanted && !wanted.bad;
  view = found ? entryView(wanted.kind, wanted.name) : listView();
  view.at = location.href;
  replace(
    place,
    found ? h("p", { class: "back" }, h("a", { href: location.pathname, onclick: stay }, "← ", t("policies.back"))) : null,
    wanted?.bad ? h("p", { class: "notice failed", role: "alert" }, t("policies.bad_address", { address: wanted.name })) : null,
    view.element,
  );
  document.getElementById("content").scrollIntoView();
}

addEventListener("popstate", open);
addEventListener("beforeunload", (event) => {
  if (view?.dirty?.()) {
    event.preventDefault();
  }
});
open();
