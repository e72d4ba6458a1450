import { describe, expect, it } from "vitest";
import type { Kind } from "../api/types";
import { backOf, scaleOf, soon, spanName } from "./scale";
import { DAY, HOUR, MINUTE } from "./time";

const kind = (panels: object[]) => ({ panels }) as unknown as Kind;

describe("the pace of a kind", () => {
  it("is hours, unless the kind says otherwise", () => {
    expect(scaleOf(kind([]))).toMatchObject({ first: 4, step: 5 * MINUTE });
    expect(scaleOf(kind([{ type: "scale", hours: [2190], first: 2190, step_minutes: 1440 }]))).toMatchObject({ hours: [2190], step: DAY });
    expect([6, 24, 336, 2190, 8766].map(spanName)).toEqual(["6 h", "24 h", "14 d", "3 months", "12 months"]);
  });

  it("plans at round moments ahead", () => {
    expect(soon(0, 5 * MINUTE)).toBe(30 * MINUTE);
    expect(soon(5 * HOUR, DAY)).toBe(2 * DAY);
    expect([backOf(4), backOf(2190)]).toEqual([2 * HOUR, 1095 * HOUR]);
  });
});
