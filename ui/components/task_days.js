// The days of tasks and groups, as numbers of days, and in words.
import { written } from "written";

const DAY = 86400000;

export const dayOf = (iso) => Date.parse(`${iso}T00:00:00Z`) / DAY;
export const isoOf = (day) => new Date(day * DAY).toISOString().slice(0, 10);
export const words = ([start, end]) => (start === end ? short(start) : `${short(start)} to ${short(end)}`);
export const overdue = (days) => `${days} day${days === 1 ? "" : "s"} overdue`;

export function short(day) {
  const options = { day: "numeric", month: "short", timeZone: "UTC" };
  return written(new Date(day * DAY), options);
}

// A moment in the reader's time zone.
export function momentOf(iso) {
  const at = new Date(iso);
  const day = written(at, { day: "numeric", month: "short", year: "numeric" });
  return `${day}, ${at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
}

// The first and last day of a task or group, as numbers; if one is missing, the other is used for
// both.
export function daysOf({ start, end }) {
  if (!start && !end) return null;
  return [dayOf(start || end), dayOf(end || start)];
}

// The days of a group: its own, or from the first to the last day of its tasks.
export function spanOf(group, tasks) {
  const own = daysOf(group);
  if (own) return own;
  const days = tasks.flatMap((task) => daysOf(task) ?? []);
  return days.length ? [Math.min(...days), Math.max(...days)] : null;
}
