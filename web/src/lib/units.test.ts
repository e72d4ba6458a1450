import { describe, expect, it } from "vitest";
import type { Kind } from "../api/types";
import { GLUCOSE, number, plainUnits, pretty, shown, signed, words } from "./units";

const glucose = { observables: [{ name: "glucose", unit: "mg/dL", meaning: "", code: "99504-3" }] } as unknown as Kind;
const other = { observables: [{ name: "ldl", unit: "mg/dL", meaning: "", code: "13457-7" }] } as unknown as Kind;

describe("units", () => {
  it("converts glucose alone, by its own molar mass", () => {
    expect(GLUCOSE).toBeCloseTo(180.156 / 10, 4);
    expect(shown("mg/dL", glucose, "mmol/L")).toMatchObject({ unit: "mmol/L", digits: 1 });
    expect(number(180 * shown("mg/dL", glucose, "mmol/L").factor, 1)).toBe("10.0");
    expect(shown("mg/dL", other, "mmol/L").unit).toBe("mg/dL");
    expect(shown("%", glucose, "mmol/L").factor).toBe(1);
  });

  it("writes numbers with the digits they deserve", () => {
    expect([0, 0.0123, 1.234, 12.34, 123.4, 17848, -5.5].map((v) => number(v))).toEqual(["0", "0.012", "1.23", "12.3", "123", "17\u202f848", "−5.5"]);
    expect(number(-0.04, 1)).toBe("0.0");
    expect([number(null), number(NaN), signed(3), signed(-3)]).toEqual(["–", "–", "+3", "−3"]);
  });

  it("writes the units within a sentence, and nothing else", () => {
    expect(plainUnits("systolic 92 mm[Hg], -18 in 4 h; temperature 38.9 Cel; platelets 80 10*3/uL")).toBe("systolic 92 mmHg, -18 in 4 h; temperature 38.9 °C; platelets 80 ×10³/µL");
    expect(plainUnits("above 60 mL/min/{1.73_m2}. Use [1, 2] of it")).toBe("above 60 mL/min/1.73 m². Use [1, 2] of it");
    expect(plainUnits("risk 0.2 1, +0.1; usual values")).toBe("risk 0.2, +0.1; usual values");
  });

  it("writes units and names for a reader", () => {
    expect([pretty("[iU]"), pretty("mL/min/{1.73_m2}"), pretty("1"), pretty("mg.h/dL"), pretty("Cel")]).toEqual(["IU", "mL/min/1.73 m²", "", "mg·h/dL", "°C"]);
    expect(["mm[Hg]", "[degF]", "{score}", "10*3/uL", "{beats}/min", "u[iU]/mL", "kcal/d", "mg/wk", "kg/m2", "dyn.s.cm-5", "cm[H2O]", "1/min", "[lb_av]", "mo", "%"].map(pretty)).toEqual([
      "mmHg", "°F", "points", "×10³/µL", "beats/min", "µIU/mL", "kcal/day", "mg/week", "kg/m²", "dyn·s·cm⁻⁵", "cmH₂O", "/min", "lb", "months", "%",
    ]);
    expect([words("time_in_range"), words("OpenBeds"), words("PDE5Inhibitor"), words("lv_wall")]).toEqual(["Time in range", "Open beds", "PDE5 inhibitor", "LV wall"]);
  });
});
