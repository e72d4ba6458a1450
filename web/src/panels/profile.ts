/** The ambulatory profile: percentiles of readings by time of day, and the share of time in each range. */
import { DAY, HOUR, MINUTE, offset } from "../lib/time";

export interface Bin {
  hour: number; // middle of the bin, local
  q: [number, number, number, number, number]; // 5, 25, 50, 75, 95 %
}
const LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95];
const WIDTH = 30 * MINUTE;
const FEWEST = 4; // readings in a bin: assumed

export function quantile(sorted: readonly number[], p: number): number {
  const at = p * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low]! + (at - low) * ((sorted[low + 1] ?? sorted[low]!) - sorted[low]!);
}

/** Readings pooled over days by local half hours, each with its neighbours, so that the course is smooth. */
export function profile(readings: readonly (readonly [number, number])[], zone: string): Bin[] {
  const bins: number[][] = Array.from({ length: DAY / WIDTH }, () => []);
  let shift = { from: -Infinity, minutes: 0 };
  for (const [t, value] of readings) {
    if (t - shift.from > HOUR) shift = { from: t, minutes: offset(t, zone) };
    const local = (((t + shift.minutes * MINUTE) % DAY) + DAY) % DAY;
    bins[Math.floor(local / WIDTH)]!.push(value);
  }
  return bins.flatMap((_, i) => {
    const near = [bins.at(i - 1)!, bins[i]!, bins[(i + 1) % bins.length]!];
    const pooled = near.flat().sort((a, b) => a - b);
    if (bins[i]!.length === 0 || pooled.length < FEWEST) return [];
    return [{ hour: ((i + 0.5) * WIDTH) / HOUR, q: LEVELS.map((p) => quantile(pooled, p)) as Bin["q"] }];
  });
}

/** Shares of readings below, within and above the edges, in order from the lowest. */
export function shares(values: readonly number[], edges: readonly number[]): number[] {
  const out = Array.from({ length: edges.length + 1 }, () => 0);
  for (const value of values) out[edges.filter((edge) => value >= edge).length]! += 1;
  return out.map((n) => n / Math.max(values.length, 1));
}
