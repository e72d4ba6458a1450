import { describe, expect, it } from "vitest";
import type { Option } from "../api/types";
import { keeps, ladder } from "./ladder";

const option = (names: string[], probability: number, needed = 0.8): Option =>
  ({ name: names.join(), actions: names.map((type) => ({ type, at: 0 })), feasible: probability >= needed, constraints: [{ probability }] }) as unknown as Option;

describe("a ladder", () => {
  it("takes the likeliest next step, and ends where it may not be taken", () => {
    const rungs = ladder([option([], 1), option(["A"], 0.95), option(["B"], 0.99), option(["C"], 0.5), option(["A", "B"], 0.85), option(["B", "C"], 0.4), option(["A", "C"], 0.9), option(["A", "B", "C"], 0.1)]);
    expect(rungs.map((r) => [r.adds, keeps(r.option)])).toEqual([["B", 0.99], ["A", 0.85], ["C", 0.1]]);
    expect(rungs[0]!.rivals.map((r) => r.adds)).toEqual(["A", "C"]);
  });

  it("halves where nothing can go whole, and shows halves beside what goes", () => {
    const half = (name: string, p: number): Option => ({ ...option([name], p), name: `half ${name}`, actions: [{ type: name, at: 0, dose: 500 }] });
    expect(ladder([option(["A"], 0.5), half("A", 0.9)]).map((r) => [r.adds, r.lowered])).toEqual([["A", true]]);
    const rungs = ladder([half("A", 0.99), option(["A"], 0.9), option(["B"], 0.95), option(["A", "B"], 0.3)]);
    expect(rungs.map((r) => [r.adds, r.lowered])).toEqual([["B", false], ["A", false]]);
    expect(rungs[0]!.rivals.map((r) => [r.adds, r.lowered])).toEqual([["A", false], ["A", true]]);
  });

  it("is empty where nothing is taken", () => {
    expect(ladder([option([], 1)])).toEqual([]);
  });
});
