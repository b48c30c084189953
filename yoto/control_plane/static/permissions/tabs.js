// Tabs of the page of permissions that optional features put first: `[key, title, made(go)]`, with what
// `permissions.js` asks of a tab. They are here before it runs.

export const tabs = [];
