// Functions of sections on the pages of a person and of a resource. Each is called with the thing as soon as it
// is known, unless the viewer may not see more of it. They are here before the page's module runs.

export const opened = [];
