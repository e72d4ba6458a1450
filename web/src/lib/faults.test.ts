import { describe, expect, it } from "vitest";
import { Problem } from "../api/http";
import { faultsOf } from "./faults";

const FIELDS = ["low", "high", "persistence"];

describe("a refusal", () => {
  it("stands at its field, however deep it is", () => {
    const deep = new Problem(422, "Input should be less than 64", "body.policy.persistence", "see /docs", [{ where: "body.policy.persistence", what: "Input should be less than 64" }]);
    expect(faultsOf(deep, FIELDS)).toEqual({ at: { persistence: "Input should be less than 64" }, rest: "" });
    expect(faultsOf(new Problem(422, "a rule needs low, high or both", "low", "give them in mg/L"), FIELDS).at).toEqual({ low: "a rule needs low, high or both: give them in mg/L" });
  });

  it("of no field is said once", () => {
    expect(faultsOf(new Problem(412, "it has changed since", "If-Match", "read it again"), FIELDS)).toEqual({ at: {}, rest: "it has changed since: read it again" });
    expect(faultsOf(null, FIELDS)).toEqual({ at: {}, rest: "" });
  });
});
