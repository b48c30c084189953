// Borders of metrics, which the charts show where lines come near them: functions of optional features that
// resolve with a function of a metric's name: its `[{at, level, label}]`. They are here before the page's module.

export const borders = [];
