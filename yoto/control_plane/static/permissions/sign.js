// The signs of effects, beside their words.

const SIGNS = { allow: "✓", deny: "✕" };

export const sign = (effect) => SIGNS[effect] ?? "·";
