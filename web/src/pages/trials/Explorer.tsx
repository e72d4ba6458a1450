/** Other designs for the same score: every lever by slider, number or arrow keys, sized again as it moves. */
import { useEffect, useMemo, useState } from "react";
import { Button, Card } from "../../design/parts";
import { number } from "../../lib/units";
import { t } from "../../texts";
import { Power } from "./pictures";
import { BOTH, needs, useDesigned, type Design, type Plan, type Trial } from "./trial";
import { Refusal } from "./Trials";

const PAUSE = 120; // ms without a move before the server is asked
interface Lever {
  name: keyof Design;
  low: number;
  high: number;
  step: number;
}

/** The levers of a trial: the effect's range lies around the protocol's. */
export function levers(design: Design, estimand: string): Lever[] {
  const e = design.effect;
  const span = estimand === "difference" ? [Math.min(e / 4, 3 * e), Math.max(e / 4, 3 * e)] : e < 1 ? [0.3, 0.98] : [1.02, 4];
  const size = 10 ** Math.floor(Math.log10(Math.max(span[1]! - span[0]!, 1e-9)) - 1.3);
  return [
    { name: "effect", low: Number((Math.floor(span[0]! / size) * size).toPrecision(6)), high: Number((Math.ceil(span[1]! / size) * size).toPrecision(6)), step: Number(size.toPrecision(6)) },
    { name: "power", low: 0.5, high: 0.99, step: 0.01 },
    { name: "alpha", low: 0.005, high: 0.2, step: 0.005 },
    { name: "ratio", low: 0.25, high: 4, step: 0.05 },
    { name: "dropout", low: 0, high: 0.5, step: 0.01 },
    { name: "correlation", low: 0, high: 0.95, step: 0.01 },
    { name: "deflation", low: 0.3, high: 1, step: 0.01 },
    { name: "inflation", low: 1, high: 2, step: 0.01 },
  ];
}

export function Explorer({ trial, plan }: { trial: Trial; plan: Plan }) {
  const own = useMemo<Design>(() => {
    const { effect, alpha, power, ratio, dropout, deflation, inflation } = trial.protocol.design;
    return { effect, alpha, power, ratio, dropout, deflation, inflation, correlation: plan.correlation[BOTH]! };
  }, [trial.protocol.design, plan.correlation]);
  const [moved, setMoved] = useState<Partial<Design>>({});
  const [asked, setAsked] = useState(moved);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(moved), PAUSE);
    return () => clearTimeout(timer);
  }, [moved]);
  const found = useDesigned(trial.id, asked);
  const what = needs(trial);
  const of = found.data ?? plan;
  const size = of.sizes[BOTH]!;
  const plain = of.sizes[of.sizes.covariates ? "covariates" : "unadjusted"]!;
  const all = levers(own, trial.protocol.estimand).filter((lever) => what === "patients" || (lever.name !== "inflation" && lever.name !== "dropout"));
  return (
    <Card title={t.trials.explore.title} actions={<Button small disabled={Object.keys(moved).length === 0} onClick={() => setMoved({})}>{t.trials.explore.reset}</Button>}>
      <div className="explorer">
        <div className="levers">
          {all.map((lever) => <One key={lever.name} lever={lever} value={moved[lever.name] ?? own[lever.name]} onChange={(value) => setMoved((held) => ({ ...held, [lever.name]: value }))} />)}
        </div>
        <div className="stack">
          <div className="answer" role="status" aria-live="polite" aria-label={t.trials.explore.sure}>
            <p><span className="big num" data-testid="total">{size.total}</span> {t.trials.explore.need[what]}</p>
            {size.treated != null && <p className="muted">{t.trials.explore.arms(size.treated, size.control!)}</p>}
            {size.randomised != null && size.randomised !== size.total && <p className="muted">{t.trials.explore.randomise(size.randomised)}</p>}
            <p className="muted">{t.trials.explore.against(plain.total, plain.total - size.total)}</p>
          </div>
          {found.error && <Refusal error={found.error} />}
          <figure>
            <Power of={of} what={what} wanted={moved.power ?? own.power} total={size.total} />
            <figcaption className="legend-of-plot">
              <span><i className="stroke" aria-hidden /> {t.trials.explore.with}</span>
              <span><i className="stroke second" aria-hidden /> {t.trials.explore.without}</span>
            </figcaption>
          </figure>
          <table className="table small">
            <caption className="unseen">{t.trials.explore.drift}</caption>
            <thead><tr><th scope="col">{t.trials.explore.drift}: {t.trials.explore.sd}</th><th scope="col" className="r">{t.trials.explore.rho}</th><th scope="col" className="r">{t.trials.sizes.power}</th></tr></thead>
            <tbody>{of.sensitivity.map((s, i) => <tr key={i}><td className="num">× {number(s["sd times"], 2)}</td><td className="r">× {number(s["correlation times"], 2)}</td><td className="r">{number(s.power, 3)}</td></tr>)}</tbody>
          </table>
        </div>
      </div>
    </Card>
  );
}

function One({ lever, value, onChange }: { lever: Lever; value: number; onChange: (value: number) => void }) {
  const name = t.trials.explore.names[lever.name]!;
  const take = (text: string) => {
    const next = Number(text);
    if (text !== "" && Number.isFinite(next)) onChange(next);
  };
  return (
    <div className="lever">
      <label>
        <span>{name}</span>
        <input type="range" min={lever.low} max={lever.high} step={lever.step} value={value} onChange={(e) => take(e.target.value)} />
      </label>
      <input className="input num" type="number" step={lever.step} value={Number(value.toPrecision(4))} aria-label={t.trials.explore.exact(name)} onChange={(e) => take(e.target.value)} />
    </div>
  );
}
