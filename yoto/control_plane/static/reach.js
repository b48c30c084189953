// How far a change of rights has come: how many workers have applied it, and how soon.

import { get } from "./api.js";
import { h, replace } from "./dom.js";
import { number, quantity } from "./format.js";
import { t } from "./page.js";

const EVERY = 500; // ms between looks, until all have it
const LOOKS = 20;

/** The element about the change at `position`; it follows the change until every worker has it. */
export function reach(position) {
  const element = h("span", { class: "reach quiet" }, t("reach.waits"));
  look(LOOKS);
  return element;

  async function look(left) {
    try {
      const found = await get("/cache/reach", { position });
      replace(element, sentence(found));
      if (found.reached < found.workers && left > 1) {
        setTimeout(look, EVERY, left - 1);
      }
    } catch (problem) {
      replace(element, t("reach.unknown"), " ", problem.message);
    }
  }
}

function sentence({ workers, reached, took_ms: took }) {
  const words = { n: number(reached), all: number(workers) };
  return took === null ? t("reach.some", words) : t("reach.all", { ...words, time: quantity(took, "ms") });
}
