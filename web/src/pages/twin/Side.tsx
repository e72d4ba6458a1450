/** Beside the timeline: what the forecast comes to, what is planned, what needs attention, what it all rests on. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ChevronRight, Undo2 } from "lucide-react";
import { memo, useState } from "react";
import { Link } from "wouter";
import { del } from "../../api/http";
import { useActions, useAlerts } from "../../api/queries";
import type { Course, Deed, Kind, Twin, WholeForecast } from "../../api/types";
import { useSettings } from "../../app/settings";
import { reasonOf, useToast } from "../../app/toasts";
import { Button, Card, Empty, Notice, Severity, Whisker } from "../../design/parts";
import { clock, dayAndClock, plain } from "../../lib/time";
import { called, number, shown, words } from "../../lib/units";
import { t } from "../../texts";
import { detail } from "./course";

interface Props {
  twin: Twin;
  kind: Kind;
  forecast: WholeForecast | undefined;
  actions: Deed[];
  now: number;
  zone: string;
}

export const Side = memo(function Side({ twin, kind, forecast, actions, now, zone }: Props) {
  const alerts = useAlerts("", twin.id).data?.items.filter((alert) => alert.state !== "resolved") ?? [];
  const planned = actions.filter((deed) => Date.parse(deed.time) > now);
  return (
    <aside className="stack side">
      {alerts.length > 0 && (
        <Card title={t.twin.alerts} body={false}>
          <ul className="side-list">
            {alerts.slice(0, 4).map((alert) => (
              <li key={alert.id}>
                <Link href={`/alerts/${alert.id}`} className="side-alert">
                  <Severity of={alert.severity} />
                  <span>{plain(alert.said, zone)}</span>
                  <ChevronRight size={14} aria-hidden />
                </Link>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {forecast ? <Quantities forecast={forecast} kind={kind} zone={zone} /> : (
        <Card>
          <Empty title={t.twin.noForecast}>
            <p>{t.twin.noForecastText}</p>
          </Empty>
        </Card>
      )}
      <Card title={t.twin.planned} actions={<Link href={`/twins/${twin.id}/what-if`} className="btn small no-print">{t.twin.whatif}</Link>} body={planned.length === 0}>
        {planned.length === 0 ? <p className="muted small">{t.twin.nothingPlanned}</p> : <Planned twin={twin} kind={kind} planned={planned} zone={zone} />}
      </Card>
      {forecast && (
        <Card title={t.twin.rests}>
          <div className="stack">
            <p className="small">{plain(String(forecast.forecast.basis.sentence ?? ""), zone)}</p>
            {forecast.forecast.warnings.map((warning) => (
              <Notice key={warning} tone="warn">{plain(warning, zone)}</Notice>
            ))}
            <Link href={`/twins/${twin.id}/trust`} className="small">{t.twin.tabs.trust}</Link>
          </div>
        </Card>
      )}
    </aside>
  );
});

const FEW = 8;

function Quantities({ forecast, kind, zone }: { forecast: WholeForecast; kind: Kind; zone: string }) {
  const { settings } = useSettings();
  const [all, setAll] = useState(false);
  const rows = kind.quantities.flatMap((quantity) => {
    const item = forecast.forecast.items[quantity.name] as unknown as Course | undefined;
    return item?.q50.length === 1 ? [{ quantity, item }] : [];
  });
  if (rows.length === 0) return null;
  const [from, to] = rows[0]!.item.local;
  return (
    <Card title={t.twin.window} actions={<span className="small muted num nowrap">{clock(Date.parse(from!), zone)} – {clock(Date.parse(to!), zone)}</span>} body={false}>
      <ul className="quantities">
        {(all ? rows : rows.slice(0, FEW)).map(({ quantity, item }) => {
          const as = shown(item.unit, kind, settings.glucose);
          const q = { q05: item.q05[0]! * as.factor, q25: item.q25[0]! * as.factor, q50: item.q50[0]! * as.factor, q75: item.q75[0]! * as.factor, q95: item.q95[0]! * as.factor };
          const room = 0.12 * (q.q95 - q.q05) || 1;
          const said = `${number(q.q05, as.digits)} – ${number(q.q95, as.digits)}`;
          return (
            <li key={quantity.name} title={quantity.meaning}>
              <span className="name clip">{called(kind, quantity.name)}</span>
              <span className="num value">
                <b>{number(q.q50, as.digits)}</b> <span className="muted">{as.unit}</span>
              </span>
              <Whisker q={q} low={as.unit === "%" ? 0 : q.q05 - room} high={as.unit === "%" ? 100 : q.q95 + room} label={`${called(kind, quantity.name)}: ${number(q.q50, as.digits)} (${said}) ${as.unit}`} />
              <span className="small muted num range">{said}</span>
            </li>
          );
        })}
      </ul>
      {rows.length > FEW && !all && <Button small kind="quiet" className="more" onClick={() => setAll(true)}>{t.more} ({rows.length - FEW})</Button>}
    </Card>
  );
}

function Planned({ twin, kind, planned, zone }: { twin: Twin; kind: Kind; planned: Deed[]; zone: string }) {
  const stored = useActions(twin.id).data?.items ?? [];
  const client = useQueryClient();
  const tell = useToast();
  const back = useMutation({
    mutationFn: (id: string) => del("/v1/twins/{twin_id}/actions/{action_id}", { path: { twin_id: twin.id, action_id: id } }),
    onSuccess: () => {
      tell(t.twin.tookBack);
      void client.invalidateQueries({ queryKey: ["twin", twin.id] });
    },
    onError: (error) => tell(reasonOf(error), "bad"),
  });
  return (
    <ul className="side-list">
      {planned.map((deed, i) => {
        const row = stored.filter((r) => r.type === deed.type && Date.parse(r.time) === Date.parse(deed.time)).at(-1);
        return (
          <li key={i} className="planned">
            <span className="num muted nowrap">{dayAndClock(Date.parse(deed.time), zone)}</span>
            <span>{detail(deed, kind.actions.find((a) => a.title === deed.type))}</span>
            {row && (
              <Button small kind="quiet" icon aria-label={`${t.twin.takeBack}: ${words(deed.type)}`} title={t.twin.takeBack} disabled={back.isPending} onClick={() => back.mutate(row.id)}>
                <Undo2 size={14} aria-hidden />
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
