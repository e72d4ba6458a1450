/** Home: what needs attention first, with the reason; then every twin by place or kind, at a glance. */
import { ChevronRight, CircleCheck, Plus, Radio } from "lucide-react";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { useAttention, useKind, useOverview } from "../api/queries";
import type { Glance } from "../api/types";
import { useSettings } from "../app/settings";
import { Tour } from "../app/Tour";
import { Spark } from "../charts/Spark";
import { Card, Chip, Empty, Loaded, Loading, Notice, plainName, Segmented, Severity, Synthetic } from "../design/parts";
import { isSilent } from "../lib/attention";
import { useNow } from "../lib/now";
import { ago, plain } from "../lib/time";
import { number, shown, words } from "../lib/units";
import { useZones } from "../lib/zone";
import { t } from "../texts";
import "./home.css";

export default function Home() {
  const overview = useOverview();
  const now = useNow();
  const [wanted, setWanted] = useState("");
  const [view, setView] = useState<"board" | "list">("board");
  const twins = overview.data?.items;
  const placed = twins?.some((twin) => twin.place) ?? false;
  const [chosen, setChosen] = useState<"kind" | "place" | null>(null);
  const by = chosen ?? (placed ? "place" : "kind");
  const groups = useMemo(() => grouped((twins ?? []).filter((twin) => twin.subject.toLowerCase().includes(wanted.toLowerCase())), by), [twins, wanted, by]);
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>{t.home.title}</h1>
          {twins && <p className="sub num">{t.home.sub(twins.length, twins.filter((twin) => twin.followed).length)}</p>}
        </div>
        <span className="spring" />
        {twins && twins.length > 4 && <input className="input home-filter" type="search" placeholder={t.home.filter} aria-label={t.home.filter} value={wanted} onChange={(e) => setWanted(e.target.value)} />}
        {placed && <Segmented label={t.unit.group} value={by} options={[["place", t.unit.byPlace], ["kind", t.unit.byKind]]} onChange={setChosen} />}
        {twins && twins.length > 4 && <Segmented label={t.home.board} value={view} options={[["board", t.home.board], ["list", t.home.list]]} onChange={setView} />}
        <Link href="/data" className="btn primary">
          <Plus size={15} aria-hidden /> {t.home.make}
        </Link>
      </div>
      <Loaded query={overview} height={300}>
        {({ items }) =>
          items.length === 0 ? (
            <Card>
              <Empty title={t.home.empty}>
                <p>{t.home.emptyText}</p>
                <Link href="/data" className="btn primary">
                  {t.home.make}
                </Link>
              </Empty>
            </Card>
          ) : (
            <>
              <Tour />
              <Attention now={now} followed={items.some((twin) => twin.followed)} />
              {groups.map(([name, some]) => (
                <section key={name} className="stack" aria-label={name}>
                  <h2 className="kind-head">
                    {name} <span className="muted num">{some.length}</span>
                  </h2>
                  {view === "board" ? (
                    <ul className="board" data-tour="twins">
                      {some.map((twin) => (
                        <TwinCard key={twin.id} twin={twin} now={now} />
                      ))}
                    </ul>
                  ) : (
                    <TwinTable twins={some} now={now} />
                  )}
                </section>
              ))}
            </>
          )
        }
      </Loaded>
    </div>
  );
}

/** By place (where nobody said it, last) or by kind, each in the order of its first twin. */
function grouped(twins: Glance[], by: "kind" | "place"): [string, Glance[]][] {
  const out = new Map<string, Glance[]>();
  const named = (twin: Glance) => (by === "kind" ? words(twin.kind) : twin.place || t.unit.nowhere);
  const sorted = by === "kind" ? twins : [...twins].sort((a, b) => Number(!a.place) - Number(!b.place));
  for (const twin of sorted) out.set(named(twin), [...(out.get(named(twin)) ?? []), twin]);
  return [...out.entries()];
}

const FEW = 6;

function Attention({ now, followed }: { now: number; followed: boolean }) {
  const attention = useAttention();
  const [all, setAll] = useState(false);
  const zoneOf = useZones();
  const urgent = attention.data?.items.flatMap(({ twin, reasons }) => reasons.map((reason) => ({ twin, ...reason })));
  if (!urgent) return attention.error ? <Notice tone="warn">{t.stale}</Notice> : <Loading height={92} />;
  if (urgent.length === 0 && !followed) return <Notice>{t.home.unfollowed}</Notice>;
  if (urgent.length === 0)
    return (
      <div className="calm">
        <CircleCheck size={18} aria-hidden />
        <span>
          <b>{t.home.calm}.</b> {t.home.calmText}
        </span>
      </div>
    );
  const seen = all ? urgent : urgent.slice(0, FEW);
  return (
    <Card title={`${t.home.attention} (${attention.data!.total})`} body={false}>
      <ul className="concerns" data-tour="attention">
        {seen.map((reason) => (
          <li key={reason.twin.id + reason.code + (reason.about ?? "") + reason.since}>
            <Link href={reasonAt(reason)}>
              <Severity of={reason.severity} />
              <span className="strong clip who">{plainName(reason.twin.subject)}</span>
              <span className="why">{plain(sentenceStart(reason.said), zoneOf(reason.twin.zone))}</span>
              <span className="muted small num nowrap">{ago(Date.parse(reason.since), now)}</span>
              <ChevronRight size={15} aria-hidden />
            </Link>
          </li>
        ))}
      </ul>
      {urgent.length > seen.length && (
        <button type="button" className="btn quiet small more" onClick={() => setAll(true)}>
          {t.more} ({urgent.length - seen.length})
        </button>
      )}
    </Card>
  );
}

