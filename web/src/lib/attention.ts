/** What needs somebody, and why: from what is seen of each twin at a glance, the most urgent first. */
import type { Glance } from "../api/types";
import { span } from "./time";
import { t } from "../texts";

export interface Concern {
  twin: Glance;
  severity: "critical" | "warning" | "info";
  why: string;
  since: string | undefined;
  alert?: string;
}

const RANK = { critical: 0, warning: 1, info: 2 };
const SILENT = 4; // times its own rhythm, and at least an hour, without a reading: assumed

/** The time between readings that is usual for this twin, ms. */
export function rhythm(twin: Glance): number {
  const times = twin.recent.map((r) => Date.parse(r[0] as string));
  const gaps = times.slice(1).map((time, i) => time - times[i]!);
  return gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 0;
}

export const isSilent = (twin: Glance, now: number): boolean =>
  twin.last !== null && now - Date.parse(twin.last.time) > Math.max(SILENT * rhythm(twin), 3_600_000);

export function concerns(twins: readonly Glance[], now: number): Concern[] {
  const out: Concern[] = [];
  for (const twin of twins) {
    for (const alert of twin.alerts.filter((a) => a.state === "open"))
      out.push({ twin, severity: alert.severity as Concern["severity"], why: alert.said, since: alert.raised, alert: alert.id });
    if (twin.failed) out.push({ twin, severity: "warning", why: t.home.failed(twin.failed), since: undefined });
    if (twin.followed && isSilent(twin, now)) {
      const last = twin.last!.time;
      out.push({ twin, severity: "warning", why: t.home.silent(span(now - Date.parse(last))), since: last });
    }
    if (twin.belief === null && twin.last) out.push({ twin, severity: "info", why: t.home.uncalibrated, since: undefined });
  }
  return out.sort((a, b) => (RANK[a.severity] ?? 3) - (RANK[b.severity] ?? 3) || (b.since ?? "").localeCompare(a.since ?? ""));
}
