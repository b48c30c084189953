// The filters in the address of the page, so that a search can be reloaded and sent to somebody.

const LONGEST_TEXT = 200; // characters

/** {types, text, from, to}; moments in ms since 1970 or null, `to` not included. */
export function readFilters(search = location.search) {
  const given = new URLSearchParams(search);
  return {
    types: (given.get("types") ?? "").split(",").filter(Boolean),
    text: (given.get("text") ?? "").slice(0, LONGEST_TEXT),
    from: momentOf(given.get("from")),
    to: momentOf(given.get("to")),
  };
}

/** Put them into the address; other parameters stay. */
export function rememberFilters({ types, text, from, to }) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries({ types: types.join(","), text, from, to })) {
    if (value === null || value === "") {
      address.searchParams.delete(name);
    } else {
      address.searchParams.set(name, value);
    }
  }
  history.replaceState(null, "", address);
}

/** A moment of an address: ms since 1970, or ISO 8601 as links of other pages have it. */
function momentOf(text) {
  return /^\d{1,14}$/.test(text ?? "") ? Number(text) : /^\d{4}-\d\d-\d\dT/.test(text ?? "") ? known(new Date(text).getTime()) : null;
}

const known = (ms) => (Number.isNaN(ms) ? null : ms);
