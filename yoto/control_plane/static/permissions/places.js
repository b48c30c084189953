// Places as texts, "channel:7" or "global".

import { subject } from "../format.js";
import { named } from "../page.js";

/** {scope, scope_id} of a place; {} for the platform. */
export function placeOf(text) {
  const split = text.indexOf(":");
  return split < 0 ? {} : { scope: text.slice(0, split), scope_id: text.slice(split + 1) };
}

/** A place by its name. */
export const place = (text) => (text.includes(":") ? subject(text) : named("scope", text));
