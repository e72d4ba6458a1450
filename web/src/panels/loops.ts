/** The beat as the server tells it, and where a moment of it lies. */
export type Band = Record<"q05" | "q25" | "q50" | "q75" | "q95", number[]>;
export type Interval = Record<"q05" | "q50" | "q95", number>;
export interface BeatOf {
  period: number;
  traces: Record<string, Band>;
  members: Record<string, number[][]>;
  numbers: Record<string, Interval>;
  differences?: Record<string, Interval>;
}
export interface LoopsAnswer {
  at: string;
  traces: { name: string; unit: string; meaning: string }[];
  loops: { name: string; meaning: string; x: string; y: string }[];
  told: { name: string; unit: string; meaning: string; of: string; usual: [number, number] | null; source: string }[];
  options: Record<string, BeatOf>;
  members: number;
  warnings: string[];
  source: string;
  basis: { sentence: string };
}
/** A closed course's value at a share of the beat, between its points. */
export function valueAt(values: readonly number[], share: number): number {
  const at = (((share % 1) + 1) % 1) * values.length;
  const low = Math.floor(at) % values.length;
  return values[low]! + (at - Math.floor(at)) * (values[(low + 1) % values.length]! - values[low]!);
}

/** Round ends of an axis that holds all values, and its marks. */
export function axisOf(values: readonly number[], fromZero = false): { low: number; high: number; marks: number[] } {
  const [min, max] = [fromZero ? Math.min(0, ...values) : Math.min(...values), Math.max(...values)];
  const rough = Math.max(max - min, 1e-9) / 4;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * ([1, 2, 5].find((s) => s * size >= rough) ?? 10);
  const [low, high] = [Math.floor(min / step) * step, Math.ceil(max / step) * step];
  return { low, high, marks: Array.from({ length: Math.round((high - low) / step) + 1 }, (_, k) => low + k * step) };
}
