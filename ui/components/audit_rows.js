import { h } from "vue";
import { mixedChip } from "avatar";
import { breaking } from "breaking";

// The lines of the audit log. Entries of one bulk act are one line, where the latest of them stands;
// `opened` has the acts whose entries are shown below it.
export function rowsOf(entries, opened) {
  const counts = new Map();
  for (const entry of entries) {
    if (entry.run) counts.set(runOf(entry), (counts.get(runOf(entry)) ?? 0) + 1);
  }
  const rows = [];
  const folded = new Set();
  for (const entry of entries) {
    const run = runOf(entry);
    const count = counts.get(run) ?? 0;
    if (count < 2) rows.push({ entry });
    else if (!folded.has(run)) {
      folded.add(run);
      rows.push({ entry, count, run });
      const each = opened[run] ? entries.filter((other) => runOf(other) === run) : [];
      rows.push(...each.map((other) => ({ entry: other })));
    }
  }
  return rows;
}

function runOf(entry) {
  return `${entry.run} ${entry.action}`;
}

// Who acted, or whom or what an entry is about (`who`: actor or subject). Where the name needs a close
// look, the email says who it is.
export function named({ entry, who, href }) {
  const { [who]: name, [`${who}_email`]: email, [`${who}_mixed`]: mixed } = entry;
  return [
    h(href ? "a" : "span", { class: "isolate", dir: "auto", href }, name || "–"),
    mixedChip(mixed),
    email && h("bdi", { class: "small muted whose" }, breaking(email)),
  ];
}
named.props = ["entry", "who", "href"];
