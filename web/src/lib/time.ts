/** Instants in a zone: labels, ticks at that zone's own hours and midnights, and how long ago. */
import { plainUnits } from "./units";

const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let made = cache.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options });
    cache.set(key, made);
  }
  return made;
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const clock = (t: number, zone: string) => formatter(zone, { hour: "2-digit", minute: "2-digit" }).format(t);
export const day = (t: number, zone: string) => formatter(zone, { weekday: "short", day: "numeric", month: "short" }).format(t);
export const dayAndClock = (t: number, zone: string) => `${formatter(zone, { day: "numeric", month: "short" }).format(t)}, ${clock(t, zone)}`;
/** "29 Apr 2026", where years are told apart. */
export const date = (t: number, zone: string) => formatter(zone, { day: "numeric", month: "short", year: "numeric" }).format(t);
export const full = (t: number, zone: string) =>
  formatter(zone, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(t);
export const zoneName = (t: number, zone: string) =>
  formatter(zone, { timeZoneName: "short" }).formatToParts(t).find((part) => part.type === "timeZoneName")?.value ?? zone;

/** Minutes that the zone's clocks are ahead of UTC at this instant. */
export function offset(t: number, zone: string): number {
  const parts = formatter(zone, { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" }).formatToParts(t);
  const part = (type: string) => Number(parts.find((p) => p.type === type)?.value);
  const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return Math.round((local - Math.floor(t / 1000) * 1000) / MINUTE);
}

/** The instant at which clocks in the zone show this wall time (given as if it were UTC). */
export function instant(wall: number, zone: string): number {
  const first = wall - offset(wall, zone) * MINUTE;
  return wall - offset(first, zone) * MINUTE;
}

const STEPS = [5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 182 * DAY];

/** Tick instants between two others, at most `count`, on round wall-clock times of the zone. */
export function ticks(from: number, to: number, zone: string, count: number): number[] {
  const step = STEPS.find((s) => (to - from) / s <= count) ?? STEPS.at(-1)!;
  const out: number[] = [];
  const start = Math.ceil((from + offset(from, zone) * MINUTE) / step) * step;
  for (let wall = start; out.length < 200; wall += step) {
    const t = instant(wall, zone);
    if (t > to) break;
    if (t >= from && t !== out.at(-1)) out.push(t);
  }
  return out;
}

/** The label of a tick: the day at midnight, else the clock. */
export function tickLabel(t: number, zone: string, span: number): string {
  const shown = clock(t, zone);
  if (span > 60 * DAY) return formatter(zone, { day: "numeric", month: "short" }).format(t);
  if (shown === "00:00" || span > 12 * DAY) return day(t, zone);
  return shown;
}

export function ago(t: number, now: number): string {
  const s = Math.round((now - t) / 1000);
  if (s < 0) return `in ${span(-s * 1000)}`;
  if (s < 45) return "just now";
  return `${span(s * 1000)} ago`;
}

export function span(ms: number): string {
  const m = Math.round(ms / MINUTE);
  if (m < 60) return `${Math.max(m, 1)} min`;
  if (m < 24 * 60) return m % 60 === 0 || m > 600 ? `${Math.round(m / 60)} h` : `${Math.floor(m / 60)} h ${m % 60} min`;
  const d = Math.round(m / 60 / 24);
  return d === 1 ? "1 day" : `${d} days`;
}

/** Wall time for the API: local to the subject, without offset. */
export function wallText(t: number, zone: string): string {
  return new Date(t + offset(t, zone) * MINUTE).toISOString().slice(0, 19);
}

const ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)/g;
/** A sentence of the server with its instants as this zone's clocks show them, and its units as one writes them. */
export const plain = (text: string, zone: string) => plainUnits(text.replace(ISO, (iso) => dayAndClock(Date.parse(iso), zone)));
