/** What the heart's panel draws, worked out apart from the drawing: places, colours at a moment, rows of the table. */
export interface HeartSurface {
  name: string;
  points: number[]; // flat, in 0.1 mm: x to the patient's left, y to the back, z to the head
  triangles: number[];
  values: Record<string, (number | null)[]>; // by option
  scar: Record<string, number[]>; // 1: border, 2: core
}
export interface HeartAnswer {
  at: string;
  unit: string;
  meaning: string;
  span: [number, number];
  surfaces: HeartSurface[];
  regions: Record<string, [string, number][]>;
  basis: { sentence: string };
  warnings: string[];
  source: string;
}
export type View = "outside" | "inside";
export const SEEN: Record<View, readonly string[]> = { outside: ["epi"], inside: ["lv_endo", "rv_endo"] };

/** cividis (Nuñez, Anderton & Renslow, PLOS ONE 2018): even steps to normal and to colour-blind eyes; bright is early. */
const MAP = ["#fee838", "#e1cc55", "#c3b369", "#a59c74", "#8a8678", "#707173", "#575d6d", "#3b496c", "#12356a"];
export const legend = `linear-gradient(90deg, ${MAP.join(", ")})`;
const FRONT = 5; // ms that the front stays lit after it came
export type Rgb = readonly [number, number, number];

export function rgb(hex: string): Rgb {
  const text = hex.trim().replace("#", "");
  const full = text.length === 3 ? [...text].map((c) => c + c).join("") : text;
  return [0, 2, 4].map((k) => parseInt(full.slice(k, k + 2), 16) / 255) as unknown as Rgb;
}
const STOPS = MAP.map(rgb);

/** Of a share of the span: 0 the earliest, 1 the latest. */
export function colour(share: number): Rgb {
  const at = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
  const k = Math.min(Math.floor(at), STOPS.length - 2);
  const [a, b] = [STOPS[k]!, STOPS[k + 1]!];
  return [0, 1, 2].map((c) => a[c]! + (at - k) * (b[c]! - a[c]!)) as unknown as Rgb;
}

export interface Inks {
  resting: Rgb;
  front: Rgb;
  scar: Rgb;
}

/** Three numbers a vertex: resting before the front, lit when it comes, then by when it came; scar is mixed in. */
export function paint(values: readonly (number | null)[], scar: readonly number[] | undefined, now: number, span: readonly [number, number], inks: Inks, out: Float32Array): Float32Array {
  const wide = Math.max(span[1] - span[0], 1);
  const running = now < span[1];
  for (let k = 0; k < values.length; k++) {
    const t = values[k];
    let c = t === null || t === undefined || t > now ? inks.resting : running && now - t < FRONT ? inks.front : colour((t - span[0]) / wide);
    const dead = scar?.[k] ?? 0;
    if (dead > 0) c = c.map((v, i) => v + (dead === 2 ? 0.85 : 0.4) * (inks.scar[i]! - v)) as unknown as Rgb;
    out.set(c, 3 * k);
  }
  return out;
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
  planned: number;
  other: number | null;
}
/** Regions as planned with the option beside them, the earliest first. */
export function rows(answer: HeartAnswer, planned: string, option: string): Row[] {
  const other = new Map(answer.regions[option] ?? []);
  return (answer.regions[planned] ?? []).map(([name, value]) => ({ name, planned: value, other: other.get(name) ?? null })).sort((a, b) => a.planned - b.planned);
}
