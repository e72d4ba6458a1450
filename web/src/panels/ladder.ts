/** The options of a question that leave things out or lower them, as a ladder: at each step what goes best, and its rivals. */
import type { Option } from "../api/types";

export interface Step {
  option: Option;
  adds: string; // what is left out, or lowered, at this step, by its action's type
  lowered: boolean; // not left out whole
}
export interface Rung extends Step {
  rivals: Step[]; // what could be done in its place, likelier first
}

const INTERNAL = ["type", "at", "known_at"];
const ends = (action: Option["actions"][number]) => Object.entries(action).every(([name, value]) => INTERNAL.includes(name) || typeof value !== "number" || value === 0);
const types = (actions: Option["actions"]) => [...new Set(actions.map((action) => action.type))].sort();

/** What an option leaves out whole, and what it lowers. */
export const leftOut = (option: Option): string[] => types(option.actions.filter(ends));
export const lowered = (option: Option): string[] => types(option.actions.filter((action) => !ends(action)));
/** How likely its limits hold, the least likely of them. */
export const keeps = (option: Option): number => Math.min(1, ...option.constraints.map((c) => c.probability));

/** Step by step: of the options that go one further than the last step, the likeliest to keep the limits; whole before part. */
export function ladder(options: readonly Option[]): Rung[] {
  const rungs: Rung[] = [];
  let gone: string[] = [];
  for (;;) {
    const next = options.flatMap((option): Step[] => {
      const [out, part] = [leftOut(option), lowered(option)];
      const fresh = [...out, ...part].filter((name) => !gone.includes(name));
      return fresh.length === 1 && out.length + part.length === gone.length + 1 && gone.every((name) => out.includes(name)) ? [{ option, adds: fresh[0]!, lowered: part.length > 0 }] : [];
    });
    next.sort((a, b) => Number(b.option.feasible) - Number(a.option.feasible) || (a.option.feasible ? Number(a.lowered) - Number(b.lowered) : 0) || keeps(b.option) - keeps(a.option));
    const [best, ...rivals] = next;
    if (!best) return rungs;
    rungs.push({ ...best, rivals });
    if (!best.option.feasible || best.lowered) return rungs; // it ends where a step may not be taken, or is a part
    gone = leftOut(best.option);
  }
}
