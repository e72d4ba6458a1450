/** A cohort: every twin of a kind by a quantity of its newest forecast; ranked, filtered, exported. */
import { ArrowDown, ArrowUp, Download } from "lucide-react";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { useKind, useOverview } from "../api/queries";
import type { Glance, Kind } from "../api/types";
import { useSettings } from "../app/settings";
import { Button, Card, Empty, Loaded, plainName, Segmented, Synthetic, Whisker } from "../design/parts";
import { called, number, shown, type Shown, words } from "../lib/units";
import { t } from "../texts";
import "./cohort.css";

type Q = { unit: string; q05: number; q25: number; q50: number; q75: number; q95: number };
const ahead = (twin: Glance, name: string) => (twin.ahead as Record<string, Q> | null | undefined)?.[name];

export default function Cohort() {
  const everyone = useOverview();
  const kinds = useMemo(() => [...new Set(everyone.data?.items.map((twin) => twin.kind))], [everyone.data]);
  const [wanted, setWanted] = useState<string | null>(null);
  const name = wanted ?? kinds[0];
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>{t.cohort.title}</h1>
          <p className="sub">{t.cohort.sub}</p>
        </div>
        <span className="spring" />
        {kinds.length > 1 && <Segmented label={t.home.kind} value={name ?? ""} options={kinds.map((k) => [k, words(k)] as const)} onChange={setWanted} />}
      </div>
      <Loaded query={everyone} height={300}>
        {() => (name ? <OfKind key={name} name={name} /> : <Card><Empty title={t.home.empty} /></Card>)}
      </Loaded>
    </div>
  );
}

function OfKind({ name }: { name: string }) {
  const kind = useKind(name);
  const twins = useOverview(name, true);
  return (
    <Loaded query={kind} height={300}>
      {(k) => <Loaded query={twins} height={300}>{({ items }) => <Ranking kind={k} twins={items.filter((twin) => twin.kind === name)} />}</Loaded>}
    </Loaded>
  );
}

