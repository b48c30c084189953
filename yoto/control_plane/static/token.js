// Pages of an application call its API with an access token, which the address `page.token` gives to
// who is signed in there. It stays in memory, and is asked for again before it expires.

import { page } from "./page.js";

const EARLY = 30; // s before the end
let found = null;
let asking = null;

/**
 * Who is signed in: {access_token, csrf_token, user}. What the server answers otherwise is thrown, a
 * `Response`; 401 where nobody is.
 */
export async function signedIn() {
  if (found === null || Date.now() >= found.until) {
    found = await (asking ??= ask().finally(() => {
      asking = null;
    }));
  }
  return found;
}

/** The server refused the token: the next call asks for another. */
export function forget() {
  found = null;
}

async function ask() {
  const answer = await fetch(page.token, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!answer.ok) {
    throw answer;
  }
  const data = await answer.json();
  if (!data.user) {
    throw new Response(null, { status: 401 });
  }
  return { ...data, until: Date.now() + (data.expires_in - EARLY) * 1000 };
}
