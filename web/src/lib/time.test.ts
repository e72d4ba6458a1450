import { describe, expect, it } from "vitest";
import { ago, clock, DAY, HOUR, instant, MINUTE, offset, plain, tickLabel, ticks, wallText } from "./time";

describe("zones", () => {
  it("knows offsets on both sides of a clock change, and zones of half hours", () => {
    expect(offset(Date.UTC(2026, 2, 29, 0, 59), "Europe/Berlin")).toBe(60);
    expect(offset(Date.UTC(2026, 2, 29, 1, 0), "Europe/Berlin")).toBe(120);
    expect(offset(Date.UTC(2026, 0, 1), "Asia/Kolkata")).toBe(330);
    expect(offset(Date.UTC(2026, 0, 1), "America/Chicago")).toBe(-360);
  });

  it("finds the instant of a wall time", () => {
    const wall = Date.UTC(2026, 5, 1, 8, 30);
    expect(clock(instant(wall, "America/New_York"), "America/New_York")).toBe("08:30");
    expect(wallText(Date.UTC(2026, 0, 1, 23, 0), "Asia/Tokyo")).toBe("2026-01-02T08:00:00");
  });

  it("puts ticks on the zone's own midnights, through a change of clocks", () => {
    const from = Date.UTC(2026, 2, 27, 12);
    const made = ticks(from, from + 4 * DAY, "Europe/Berlin", 6);
    expect(made.map((t) => clock(t, "Europe/Berlin"))).toEqual(["00:00", "00:00", "00:00", "00:00"]);
    expect(made[2]! - made[1]!).toBe(23 * HOUR);
    expect(tickLabel(made[0]!, "Europe/Berlin", 4 * DAY)).toContain("28");
  });

  it("never makes more ticks than asked for", () => {
    for (const span of [40 * MINUTE, 6 * HOUR, DAY, 14 * DAY, 90 * DAY]) expect(ticks(0, span, "UTC", 8).length).toBeLessThanOrEqual(9);
  });

  it("says how long ago, and instants in sentences as the zone's clock shows them", () => {
    expect(ago(0, 30_000)).toBe("just now");
    expect(ago(0, 90 * MINUTE)).toBe("1 h 30 min ago");
    expect(ago(0, 3 * DAY)).toBe("3 days ago");
    expect(plain("above 250 at 2026-11-26T01:33:00-06:00", "UTC")).toBe("above 250 at 26 Nov, 07:33");
  });
});
