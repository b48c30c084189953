// Lists of the API come in pages; here they are wanted whole, up to a bound.

import { get } from "../control/api.js";

const PAGE = 100;

/** All items at `path`, but at most `most`: `{items, whole}`. */
export async function all(path, query = {}, most = 1000) {
  const items = [];
  let after = null;
  do {
    const found = await get(path, { ...query, limit: PAGE, after });
    items.push(...found.items);
    after = found.next;
  } while (after !== null && items.length < most);
  return { items, whole: after === null };
}
