import { h } from "vue";

// A text whose emails break behind their @, where they don't fit: otherwise between any two letters.
export const breaking = (text) =>
  text.split(/(?<=@)/u).flatMap((part, at) => (at ? [h("wbr"), part] : [part]));
