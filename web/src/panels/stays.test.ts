import { describe, expect, it } from "vitest";
import type { Course, Stay } from "../api/types";
import { atLeast, lanes, moves } from "./stays";

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 8, minutes)).toISOString();
const stay = (who: string, value: number, start: number, end: number | null): Stay => ({ who, value, sensor: "red", start: at(start), end: end === null ? null : at(end) });
const flat = (...q: number[]) => ({ q05: [q[0]], q25: [q[1]], q50: [q[2]], q75: [q[3]], q95: [q[4]] }) as unknown as Course;

describe("lanes", () => {
  it("are taken in turn and freed at the end", () => {
    const bars = lanes([stay("a", 1, 0, 30), stay("b", 1, 10, null), stay("c", 1, 30, 40), stay("d", 1, 35, null)], Date.parse(at(60)));
    expect(bars.map((b) => [b.stay.who, b.lane])).toEqual([["a", 0], ["b", 1], ["c", 0], ["d", 2]]);
  });
});

describe("how likely a lane is taken", () => {
  it("falls with the lane and runs through the quantiles", () => {
    const course = flat(1, 2, 3, 4, 6);
    const p = [1, 2, 3, 4, 5, 6, 7].map((n) => atLeast(course, 0, n));
    expect(p).toEqual([...p].sort((a, b) => b - a));
    expect(p[0]).toBe(0.975);
    expect(p[2]).toBeCloseTo(0.625);
    expect(p[6]).toBe(0.025);
    expect([atLeast(flat(2, 2, 2, 2, 2), 0, 2), atLeast(flat(2, 2, 2, 2, 2), 0, 3)]).toEqual([0.975, 0.025]);
  });
});

describe("moves", () => {
  it("are counted between different steps since then", () => {
    const all = [stay("a", 1, 0, 20), stay("a", -2, 20, 25), stay("a", 2, 25, null), stay("b", 1, 5, 30), stay("b", 2, 30, null), stay("c", 1, 0, 2), stay("c", 3, 2, null)];
    expect(moves(all, Date.parse(at(10)))).toEqual([{ from: 0, to: 1, count: 2 }]);
  });
});
