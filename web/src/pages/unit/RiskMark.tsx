/** A risk: the median as a number, its band on a scale, and how it moved; never by colour alone. */
import { ArrowDownRight, ArrowRight, ArrowUpRight, Dot } from "lucide-react";
import type { Risk } from "../../api/types";
import { Whisker } from "../../design/parts";
import { number } from "../../lib/units";
import { t } from "../../texts";

export const percent = (p: number) => `${p < 0.001 ? "< 0.1" : number(100 * p, p < 0.1 ? 1 : 0)} %`;
const ARROWS = { rising: ArrowUpRight, falling: ArrowDownRight, steady: ArrowRight, new: Dot } as const;
type Way = keyof typeof ARROWS;

export function Trend({ way }: { way: string }) {
  const Icon = ARROWS[way as Way] ?? Dot;
  return (
    <span className={`trend ${way}`}>
      <Icon size={15} aria-hidden /> {t.unit.trends[way as Way] ?? way}
    </span>
  );
}

export function RiskMark({ risk, high }: { risk: Risk; high: number }) {
  return (
    <div className="riskmark">
      <span className="row"><b className="num">{percent(risk.q50)}</b> <Trend way={risk.trend} /></span>
      <Whisker q={risk} low={0} high={high} label={t.unit.band(percent(risk.q05), percent(risk.q95))} tone={risk.trend === "rising" ? "var(--bad)" : "var(--forecast)"} />
      <span className="small muted num">{t.unit.band(percent(risk.q05), percent(risk.q95))}</span>
    </div>
  );
}
