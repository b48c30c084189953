// Pages of one thing: functions of sections of optional features, called with the thing as soon as it is
// known, unless whoever looks may not see more of it. They are here before the page's module runs.

export const opened = [];
