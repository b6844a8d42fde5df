// Times in the reader's time zone, like all times on our pages. The server sends sentences with UTC
// times, which the tooltip still shows.
import { h } from "vue";

const MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December";
const UTC = new RegExp(
  `(\\d{1,2} (?:${MONTHS}) \\d{4}, \\d\\d:\\d\\d UTC|\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC)`,
);

export function localised(text) {
  return text.split(UTC).map((part, at) => (at % 2 ? time(part) : part));
}

function time(written) {
  const iso = /^\d{4}-/.test(written);
  const at = new Date(iso ? written.replace(" UTC", "Z").replace(" ", "T") : written.replace(",", ""));
  if (Number.isNaN(at.getTime())) return written;
  const day = at.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
  const clock = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return h("time", { datetime: at.toISOString(), title: written }, `${day}, ${clock}`);
}
