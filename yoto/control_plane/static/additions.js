// Additions of optional features to pages of the core, whose modules take them from here. A feature's own module runs
// before that of the page.

/** Borders of metrics in charts of the overview: functions that resolve with one of a metric's name: its
 * `[{at, level, label}]`. */
export const borders = [];

/** Tabs of the page of permissions, before its own: `[key, title, made(go)]`, with what `permissions.js` asks of a
 * tab. */
export const tabs = [];

/** Lists of questions in the empty form of an explanation: functions that make one, by `ask(question)`. */
export const recents = [];

/** On the pages of a person and of a resource: functions that are called with the thing as soon as it is known, unless
 * the viewer may not see more of it. */
export const opened = [];

/** Functions that resolve with marks of guards: `{kind, name, short, note(), acts}`. A guard with one is not idle. */
export const marks = [];

/** Panels of the editor of a guard, by `(editor, form)`: `{element, clear()}`, or null. */
export const panels = [];

/** Other ways to save a guard than at once for every worker, by `(editor)`: `{element, chosen()}`, or null. Where the
 * way is chosen, `chosen()` is `{path, body, done}`: where to send the values, with what else, and the words for it. */
export const ways = [];

/** All marks that there are now. Guards are shown also where their marks are unavailable. */
export const marksNow = async () => (await Promise.all(marks.map((one) => one().catch(() => [])))).flat();