/** Where a reason is dealt with. */
function reasonAt({ code, about, twin }: { code: string; about: string | null; twin: { id: string } }): string {
  if (code === "alert" && about) return `/alerts/${about}`;
  if (code === "job") return "/jobs";
  if (code === "drift") return `/twins/${twin.id}/trust`;
  return code === "kept_aside" ? `/twins/${twin.id}/data` : `/twins/${twin.id}`;
}

const sentenceStart = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function useValue(twin: Glance) {
  const kind = useKind(twin.kind).data;
  const { settings } = useSettings();
  const as = shown(twin.last?.unit ?? "", kind, settings.glucose);
  const observable = kind?.observables.find((o) => o.name === twin.observable);
  return { value: twin.last ? number(twin.last.value * as.factor, as.digits) : "–", unit: as.unit, of: observable?.meaning ?? words(twin.observable) };
}

function TwinCard({ twin, now }: { twin: Glance; now: number }) {
  const { value, unit, of } = useValue(twin);
  const data = useMemo(() => twin.recent.map((r) => [Date.parse(r[0] as string), r[1] as number] as const), [twin.recent]);
  const worst = twin.alerts.find((a) => a.state === "open");
  return (
    <li>
      <Link href={`/twins/${twin.id}`} className="card twin-card" data-severity={worst?.severity}>
        <span className="head">
          <span className="strong clip">{plainName(twin.subject)}</span>
          {twin.synthetic && <Synthetic />}
        </span>
        <span className="middle">
          <span>
            <span className="value num">{value}</span> <span className="muted small">{unit}</span>
            <span className="muted small clip of">{of}</span>
          </span>
          <Spark data={data} label={t.home.trend(of)} />
        </span>
        <span className="foot small muted">
          {worst ? <Severity of={worst.severity} /> : <Following twin={twin} now={now} />}
          <span className="num nowrap">{twin.last ? ago(Date.parse(twin.last.time), now) : t.home.never}</span>
        </span>
      </Link>
    </li>
  );
}

function Following({ twin, now }: { twin: Glance; now: number }) {
  if (!twin.followed) return <span>{t.home.notFollowed}</span>;
  return (
    <span className="row" style={{ gap: 5 }}>
      <Radio size={13} color={isSilent(twin, now) ? "var(--warn)" : "var(--good)"} aria-hidden /> {t.home.followed}
    </span>
  );
}

function TwinTable({ twins, now }: { twins: Glance[]; now: number }) {
  return (
    <div className="card scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t.home.subject}</th>
            <th scope="col" className="r">{t.home.last}</th>
            <th scope="col"><span className="unseen">{t.home.trend("")}</span></th>
            <th scope="col">{t.home.status}</th>
            <th scope="col" className="r">{t.chart.time}</th>
          </tr>
        </thead>
        <tbody>
          {twins.map((twin) => (
            <TwinRow key={twin.id} twin={twin} now={now} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TwinRow({ twin, now }: { twin: Glance; now: number }) {
  const { value, unit, of } = useValue(twin);
  const data = useMemo(() => twin.recent.map((r) => [Date.parse(r[0] as string), r[1] as number] as const), [twin.recent]);
  const worst = twin.alerts.find((a) => a.state === "open");
  return (
    <tr>
      <td className="subject">
        <span className="row">
          <Link href={`/twins/${twin.id}`} className="strong">{plainName(twin.subject)}</Link>
          {twin.synthetic && <Synthetic />}
        </span>
      </td>
      <td className="r">
        {value} <span className="muted small">{unit}</span>
      </td>
      <td><Spark data={data} label={t.home.trend(of)} height={24} /></td>
      <td>{worst ? <Severity of={worst.severity} /> : twin.belief === null ? <Chip>{t.home.notFollowed}</Chip> : <Following twin={twin} now={now} />}</td>
      <td className="r muted">{twin.last ? ago(Date.parse(twin.last.time), now) : t.home.never}</td>
    </tr>
  );
}
