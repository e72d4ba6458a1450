/** Whether a twin's data still come as they used to. */
import type { Glance } from "../api/types";

const SILENT = 4; // times its own rhythm, and at least an hour, without a reading: assumed

/** The time between readings that is usual for this twin, ms. */
export function rhythm(twin: Glance): number {
  const times = twin.recent.map((r) => Date.parse(r[0] as string));
  const gaps = times.slice(1).map((time, i) => time - times[i]!);
  return gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 0;
}

export const isSilent = (twin: Glance, now: number): boolean =>
  twin.last !== null && now - Date.parse(twin.last.time) > Math.max(SILENT * rhythm(twin), 3_600_000);
