/** What a time chart shows: panels under each other on one time axis, events in a lane above them. */
export type Point = [number, number];
export type BandPoint = [number, number, number];

interface Common {
  id: string;
  name: string;
  color: string; // a token, e.g. "--forecast"
}
export interface Points extends Common {
  type: "points";
  data: Point[];
  hollow?: boolean;
}
export interface Line extends Common {
  type: "line";
  data: Point[];
  dash?: boolean;
  width?: number;
  step?: boolean;
}
export interface Band extends Common {
  type: "band";
  data: BandPoint[];
  strength: number; // opacity
}
export type Series = Points | Line | Band;

export interface Panel {
  id: string;
  title: string;
  unit: string;
  digits: number;
  height: number;
  series: Series[];
  range?: { low?: number; high?: number; name: string }; // a target, shaded
  zero?: boolean; // the axis holds zero
}

export interface Happening {
  id: string;
  at: number;
  label: string;
  detail: string;
  tone?: string; // a token
  movable?: boolean;
}

/** The first index whose instant is not before t. */
function first(data: readonly (Point | BandPoint)[], t: number): number {
  let a = 0;
  let b = data.length;
  while (a < b) {
    const m = (a + b) >> 1;
    if (data[m]![0] < t) a = m + 1;
    else b = m;
  }
  return a;
}

/**
 * What of a series is drawn between two instants: those within and one on either side; where there are more than four a
 * column, of every column the first, the lowest, the highest and the last, so that no extreme is lost.
 */
export function drawnOf<P extends Point | BandPoint>(data: readonly P[], from: number, to: number, columns: number): readonly P[] {
  const some = data.slice(Math.max(first(data, from) - 1, 0), first(data, to) + 1);
  if (some.length <= 4 * columns) return some;
  const out: P[] = [];
  let at = 0;
  while (at < some.length) {
    const column = Math.floor((columns * (some[at]![0] - from)) / (to - from));
    let [low, high, last] = [at, at, at];
    for (let i = at; i < some.length && Math.floor((columns * (some[i]![0] - from)) / (to - from)) === column; i++) {
      if (some[i]![1] < some[low]![1]) low = i;
      if (some[i]!.at(-1)! > some[high]!.at(-1)!) high = i;
      last = i;
    }
    for (const i of new Set([at, ...[low, high].sort((a, b) => a - b), last])) out.push(some[i]!);
    at = last + 1;
  }
  return out;
}

/** Bounds of the numbers between two instants, with room above and below; null when there are none. */
export function bounds(panel: Panel, from: number, to: number): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const s of panel.series)
    for (const p of s.data) {
      if (p[0] < from || p[0] > to) continue;
      const top = s.type === "band" ? (p as BandPoint)[2] : p[1];
      if (p[1] < low) low = p[1];
      if (top > high) high = top;
    }
  if (low > high) return null;
  if (panel.zero) {
    low = Math.min(low, 0);
    high = Math.max(high, 0);
  }
  const room = 0.08 * (high - low) || Math.abs(high) * 0.1 || 1;
  return [low >= 0 && low - room < 0 ? 0 : low - room, high + room];
}

/** Round values for an axis between two numbers, at most `count`. */
export function steps(low: number, high: number, count: number): number[] {
  const raw = (high - low) / Math.max(count, 1);
  if (!(raw > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw) ?? 10 * power;
  const out: number[] = [];
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + step * 1e-9; v += step) out.push(Number(v.toPrecision(12)));
  return out;
}

/** The point of a series nearest to an instant, if there is one within reach (ms). */
export function nearest<P extends Point | BandPoint>(data: readonly P[], t: number, reach: number): P | null {
  const a = first(data, t);
  const near = [data[a - 1], data[a]].filter((p): p is P => !!p).sort((p, q) => Math.abs(p[0] - t) - Math.abs(q[0] - t))[0];
  return near && Math.abs(near[0] - t) <= reach ? near : null;
}
