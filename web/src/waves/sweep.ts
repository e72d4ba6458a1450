/** One channel as a monitor sweeps it: what came is put where its time says, and drawn up to a head that moves on. */
const ERASED = 0.3; // s ahead of the head that are blank

export class Sweep {
  readonly x: number[];
  readonly y: (number | null)[];
  newest = -Infinity; // ms, of the last sample that came
  private readonly size: number;
  private readonly held: Float64Array; // a ring that also keeps what lies ahead of the head
  private readonly stamp: Float64Array; // which sample a place holds
  private drawn: number | null = null;

  constructor(
    readonly rate: number,
    readonly seconds: number,
  ) {
    this.size = Math.round(seconds * rate);
    const ring = Math.round((seconds + 15) * rate);
    this.x = Array.from({ length: this.size }, (_, i) => i / rate);
    this.y = new Array<number | null>(this.size).fill(null);
    this.held = new Float64Array(ring);
    this.stamp = new Float64Array(ring).fill(-1);
  }

  /** Samples from `start` (ms) on; null: not measured. What came before is simply put again. */
  put(start: number, samples: readonly (number | null)[]) {
    const first = Math.round((start / 1000) * this.rate);
    samples.forEach((value, k) => {
      const at = (first + k) % this.held.length;
      this.held[at] = value ?? NaN;
      this.stamp[at] = value === null ? -1 : first + k;
    });
    this.newest = Math.max(this.newest, ((first + samples.length - 1) / this.rate) * 1000);
  }

  /** Draws on to this instant (ms); what is not there is a gap. */
  draw(head: number) {
    const to = Math.floor((head / 1000) * this.rate);
    const from = this.drawn === null || to - this.drawn > this.size || to < this.drawn ? to - this.size + 1 : this.drawn + 1;
    for (let n = from; n <= to; n++) this.y[mod(n, this.size)] = this.at(n);
    const blank = Math.round(ERASED * this.rate);
    for (let k = 1; k <= blank; k++) this.y[mod(to + k, this.size)] = null;
    this.drawn = to;
  }

  /** Where the head stands in the window (s). */
  get position(): number {
    return mod(this.drawn ?? 0, this.size) / this.rate;
  }

  /** The last seconds up to the head, the oldest first. */
  last(seconds: number): (number | null)[] {
    const to = this.drawn ?? 0;
    return Array.from({ length: Math.min(Math.round(seconds * this.rate), this.size) }, (_, k, n = Math.min(Math.round(seconds * this.rate), this.size)) => this.at(to - n + 1 + k));
  }

  private at(n: number): number | null {
    const place = mod(n, this.held.length);
    return this.stamp[place] === n ? this.held[place]! : null;
  }
}

const mod = (n: number, by: number) => ((n % by) + by) % by;

/** Moves with the clock, and gently towards where it should be; far off, it jumps. All in ms. */
export function advance(head: number | null, passed: number, target: number): number {
  if (head === null || Math.abs(target - head) > 1500) return target;
  return head + passed + Math.max(-0.1 * passed, Math.min(0.1 * passed, (target - head - passed) * 0.1));
}

export interface Readout {
  min: number;
  mean: number;
  max: number;
  beats: number | null; // a minute, by the peaks
}

/** What the last seconds come to; null where nothing was measured. */
export function readout(values: readonly (number | null)[], rate: number): Readout | null {
  const known = values.filter((v): v is number => v !== null);
  if (known.length < rate) return null;
  const min = Math.min(...known);
  const max = Math.max(...known);
  const mean = known.reduce((sum, v) => sum + v, 0) / known.length;
  return { min, mean, max, beats: beatsOf(values, rate, min + 0.7 * (max - min)) };
}

function beatsOf(values: readonly (number | null)[], rate: number, level: number): number | null {
  const at: number[] = [];
  for (let k = 1; k < values.length; k++) {
    const before = values[k - 1];
    const here = values[k];
    const due = at.length === 0 || k - at.at(-1)! > 0.25 * rate; // no heart beats faster than 240 a minute
    if (due && before != null && here != null && before < level && here >= level) at.push(k);
  }
  return at.length < 3 ? null : Math.round((60 * rate * (at.length - 1)) / (at.at(-1)! - at[0]!));
}