function Ranking({ kind, twins }: { kind: Kind; twins: Glance[] }) {
  const { settings } = useSettings();
  const known = kind.quantities.filter((q) => twins.some((twin) => ahead(twin, q.name)));
  const [of, setOf] = useState("");
  const quantity = known.find((q) => q.name === of) ?? known[0];
  const [up, setUp] = useState(false);
  const [above, setAbove] = useState("");
  const [filter, setFilter] = useState("");
  if (!quantity) return <Card><Empty title={t.cohort.none}><p>{t.cohort.noneText}</p></Empty></Card>;
  const as = shown(quantity.unit, kind, settings.glucose);
  const value = (twin: Glance) => (ahead(twin, quantity.name)?.q50 ?? NaN) * as.factor;
  const some = twins
    .filter((twin) => twin.subject.toLowerCase().includes(filter.toLowerCase()))
    .filter((twin) => above === "" || value(twin) >= Number(above))
    .sort((a, b) => (Number.isNaN(value(a)) ? 1 : Number.isNaN(value(b)) ? -1 : up ? value(a) - value(b) : value(b) - value(a)));
  const others = known.filter((q) => q !== quantity).slice(0, 4);
  const all = twins.flatMap((twin) => { const q = ahead(twin, quantity.name); return q ? [q.q05 * as.factor, q.q95 * as.factor] : []; });
  const [low, high] = [Math.min(...all), Math.max(...all)];
  return (
    <Card
      body={false}
      title={
        <span className="row cohort-tools">
          <select className="input" aria-label={t.cohort.quantity} value={quantity.name} onChange={(e) => setOf(e.target.value)}>
            {known.map((q) => <option key={q.name} value={q.name}>{called(kind, q.name)}</option>)}
          </select>
          <input className="input" type="search" placeholder={t.home.filter} aria-label={t.home.filter} value={filter} onChange={(e) => setFilter(e.target.value)} />
          <input className="input num" type="number" step="any" placeholder={t.cohort.atLeast(as.unit)} aria-label={t.cohort.atLeast(as.unit)} value={above} onChange={(e) => setAbove(e.target.value)} />
          <span className="muted small num">{t.cohort.count(some.length, twins.length)}</span>
        </span>
      }
      actions={<Button small onClick={() => exported(kind, some, known.map((q) => q.name), settings.glucose)}><Download size={14} aria-hidden /> {t.cohort.export}</Button>}
      note={t.cohort.note}
    >
      <div className="scroll">
        <table className="table cohort">
          <thead>
            <tr>
              <th scope="col">{t.home.subject}</th>
              <th scope="col" className="r" aria-sort={up ? "ascending" : "descending"}>
                <button type="button" className="sort" onClick={() => setUp(!up)}>{called(kind, quantity.name)} {up ? <ArrowUp size={12} aria-hidden /> : <ArrowDown size={12} aria-hidden />}</button> <span className="muted">{as.unit}</span>
              </th>
              <th scope="col" className="spread">{number(low, as.digits)} <span className="spring" /> {number(high, as.digits)}</th>
              {others.map((q) => <th key={q.name} scope="col" className="r" title={q.meaning}>{called(kind, q.name)} <span className="muted">{shown(q.unit, kind, settings.glucose).unit}</span></th>)}
            </tr>
          </thead>
          <tbody>
            {some.map((twin) => <Row key={twin.id} twin={twin} q={ahead(twin, quantity.name)} as={as} low={low} high={high} name={called(kind, quantity.name)} others={others.map((q) => ({ q: ahead(twin, q.name), as: shown(q.unit, kind, settings.glucose) }))} />)}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Row({ twin, q, as, low, high, name, others }: { twin: Glance; q: Q | undefined; as: Shown; low: number; high: number; name: string; others: { q: Q | undefined; as: Shown }[] }) {
  const scaled = q && { q05: q.q05 * as.factor, q25: q.q25 * as.factor, q50: q.q50 * as.factor, q75: q.q75 * as.factor, q95: q.q95 * as.factor };
  return (
    <tr>
      <td className="subject"><span className="row"><Link href={`/twins/${twin.id}`} className="strong">{plainName(twin.subject)}</Link>{twin.synthetic && <Synthetic />}</span></td>
      <td className="r"><b>{number(scaled?.q50, as.digits)}</b> <span className="muted small">{scaled && `${number(scaled.q05, as.digits)} – ${number(scaled.q95, as.digits)}`}</span></td>
      <td className="spread-cell">{scaled && <Whisker q={scaled} low={low} high={high} label={`${name}: ${number(scaled.q50, as.digits)}`} />}</td>
      {others.map((other, i) => <td key={i} className="r">{number(other.q ? other.q.q50 * other.as.factor : null, other.as.digits)}</td>)}
    </tr>
  );
}

/** The rows as a file of comma-separated values. */
function exported(kind: Kind, twins: Glance[], names: string[], prefers: "mg/dL" | "mmol/L") {
  const units = names.map((name) => shown(kind.quantities.find((q) => q.name === name)?.unit ?? "", kind, prefers));
  const quoted = (text: string) => `"${text.replace(/"/g, '""')}"`;
  const head = ["twin", "subject", ...names.flatMap((name, i) => ["q05", "q50", "q95"].map((q) => `${name}_${q}${units[i]!.unit ? ` (${units[i]!.unit})` : ""}`))];
  const rows = twins.map((twin) => [twin.id, twin.subject, ...names.flatMap((name, i) => { const q = ahead(twin, name); return [q?.q05, q?.q50, q?.q95].map((v) => (v === undefined ? "" : String(v * units[i]!.factor))); })]);
  const text = [head, ...rows].map((row) => row.map(quoted).join(",")).join("\r\n");
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: `${kind.name}-cohort.csv` });
  link.click();
  URL.revokeObjectURL(url);
}
