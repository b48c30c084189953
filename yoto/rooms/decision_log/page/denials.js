// Denials of one person, on their page.

import { opened } from "../control/additions.js";
import { replace } from "../control/dom.js";
import { decisionList } from "./list.js";

opened.push((one) => {
  const list = decisionList({ user: one.id, allowed: false });
  replace(document.getElementById("denials"), list.element);
  list.reload();
});
