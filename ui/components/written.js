// A moment, or a day of it, in words. Some browsers shorten September to "Sept", others to "Sep", as
// the server does.
export function written(at, options) {
  return at.toLocaleString("en-GB", options).replace(/\bSept\b/, "Sep");
}

export const MOMENT = { dateStyle: "medium", timeStyle: "short" };
