// Dialogs choose a length of time; these settings take the moment at which they end.

import { now } from "../format.js";

/** The moment so many seconds from now, as the API takes it; null: no end. */
export const ending = (seconds) => (seconds === null || seconds === undefined ? null : new Date(now() + seconds * 1000).toISOString());
