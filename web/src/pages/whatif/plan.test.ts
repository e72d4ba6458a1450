import { describe, expect, it } from "vitest";
import type { Schema } from "../../api/types";
import type { WhatIf } from "../../api/types";
import { faultOf, freshName, newStep, optionsOf, packed, planOf, samePlan, type Plan, unpacked } from "./plan";

const MEAL: Schema = {
  title: "Meal",
  properties: {
    type: { const: "Meal" },
    at: { type: "number" },
    known_at: { type: ["number", "null"] },
    carbohydrate: { type: "number", minimum: 0, maximum: 200, examples: [50] },
    protein: { type: ["number", "null"], examples: [20] },
    size: { type: "string", enum: ["small", "large"] },
  },
  required: ["type", "at", "carbohydrate"],
};
const at = Date.UTC(2026, 10, 26, 7, 5);
const plan: Plan = { hours: 4, goal: { objective: { quantity: "q", sense: "max" }, constraints: [] }, choices: [{ id: "a", name: "Étude – 1", steps: [newStep(MEAL, at)] }] };

describe("plans", () => {
  it("fills in what is needed and makes up nothing that may be left out", () => {
    expect(newStep(MEAL, at).fields).toEqual({ carbohydrate: 50, size: "small" });
    expect(optionsOf(plan)).toEqual({ "Étude – 1": [{ type: "Meal", at: "2026-11-26T07:05:00.000Z", carbohydrate: 50, size: "small" }] });
  });

  it("survives a link, and a broken link is no plan", () => {
    const back = unpacked(packed(plan))!;
    expect(optionsOf(back)).toEqual(optionsOf(plan));
    expect([back.hours, back.goal]).toEqual([4, plan.goal]);
    expect([unpacked("%%%"), unpacked("e30")]).toEqual([null, null]);
  });

  it("knows which field of which option a refusal is about", () => {
    const fault = faultOf("Meal.carbohydrate must be between 0 and 200 g (got 900)", "options.Étude – 1, line 1, column 58", plan);
    expect(fault).toEqual({ choice: "a", type: "Meal", field: "carbohydrate" });
    expect(faultOf("the twin has no readings", "twin", plan).choice).toBeUndefined();
    expect(freshName("Meal", ["Meal", "Meal 2"])).toBe("Meal 3");
  });

  it("comes back from the server the same, whatever the form of its actions", () => {
    const kept = { hours: 4, options: optionsOf(plan), goal: plan.goal } as unknown as WhatIf;
    expect(samePlan(planOf(kept, 0), plan)).toBe(true);
    expect(samePlan(planOf({ ...kept, hours: 8 }, 0), plan)).toBe(false);
    const named = { ...kept, options: { dose: [{ Bolus: { at: "+30min", dose: "100 mg" } }] } } as unknown as WhatIf;
    const [step] = planOf(named, Date.parse("2026-03-01T12:00:00Z")).choices[0]!.steps;
    expect([step!.type, step!.at, step!.fields]).toEqual(["Bolus", Date.parse("2026-03-01T12:30:00Z"), { dose: 100 }]);
  });
});
