import { describe, expect, it } from "vitest";
import { colour, paint, placed, rgb, rows, widest, type HeartAnswer } from "./heart3d";

const inks = { resting: [0.5, 0.5, 0.5], front: [1, 1, 1], scar: [0, 0, 0] } as const;

describe("the heart's colours", () => {
  it("are bright where it is early and dark where it is late", () => {
    const light = (share: number) => colour(share).reduce((a, b) => a + b);
    expect(light(0)).toBeGreaterThan(light(0.5));
    expect(light(0.5)).toBeGreaterThan(light(1));
    expect(colour(-1)).toEqual(colour(0));
    expect(colour(2)).toEqual(colour(1));
    expect(rgb("#fff")).toEqual([1, 1, 1]);
  });

  it("follow the front: resting, lit, then when it came", () => {
    const out = paint([10, 28, 60, null], undefined, 30, [0, 100], inks, new Float32Array(12));
    expect([...out.slice(0, 3)]).toEqual([...new Float32Array(colour(0.1))]);
    expect([...out.slice(3, 6)]).toEqual([1, 1, 1]);
    expect([...out.slice(6, 12)]).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
  });

  it("have another hue for how sure it is, pale is sure", () => {
    const light = (share: number) => colour(share, "spread").reduce((a, b) => a + b);
    expect(light(0)).toBeGreaterThan(light(1));
    const out = paint([0, 12, null], undefined, 12, [0, 12], inks, new Float32Array(9), "spread");
    expect([...out.slice(0, 3)]).toEqual([...new Float32Array(colour(0, "spread"))]);
    expect([...out.slice(3, 6)]).toEqual([...new Float32Array(colour(1, "spread"))]);
    expect([...out.slice(6, 9)]).toEqual([0.5, 0.5, 0.5]);
  });

  it("show the whole map at the end, scar darkened", () => {
    const out = paint([99, 99], [0, 2], 100, [0, 100], inks, new Float32Array(6));
    expect([...out.slice(0, 3)]).toEqual([...new Float32Array(colour(0.99))]);
    expect(out[3]!).toBeLessThan(out[0]!);
  });
});

describe("a heart on the screen", () => {
  it("has the patient's left on the right, the head up, the front towards one", () => {
    const { points, reach } = placed([{ name: "epi", points: [0, 0, 0, 100, -200, 300], triangles: [], values: {}, scar: {} }]);
    expect([...points["epi"]!]).toEqual([-5, -15, -10, 5, 15, 10]);
    expect(reach).toBeCloseTo(Math.hypot(5, 10, 15));
  });

  it("has a table, the earliest region first", () => {
    const answer = { regions: { "as planned": [["late", 90], ["early", 3]], both: [["late", 40]] }, known: {}, differences: {} } as unknown as HeartAnswer;
    const alone = (value: number) => ({ value, interval: null });
    expect(rows(answer, "as planned", "both")).toEqual([
      { name: "early", planned: alone(3), other: null, change: null },
      { name: "late", planned: alone(90), other: alone(40), change: alone(-50) },
    ]);
  });

  it("has the median and interval of all members where they are told", () => {
    const answer = {
      regions: { "as planned": [["apex", 70]], both: [["apex", 40]] },
      known: { "as planned": { apex: { q05: 60, q50: 72, q95: 88 } }, both: { apex: { q05: 30, q50: 41, q95: 55 } } },
      differences: { both: { apex: { q05: -40, q50: -31, q95: -20 } } },
    } as unknown as HeartAnswer;
    expect(rows(answer, "as planned", "both")).toEqual([
      { name: "apex", planned: { value: 72, interval: [60, 88] }, other: { value: 41, interval: [30, 55] }, change: { value: -31, interval: [-40, -20] } },
    ]);
  });

  it("has one scale of the spread for all options", () => {
    const surface = (spread?: Record<string, (number | null)[]>) => ({ name: "epi", points: [], triangles: [], values: {}, scar: {}, spread });
    expect(widest({ surfaces: [surface({ a: [2.5, null], b: [11.2] })] } as unknown as HeartAnswer)).toEqual([0, 12]);
    expect(widest({ surfaces: [surface()] } as unknown as HeartAnswer)).toEqual([0, 1]);
  });
});
