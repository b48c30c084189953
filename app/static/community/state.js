// What is looked at is in the query of the page's address, so that it can be gone back to and shared.

/** The parameters of the address. */
export const state = () => Object.fromEntries(new URLSearchParams(location.search));

/** Put parameters there; null takes one away. */
export function keep(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") {
      query.delete(name);
    } else {
      query.set(name, String(value));
    }
  }
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
}
