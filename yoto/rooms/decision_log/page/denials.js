// Denials of one person, on their page.

import { replace } from "../control/dom.js";
import { opened } from "../control/opened.js";
import { decisionList } from "./list.js";

opened.push((one) => {
  const list = decisionList({ user: one.id, allowed: false });
  replace(document.getElementById("denials"), list.element);
  list.reload();
});
