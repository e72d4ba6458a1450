import { describe, expect, it } from "vitest";
import type { Deed, Kind } from "../api/types";
import { changed, heldAt, segments, stepsOf, unchanged } from "./held";

const deed = (day: number, dose: number): Deed => ({ type: "Metformin", time: new Date(day * 86.4e6).toISOString(), dose });
const at = (day: number) => day * 86.4e6;
const held = { action: "Metformin", amount: "dose" };
const kind = { actions: [{ title: "Metformin", properties: { type: { const: "Metformin" }, at: { type: "number" }, dose: { type: "number", minimum: 0 } }, required: ["at", "dose"] }] } as unknown as Kind;
const told = (steps: { at: number; fields: Record<string, unknown> }[]) => steps.map((s) => [s.at / 86.4e6, s.fields.dose]);

describe("what is held", () => {
  const of = segments([deed(40, 0), deed(0, 500), deed(10, 1000), { type: "Diet", time: new Date(0).toISOString() }], held);

  it("holds until the next of its type", () => {
    expect(of).toEqual([{ from: 0, to: at(10), amount: 500 }, { from: at(10), to: at(40), amount: 1000 }]);
    expect(heldAt(of, at(12))?.amount).toBe(1000);
    expect(heldAt(of, at(50))).toBeUndefined();
  });

  it("goes on as planned until it is changed", () => {
    const same = unchanged(of, at(20), at(21), 2000);
    expect(same).toEqual({ amount: 1000, start: at(21), stop: at(40) });
    expect(stepsOf(kind, held, of, same)).toEqual([]);
    expect(told(stepsOf(kind, held, of, { ...same, stop: at(30) }))).toEqual([[30, 0]]);
    expect(told(stepsOf(kind, held, of, { ...same, stop: null }))).toEqual([[40 + 1 / 1440, 1000]]); // not ended as planned
    expect(told(stepsOf(kind, held, of, { ...same, amount: 2000 }))).toEqual([[21, 2000]]); // and ended as planned
    expect(told(stepsOf(kind, held, of, { ...same, stop: at(21) }))).toEqual([[21, 0]]);
    expect(changed(of, { ...same, stop: at(30) })).toEqual([{ from: 0, to: at(10), amount: 500 }, { from: at(10), to: at(30), amount: 1000 }]);
  });

  it("is begun where there is none", () => {
    const fresh = unchanged([], at(20), at(21), 2000);
    expect(told(stepsOf(kind, held, [], fresh))).toEqual([[21, 2000]]);
    expect(told(stepsOf(kind, held, [], { ...fresh, stop: at(60) }))).toEqual([[21, 2000], [60, 0]]);
    expect(stepsOf(kind, held, [], { ...fresh, amount: 0 })).toEqual([]);
    expect(changed([], fresh)).toEqual([{ from: at(21), to: Infinity, amount: 2000 }]);
  });
});
