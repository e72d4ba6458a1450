/** Why a twin's risk is what it is: what was measured and moved, what is otherwise than before, when it is wrong. */
import { useTwinRisk } from "../api/queries";
import type { Kind, TwinRisk } from "../api/types";
import { Card, Loaded } from "../design/parts";
import { plain } from "../lib/time";
import { Signs, type Reasons } from "../pages/unit/Signs";
import { t } from "../texts";
import type { PanelProps } from "./registry";
import "../pages/unit/unit.css";

const FEW = 5;

export default function ReasonsPanel({ twin, kind, panel, zone }: PanelProps) {
  const found = useTwinRisk(twin.id);
  return (
    <Card title={panel.title}>
      <Loaded query={found} height={120}>
        {(said) => (said.risks.length === 0 ? <p className="muted">{t.unit.noRisk}</p> : <div className="stack"><Because said={said} kind={kind} zone={zone} /></div>)}
      </Loaded>
    </Card>
  );
}

export function Because({ said, kind, zone }: { said: TwinRisk; kind: Kind; zone: string }) {
  const reasons = said.reasons as Reasons;
  const lists = [[t.unit.changed, reasons.changed ?? []], [t.unit.wrongIf, reasons.wrong_if ?? []]] as const;
  return (
    <>
      <Signs reasons={reasons} kind={kind} most={12} />
      {said.why && <p><b>{t.unit.why}:</b> {plain(said.why, zone)}</p>}
      {lists.filter(([, items]) => items.length > 0).map(([title, items]) => (
        <div key={title}>
          <h3>{title}</h3>
          <ul className="reason-list small">{items.slice(0, FEW).map((item) => <li key={item}>{plain(item, zone)}</li>)}</ul>
        </div>
      ))}
    </>
  );
}
