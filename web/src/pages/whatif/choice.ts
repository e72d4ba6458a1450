/** An option that was recommended, as one that can be changed. */
import type { Option } from "../../api/types";
import { words } from "../../lib/units";
import { newId, type Choice, type Value } from "./plan";

export function choiceOf(option: Option, origin: string): Choice {
  const zero = Date.parse(origin);
  return {
    id: newId(),
    name: words(option.name),
    steps: option.actions.map(({ type, at, known_at: _, ...fields }) => ({ id: newId(), type, at: zero + at * 1000, fields: fields as Record<string, Value> })),
  };
}
