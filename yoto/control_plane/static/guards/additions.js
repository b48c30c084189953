// Additions of optional features to guards. Their modules run before that of the page.

/** Functions that resolve with marks of guards: `{kind, name, short, note(), acts}`. A guard with one is not idle. */
export const marks = [];

/** Panels of the editor, by `(editor, form)`: `{element, clear()}`, or null. */
export const panels = [];

/** Other ways to save than at once for every worker, by `(editor)`: `{element, chosen()}`, or null. What is
 * chosen, if it is this way, is `{path, body, done}`: where the values go, with what else, and what is said then. */
export const ways = [];

/** All marks that there are now. Guards are shown also where their marks are unavailable. */
export const marksNow = async () => (await Promise.all(marks.map((one) => one().catch(() => [])))).flat();
