import { expect, it } from "vitest";
import { axisOf, valueAt } from "./loops";

it("a course goes round", () => {
  const values = [0, 10, 20, 10];
  expect([valueAt(values, 0), valueAt(values, 0.125), valueAt(values, 0.5), valueAt(values, 0.875), valueAt(values, 1.25)]).toEqual([0, 5, 20, 5, 10]);
});

it("axes end at round numbers and hold all values", () => {
  expect(axisOf([63, 142])).toEqual({ low: 60, high: 160, marks: [60, 80, 100, 120, 140, 160] });
  expect(axisOf([3, 118], true).low).toBe(0);
  expect(axisOf([-2, 40], true).low).toBeLessThan(-1);
});
