/** The options of a question that leave things out, as a ladder: at each step the one that goes best, and its rivals. */
import type { Option } from "../api/types";

export interface Rung {
  option: Option;
  adds: string; // what is left out at this step, by its action's type
  rivals: { option: Option; adds: string }[]; // what could be left out in its place, likelier first
}

/** What an option leaves out. */
export const leftOut = (option: Option): string[] => [...new Set(option.actions.map((action) => action.type))].sort();
/** How likely its limits hold, the least likely of them. */
export const keeps = (option: Option): number => Math.min(1, ...option.constraints.map((c) => c.probability));

/** Step by step: of the options that leave out one more than the last step, the likeliest to keep the limits. */
export function ladder(options: readonly Option[]): Rung[] {
  const rungs: Rung[] = [];
  let gone: string[] = [];
  for (;;) {
    const next = options
      .map((option) => ({ option, out: leftOut(option) }))
      .filter(({ out }) => out.length === gone.length + 1 && gone.every((name) => out.includes(name)))
      .map(({ option, out }) => ({ option, adds: out.find((name) => !gone.includes(name))! }))
      .sort((a, b) => Number(b.option.feasible) - Number(a.option.feasible) || keeps(b.option) - keeps(a.option));
    const [best, ...rivals] = next;
    if (!best) return rungs;
    rungs.push({ ...best, rivals });
    if (!best.option.feasible) return rungs; // the ladder ends where a step may not be taken
    gone = leftOut(best.option);
  }
}
