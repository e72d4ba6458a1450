/** Stays as lanes of a resource, how likely each lane is taken later, and who moved from where to where. */
import type { Course, Stay } from "../api/types";

export interface Bar {
  lane: number; // from 0; beyond the resource's count: one more than there are
  start: number;
  end: number | null;
  stay: Stay;
}

/** Each stay in the first lane that is free when it begins. */
export function lanes(stays: readonly Stay[], now: number): Bar[] {
  const until: number[] = [];
  return [...stays]
    .sort((a, b) => Date.parse(a.start) - Date.parse(b.start))
    .map((stay) => {
      const start = Date.parse(stay.start);
      const free = until.findIndex((end) => end <= start);
      const lane = free < 0 ? until.length : free;
      until[lane] = stay.end ? Date.parse(stay.end) : Math.max(now, start) + 1;
      return { lane, start, end: stay.end ? Date.parse(stay.end) : null, stay };
    });
}

/** Probability that at least `count` are busy at point i of a course, from its quantiles. */
export function atLeast(course: Course, i: number, count: number): number {
  const known = [[0.05, course.q05[i]!], [0.25, course.q25[i]!], [0.5, course.q50[i]!], [0.75, course.q75[i]!], [0.95, course.q95[i]!]] as const;
  const level = count - 0.5; // counts are whole
  if (level <= known[0][1]) return 0.975;
  if (level > known[4][1]) return 0.025;
  for (let k = 1; k < known.length; k++) {
    const [p0, v0] = known[k - 1]!;
    const [p1, v1] = known[k]!;
    if (level <= v1) return 1 - (p0 + ((p1 - p0) * (level - v0)) / Math.max(v1 - v0, 1e-12));
  }
  return 0.025;
}

export interface Move {
  from: number; // step, from 0
  to: number;
  count: number;
}

/** How often somebody went from one step to another since then, the most frequent first. */
export function moves(stays: readonly Stay[], since: number): Move[] {
  const found = new Map<string, Move>();
  const last = new Map<string, Stay>();
  for (const stay of [...stays].sort((a, b) => Date.parse(a.start) - Date.parse(b.start))) {
    const before = last.get(stay.who);
    last.set(stay.who, stay);
    if (!before || Date.parse(stay.start) < since) continue;
    const [from, to] = [Math.abs(before.value) - 1, Math.abs(stay.value) - 1];
    if (from === to) continue;
    const key = `${from}>${to}`;
    found.set(key, { from, to, count: (found.get(key)?.count ?? 0) + 1 });
  }
  return [...found.values()].sort((a, b) => b.count - a.count);
}
