import { describe, expect, it } from "vitest";
import { bounds, drawnOf, nearest, steps, type BandPoint, type Panel, type Point } from "./model";

const panel = (data: [number, number][]): Panel => ({ id: "p", title: "", unit: "", digits: 0, height: 100, series: [{ id: "s", name: "", color: "--c1", type: "points", data }] });

describe("axes", () => {
  it("hold what is seen, with room, and never go below zero where nothing does", () => {
    const [low, high] = bounds(panel([[0, 100], [5, 300], [99, 1000]]), 0, 10)!;
    expect([low < 100, low > 0, high > 300, high < 400]).toEqual([true, true, true, true]);
    expect(bounds(panel([[0, 0], [1, 1]]), 0, 2)![0]).toBe(0);
    expect(bounds(panel([]), 0, 1)).toBeNull();
  });

  it("have round steps", () => {
    expect(steps(92, 312, 4)).toEqual([100, 200, 300]);
    expect(steps(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  });

  it("are drawn from no more than their pixels can show, and lose no extreme", () => {
    const data = Array.from({ length: 10_000 }, (_, i): Point => [i, i === 4321 ? 900 : i === 8765 ? 1 : 100 + (i % 7)]);
    const some = drawnOf(data, 0, 10_000, 300);
    expect(some.length).toBeLessThanOrEqual(4 * 300);
    expect([some[0], some.at(-1)]).toEqual([data[0], data.at(-1)]);
    expect(some).toContain(data[4321]);
    expect(some).toContain(data[8765]);
    expect(some.map((p) => p[0])).toEqual(some.map((p) => p[0]).sort((a, b) => a - b));
    expect(drawnOf(data, 500, 600, 300)).toEqual(data.slice(499, 601)); // near enough, each of them is there
    const band = data.map(([t, v]): BandPoint => [t, v - 10, v + 10]);
    expect(drawnOf(band, 0, 10_000, 100)).toContain(band[4321]);
    expect(drawnOf([] as Point[], 0, 1, 10)).toEqual([]);
  });

  it("find the nearest point within reach", () => {
    const data: [number, number][] = [[0, 1], [10, 2], [20, 3]];
    expect(nearest(data, 12, 5)).toEqual([10, 2]);
    expect(nearest(data, 40, 5)).toBeNull();
    expect(nearest([], 1, 5)).toBeNull();
  });
});
