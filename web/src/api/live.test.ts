import { describe, expect, it } from "vitest";
import { stale } from "./live";

describe("the live stream", () => {
  it("makes stale what an event is about, and nothing of other twins", () => {
    expect(stale("readings", "tw-1")).toContainEqual(["twin", "tw-1", "timeline"]);
    expect(stale("forecast", "tw-1")).toContainEqual(["twin", "tw-1", "forecasts"]);
    expect(stale("alert", "tw-1")).toContainEqual(["alerts"]);
    expect(stale("job", "")).toEqual([["jobs"], ["trials"], ["fits"]]);
    for (const key of stale("belief", "tw-1")) expect(key[0] === "overview" || key[1] === "tw-1").toBe(true);
  });
});
