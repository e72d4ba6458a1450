import { describe, expect, it } from "vitest";
import { DAY, HOUR, MINUTE } from "../lib/time";
import { profile, quantile, shares } from "./profile";

describe("the ambulatory profile", () => {
  it("has the percentiles of a known distribution in every bin", () => {
    const start = Date.UTC(2026, 0, 10);
    const readings: [number, number][] = [];
    for (let d = 0; d < 101; d++) for (let m = 0; m < 24 * 60; m += 30) readings.push([start + d * DAY + m * MINUTE, d]);
    const bins = profile(readings, "UTC");
    expect(bins).toHaveLength(48);
    for (const bin of bins) expect(bin.q.map(Math.round)).toEqual([5, 25, 50, 75, 95]);
  });

  it("goes by the clock of the zone, through the change to summer time", () => {
    const readings: [number, number][] = [];
    for (let d = 0; d < 20; d++) {
      const day = Date.UTC(2026, 2, 20 + d); // clocks go forward on 29 March 2026
      const noon = day + 12 * HOUR - (day >= Date.UTC(2026, 2, 29) ? 2 : 1) * HOUR; // noon in Berlin
      for (let k = 0; k < 5; k++) readings.push([noon + k * MINUTE, 100]);
    }
    expect(profile(readings, "Europe/Berlin").map((bin) => bin.hour)).toEqual([12.25]);
  });

  it("shares out readings over ranges, edges belonging to the upper one", () => {
    expect(shares([50, 60, 70, 180, 181, 300], [54, 70, 181, 251])).toEqual([1 / 6, 1 / 6, 2 / 6, 1 / 6, 1 / 6]);
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  });
});
