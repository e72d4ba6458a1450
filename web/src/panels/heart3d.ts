/** What the heart's panel draws, worked out apart from the drawing: places, colours at a moment, rows of the table. */
import type { Interval } from "./loops";

export interface HeartSurface {
  name: string;
  points: number[]; // flat, in 0.1 mm: x to the patient's left, y to the back, z to the head
  triangles: number[];
  values: Record<string, (number | null)[]>; // by option
  scar: Record<string, number[]>; // 1: border, 2: core
  spread?: Record<string, (number | null)[]>; // standard deviation over members, where it was asked for
}
export interface HeartAnswer {
  at: string;
  unit: string;
  meaning: string;
  span: [number, number];
  surfaces: HeartSurface[];
  regions: Record<string, [string, number][]>; // of the member that is drawn
  known: Record<string, Record<string, Interval>>; // of all members
  differences: Record<string, Record<string, Interval>>;
  members: number; // behind known
  painted: number; // behind spread
  basis: { sentence: string };
  warnings: string[];
  source: string;
}
export type By = "arrival" | "spread";
export type View = "outside" | "inside";
export const SEEN: Record<View, readonly string[]> = { outside: ["epi"], inside: ["lv_endo", "rv_endo"] };

/** cividis (Nuñez, Anderton & Renslow, PLOS ONE 2018): even steps to normal and to colour-blind eyes; bright is early. */
const MAP = ["#fee838", "#e1cc55", "#c3b369", "#a59c74", "#8a8678", "#707173", "#575d6d", "#3b496c", "#12356a"];
/** Purples (ColorBrewer, 2002), pale is sure: another hue, so that nobody reads a spread as a time. */
const UNSURE = ["#f2f0f7", "#cbc9e2", "#9e9ac8", "#756bb1", "#54278f"];
const across = (map: readonly string[]) => `linear-gradient(90deg, ${map.join(", ")})`;
export const legends: Record<By, string> = { arrival: across(MAP), spread: across(UNSURE) };
const FRONT = 5; // ms that the front stays lit after it came
export type Rgb = readonly [number, number, number];

export function rgb(hex: string): Rgb {
  const text = hex.trim().replace("#", "");
  const full = text.length === 3 ? [...text].map((c) => c + c).join("") : text;
  return [0, 2, 4].map((k) => parseInt(full.slice(k, k + 2), 16) / 255) as unknown as Rgb;
}
const STOPS: Record<By, readonly Rgb[]> = { arrival: MAP.map(rgb), spread: UNSURE.map(rgb) };

/** Of a share of the span: 0 the earliest or surest, 1 the latest or least sure. */
export function colour(share: number, by: By = "arrival"): Rgb {
  const stops = STOPS[by];
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const k = Math.min(Math.floor(at), stops.length - 2);
  const [a, b] = [stops[k]!, stops[k + 1]!];
  return [0, 1, 2].map((c) => a[c]! + (at - k) * (b[c]! - a[c]!)) as unknown as Rgb;
}

export interface Inks {
  resting: Rgb;
  front: Rgb;
  scar: Rgb;
}

/** Three numbers a vertex: resting before the front, lit when it comes, then by when it came; scar is mixed in. */
export function paint(values: readonly (number | null)[], scar: readonly number[] | undefined, now: number, span: readonly [number, number], inks: Inks, out: Float32Array, by: By = "arrival"): Float32Array {
  const wide = Math.max(span[1] - span[0], 1);
  const running = now < span[1];
  for (let k = 0; k < values.length; k++) {
    const t = values[k];
    let c = t === null || t === undefined || t > now ? inks.resting : running && now - t < FRONT ? inks.front : colour((t - span[0]) / wide, by);
    const dead = scar?.[k] ?? 0;
    if (dead > 0) c = c.map((v, i) => v + (dead === 2 ? 0.85 : 0.4) * (inks.scar[i]! - v)) as unknown as Rgb;
    out.set(c, 3 * k);
  }
  return out;
}

/** The scale of the spread: from 0 to the widest of all options, whole ms. */
export function widest(answer: HeartAnswer): [number, number] {
  let most = 0;
  for (const surface of answer.surfaces) for (const values of Object.values(surface.spread ?? {})) for (const v of values) most = Math.max(most, v ?? 0);
  return [0, Math.max(1, Math.ceil(most))];
}

/** Middle of all points and the furthest from it, mm; points turned so that y is up and z comes out of the screen. */
export function placed(surfaces: readonly HeartSurface[]): { points: Record<string, Float32Array>; reach: number } {
  const every = surfaces.flatMap((s) => s.points);
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  every.forEach((v, i) => {
    low[i % 3] = Math.min(low[i % 3]!, v);
    high[i % 3] = Math.max(high[i % 3]!, v);
  });
  const middle = low.map((v, i) => (v + high[i]!) / 2);
  let reach = 0;
  const points: Record<string, Float32Array> = {};
  for (const surface of surfaces) {
    const turned = new Float32Array(surface.points.length);
    for (let k = 0; k < surface.points.length; k += 3) {
      const [x, y, z] = [0, 1, 2].map((c) => (surface.points[k + c]! - middle[c]!) / 10) as [number, number, number];
      turned.set([x, z, -y], k);
      reach = Math.max(reach, Math.hypot(x, y, z));
    }
    points[surface.name] = turned;
  }
  return { points, reach };
}

export interface Row {
  name: string;
  planned: Told;
  other: Told | null;
  change: Told | null;
}
/** A median with its 90 % interval over members; without one where a kind tells none. */
export interface Told {
  value: number;
  interval: [number, number] | null;
}
/** Regions as planned with the option beside them, the earliest first. */
export function rows(answer: HeartAnswer, planned: string, option: string): Row[] {
  const drawn = (of: string) => new Map(answer.regions[of] ?? []);
  const [first, second] = [drawn(planned), drawn(option)];
  const told = (known: Interval | undefined, otherwise: number | undefined): Told | null =>
    known ? { value: known.q50, interval: [known.q05, known.q95] } : otherwise === undefined ? null : { value: otherwise, interval: null };
  return [...first]
    .map(([name, value]) => ({
      name,
      planned: told(answer.known[planned]?.[name], value)!,
      other: told(answer.known[option]?.[name], second.get(name)),
      change: told(answer.differences[option]?.[name], second.has(name) ? second.get(name)! - value : undefined),
    }))
    .sort((a, b) => a.planned.value - b.planned.value);
}
