/** Kinds of twins: the question each answers and how much of what it claims is met. */
import { Link } from "wouter";
import { useKinds, useOverview } from "../../api/queries";
import type { KindLine } from "../../api/types";
import { Card, Chip, Loaded, sentence } from "../../design/parts";
import { words } from "../../lib/units";
import { t } from "../../texts";
import "./kinds.css";

export default function Kinds() {
  const kinds = useKinds();
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>{t.kinds.title}</h1>
          <p className="sub">{t.kinds.sub}</p>
        </div>
      </div>
      <Card body={false}>
        <Loaded query={kinds} height={320}>{({ items }) => <Table kinds={items} />}</Loaded>
      </Card>
    </div>
  );
}

function Table({ kinds }: { kinds: KindLine[] }) {
  const twins = useOverview().data?.items ?? [];
  return (
    <div className="scroll">
      <table className="table kinds">
        <thead>
          <tr>
            <th scope="col">{t.kinds.kind}</th>
            <th scope="col" className="not-phone">{t.kinds.question}</th>
            <th scope="col">{t.kinds.evidence}</th>
            <th scope="col" className="r">{t.kinds.twins}</th>
          </tr>
        </thead>
        <tbody>
          {kinds.map((kind) => (
            <tr key={kind.name}>
              <td>
                <Link href={`/kinds/${kind.name}`} className="strong nowrap">{words(kind.name)}</Link>
                <div className="only-phone small muted block"><Asks kind={kind} /></div>
              </td>
              <td className="muted not-phone"><Asks kind={kind} /></td>
              <td><Met kind={kind} /></td>
              <td className="r">{twins.filter((twin) => twin.kind === kind.name).length || "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Asks({ kind }: { kind: KindLine }) {
  return kind.error ? <><Chip tone="bad">{t.kinds.broken}</Chip> {sentence(kind.error)}</> : <>{kind.question}</>;
}

function Met({ kind: { claims, met, not_met } }: { kind: KindLine }) {
  return (
    <span className="met nowrap">
      <span className="tally" role="img" aria-label={t.trust.tally(met, not_met, claims - met - not_met)}>
        <i style={{ flex: met, background: "var(--good)" }} />
        <i style={{ flex: not_met, background: "var(--bad)" }} />
        <i style={{ flex: claims - met - not_met, background: "var(--line)" }} />
      </span>
      <span className="num">{t.kinds.of(met, claims)}</span>
    </span>
  );
}
