/** What is wanted: a quantity as small or as large as can be, within limits that must hold with a probability. */
import { Plus, X } from "lucide-react";
import type { Kind } from "../../api/types";
import { Button } from "../../design/parts";
import { called, pretty } from "../../lib/units";
import { t } from "../../texts";
import type { Goal } from "./plan";

export function GoalForm({ kind, goal, onGoal }: { kind: Kind; goal: Goal | null; onGoal: (goal: Goal | null) => void }) {
  const names = kind.quantities.map((q) => q.name);
  const quantities = names.map((name) => (
    <option key={name} value={name}>
      {called(kind, name)}
    </option>
  ));
  if (!goal)
    return (
      <Button small kind="quiet" onClick={() => names[0] && onGoal({ objective: { quantity: names[0], sense: "min" }, constraints: [] })}>
        <Plus size={14} aria-hidden /> {t.whatif.addGoal}
      </Button>
    );
  const put = (i: number, some: Partial<Goal["constraints"][number]>) => onGoal({ ...goal, constraints: goal.constraints.map((c, k) => (k === i ? { ...c, ...some } : c)) });
  return (
    <div className="goal">
      <div className="goal-line">
        <select className="input" aria-label={t.whatif.sense} value={goal.objective.sense} onChange={(e) => onGoal({ ...goal, objective: { ...goal.objective, sense: e.target.value as "min" | "max" } })}>
          <option value="min">{t.whatif.least}</option>
          <option value="max">{t.whatif.most}</option>
        </select>
        <select className="input" aria-label={t.whatif.wanted} value={goal.objective.quantity} onChange={(e) => onGoal({ ...goal, objective: { ...goal.objective, quantity: e.target.value } })}>
          {quantities}
        </select>
        <Button small icon kind="quiet" aria-label={t.whatif.dropGoal} title={t.whatif.dropGoal} onClick={() => onGoal(null)}>
          <X size={14} aria-hidden />
        </Button>
      </div>
      {goal.constraints.map((c, i) => (
        <div key={i} className="goal-line limit">
          <select className="input" aria-label={t.whatif.limitOf} value={c.quantity} onChange={(e) => put(i, { quantity: e.target.value })}>
            {quantities}
          </select>
          <select className="input side" aria-label={t.whatif.side_} value={c.high !== undefined ? "high" : "low"} onChange={(e) => put(i, e.target.value === "high" ? { high: c.low ?? c.high, low: undefined } : { low: c.high ?? c.low, high: undefined })}>
            <option value="low">≥</option>
            <option value="high">≤</option>
          </select>
          <input className="input num bound" type="number" step="any" aria-label={`${t.whatif.bound} ${pretty(kind.quantities.find((q) => q.name === c.quantity)?.unit ?? "")}`} value={c.high ?? c.low ?? 0} onChange={(e) => put(i, c.high !== undefined ? { high: Number(e.target.value) } : { low: Number(e.target.value) })} />
          <select className="input prob" aria-label={t.whatif.probability} value={c.probability} onChange={(e) => put(i, { probability: Number(e.target.value) })}>
            {[0.5, 0.8, 0.9, 0.95, 0.99].map((p) => (
              <option key={p} value={p}>
                {100 * p} %
              </option>
            ))}
          </select>
          <Button small icon kind="quiet" aria-label={t.whatif.dropLimit} onClick={() => onGoal({ ...goal, constraints: goal.constraints.filter((_, k) => k !== i) })}>
            <X size={14} aria-hidden />
          </Button>
        </div>
      ))}
      <Button small kind="quiet" onClick={() => names[0] && onGoal({ ...goal, constraints: [...goal.constraints, { quantity: names[0], low: 0, probability: 0.9 }] })}>
        <Plus size={14} aria-hidden /> {t.whatif.addLimit}
      </Button>
    </div>
  );
}
