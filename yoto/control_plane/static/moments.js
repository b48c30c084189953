// Moments as people type them, in one form whatever the language of the browser: 2026-12-01 19:45:00.

const FORM = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?$/;

/** The attributes of an input of a moment, in the zone of whoever looks. */
export const MOMENT = { type: "text", class: "moment", placeholder: "2026-12-01 19:45", pattern: "\\d{4}-\\d\\d-\\d\\d([ T]\\d\\d:\\d\\d(:\\d\\d)?)?", autocomplete: "off", spellcheck: "false" };

/** A moment as such an input has it; "" for null. */
export function toLocal(ms) {
  if (ms === null || Number.isNaN(ms)) {
    return "";
  }
  const minutes = new Date(ms).getTimezoneOffset();
  return new Date(ms - minutes * 60_000).toISOString().slice(0, 19).replace("T", " ");
}

/** The moment that was typed, in ms since 1970; null for none, and for what is none. */
export function toMoment(text) {
  const [, day, time] = FORM.exec(text.trim()) ?? [];
  const ms = day ? new Date(`${day}T${time ?? "00:00"}`).getTime() : NaN;
  return Number.isNaN(ms) ? null : ms;
}
