// The differences of two texts, line by line, and how they are drawn; so are those that the server
// finds between versions: {mark, old, new, text}.

import { h } from "../control/dom.js";
import { t } from "../control/page.js";

const CONTEXT = 3; // equal lines around each change
const MOST = 4e6; // pairs of lines that are compared; beyond, all is shown as replaced
const SIGNS = { same: " ", added: "+", removed: "−" };

/** The lines of both texts with their marks; equal ones far from any change are left out. */
export function difference(before, after) {
  const [a, b] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) {
    start += 1;
  }
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) {
    end += 1;
  }
  const same = (at, to) => ({ mark: "same", old: at + 1, new: to + 1, text: a[at] });
  const found = [
    ...Array.from({ length: start }, (_, at) => same(at, at)),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)).map((line) => ({ ...line, old: line.old && line.old + start, new: line.new && line.new + start })),
    ...Array.from({ length: end }, (_, at) => same(a.length - end + at, b.length - end + at)),
  ];
  return shortened(found);
}

const linesOf = (text) => text.replace(/\n$/, "").split("\n");

/** The longest common subsequence, by dynamic programming. */
function middle(a, b) {
  const removed = (at) => ({ mark: "removed", old: at + 1, new: null, text: a[at] });
  const added = (at) => ({ mark: "added", old: null, new: at + 1, text: b[at] });
  if (a.length * b.length > MOST) {
    return [...a.map((_, at) => removed(at)), ...b.map((_, at) => added(at))];
  }
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = a[i] === b[j] ? lengths[(i + 1) * width + j + 1] + 1 : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
  }
  const found = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      found.push({ mark: "same", old: i + 1, new: j + 1, text: a[i] });
      [i, j] = [i + 1, j + 1];
    } else if (j >= b.length || (i < a.length && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
      found.push(removed(i));
      i += 1;
    } else {
      found.push(added(j));
      j += 1;
    }
  }
  return found;
}

function shortened(lines) {
  const near = new Set();
  lines.forEach((line, at) => {
    if (line.mark !== "same") {
      for (let other = at - CONTEXT; other <= at + CONTEXT; other += 1) {
        near.add(other);
      }
    }
  });
  const found = [];
  lines.forEach((line, at) => {
    if (near.has(at)) {
      found.push(line);
    } else if (found.at(-1)?.mark !== "left_out") {
      found.push({ mark: "left_out", old: null, new: null, text: "" });
    }
  });
  return near.size ? found : [];
}

/** A difference as a table of lines; a sentence where there is none. */
export function drawn(lines, label) {
  if (!lines.length) {
    return h("p", { class: "quiet" }, t("policies.no_difference"));
  }
  const rows = lines.map((line) =>
    line.mark === "left_out"
      ? h("tr", { class: "left_out" }, h("td", { colspan: 4 }, "⋯"))
      : h(
          "tr",
          { class: line.mark },
          h("td", { class: "number" }, line.old ?? ""),
          h("td", { class: "number" }, line.new ?? ""),
          h("td", {}, h("span", { "aria-hidden": "true" }, SIGNS[line.mark]), line.mark === "same" ? null : h("span", { class: "hidden-text" }, t(line.mark === "added" ? "policies.added" : "policies.removed"))),
          h("td", { class: "line" }, line.text),
        ),
  );
  return h("div", { class: "scroll diff-frame", tabindex: "0", role: "region", "aria-label": label }, h("table", { class: "diff" }, h("tbody", {}, rows)));
}
