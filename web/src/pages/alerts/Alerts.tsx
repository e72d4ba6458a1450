/** Alerts: what needs somebody, who takes care of it, and every step that was taken. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { BellOff, Check, CheckCheck, ChevronLeft, SlidersHorizontal } from "lucide-react";
import { useMemo, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { post } from "../../api/http";
import { useAlert, useAlerts, useMay, useOverview } from "../../api/queries";
import type { Alert, Glance, WholeAlert } from "../../api/types";
import { reasonOf, useToast } from "../../app/toasts";
import { Button, Card, Chip, Dialog, Empty, Field, Loaded, plainName, Segmented, Severity, Synthetic } from "../../design/parts";
import { useNow } from "../../lib/now";
import { ago, dayAndClock, plain } from "../../lib/time";
import { words } from "../../lib/units";
import { useZone } from "../../lib/zone";
import { t } from "../../texts";
import "./alerts.css";

const STATES = ["open", "acknowledged", "silenced", "resolved"] as const;
type State = (typeof STATES)[number];
type Act = "acknowledge" | "silence" | "resolve";
const HOURS = [0.5, 1, 4, 12, 24];

export default function Alerts() {
  const { id } = useParams<{ id?: string }>();
  const [, go] = useLocation();
  const [state, setState] = useState<State>("open");
  const alerts = useAlerts();
  const now = useNow();
  const subjects = useSubjects();
  const counts = useMemo(() => Object.fromEntries(STATES.map((s) => [s, alerts.data?.items.filter((a) => a.state === s).length ?? 0])), [alerts.data]);
  return (
    <div className="page alerts-page" data-chosen={!!id}>
      <div className="page-head">
        <div>
          <h1>{t.alerts.title}</h1>
          <p className="sub">{t.alerts.sub}</p>
        </div>
        <span className="spring" />
        <Link href="/alerts/rules" className="btn">
          <SlidersHorizontal size={15} aria-hidden /> {t.alerts.rulesAndChannels}
        </Link>
        <Segmented<State> label={t.home.status} value={state} options={STATES.map((s) => [s, `${t.alerts[s]} ${counts[s]}`] as const)} onChange={(next) => (setState(next), go("/alerts"))} />
      </div>
      <Loaded query={alerts} height={300}>
        {({ items }) => {
          const some = items.filter((alert) => alert.state === state || alert.id === id);
          return (
            <div className="alerts">
              <Card body={false} className="alert-list">
                {some.length === 0 ? (
                  <Empty title={t.alerts.none} icon={<CheckCheck size={26} strokeWidth={1.5} aria-hidden />}>
                    <p>{t.alerts.noneText}</p>
                  </Empty>
                ) : (
                  <ul>
                    {some.map((alert) => (
                      <Row key={alert.id} alert={alert} chosen={alert.id === id} twin={subjects[alert.twin]} now={now} />
                    ))}
                  </ul>
                )}
              </Card>
              <Card body={false} className="alert-one">
                {id ? <One id={id} twins={subjects} /> : <Empty title={t.alerts.choose} />}
              </Card>
            </div>
          );
        }}
      </Loaded>
    </div>
  );
}

function useSubjects(): Record<string, Glance> {
  const twins = useOverview().data?.items;
  return useMemo(() => Object.fromEntries((twins ?? []).map((twin) => [twin.id, twin])), [twins]);
}

function Row({ alert, chosen, twin, now }: { alert: Alert; chosen: boolean; twin: Glance | undefined; now: number }) {
  const zone = useZone(twin?.zone);
  return (
    <li>
      <Link href={`/alerts/${alert.id}`} aria-current={chosen ? "true" : undefined} className="alert-row">
        <span className="row">
          <Severity of={alert.severity} />
          <span className="strong clip">{plainName(twin?.subject ?? alert.twin)}</span>
          <span className="spring" />
          <span className="muted small num nowrap">{ago(Date.parse(alert.raised), now)}</span>
        </span>
        <span className="said">{plain(alert.said, zone)}</span>
      </Link>
    </li>
  );
}

function One({ id, twins }: { id: string; twins: Record<string, Glance> }) {
  const alert = useAlert(id);
  const zone = useZone(twins[alert.data?.twin ?? ""]?.zone);
  const mayAct = useMay("alerts:act");
  const [asking, setAsking] = useState<Act | null>(null);
  return (
    <Loaded query={alert} height={240}>
      {(one) => (
        <>
          <header className="alert-head">
            <Link href="/alerts" className="btn quiet icon small only-phone" aria-label={t.alerts.title}>
              <ChevronLeft size={16} aria-hidden />
            </Link>
            <div>
              <h2>{plain(one.said, zone)}</h2>
              <p className="row small muted">
                <Severity of={one.severity} />
                <Chip tone={one.state === "open" ? "bad" : one.state === "resolved" ? "good" : ""}>
                  {t.alerts[one.state as State]}
                  {one.silent_until && one.state === "silenced" ? ` ${t.alerts.until_(dayAndClock(Date.parse(one.silent_until), zone))}` : ""}
                </Chip>
                <Link href={`/twins/${one.twin}`} className="inline">
                  {plainName(twins[one.twin]?.subject ?? one.twin)}
                </Link>
                {twins[one.twin]?.synthetic && <Synthetic />}
              </p>
            </div>
          </header>
          {mayAct && one.state !== "resolved" && (
            <div className="row acts">
              {one.state !== "acknowledged" && (
                <Button kind="primary" onClick={() => setAsking("acknowledge")}>
                  <Check size={15} aria-hidden /> {t.alerts.acknowledge}
                </Button>
              )}
              <Button onClick={() => setAsking("silence")}>
                <BellOff size={15} aria-hidden /> {t.alerts.silence}
              </Button>
              <Button onClick={() => setAsking("resolve")}>{t.alerts.resolve}</Button>
              <span className="spring" />
              <Link href={`/twins/${one.twin}`} className="btn quiet">
                {t.alerts.openTwin}
              </Link>
            </div>
          )}
          <Steps alert={one} zone={zone} />
          {asking && <Ask alert={one} zone={zone} act={asking} onClose={() => setAsking(null)} />}
        </>
      )}
    </Loaded>
  );
}

function Steps({ alert, zone }: { alert: WholeAlert; zone: string }) {
  return (
    <div className="steps">
      <h3>{t.alerts.steps}</h3>
      <ol>
        {alert.steps.map((step, i) => {
          const s = step as Record<string, string | null>;
          return (
            <li key={i}>
              <span className="num muted nowrap">{dayAndClock(Date.parse(s.at ?? ""), zone)}</span>
              <span>
                <b>{words(s.step ?? s.what ?? s.state ?? "")}</b>
                {s.actor && <span className="muted"> {s.actor}</span>}
                {s.reason && <span className="reason">{plain(s.reason, zone)}</span>}
              </span>
            </li>
          );
        })}
      </ol>
      <h3>{t.alerts.deliveries}</h3>
      {alert.deliveries.length === 0 ? (
        <p className="muted small">{t.alerts.nowhere}</p>
      ) : (
        <ul>
          {alert.deliveries.map((d, i) => (
            <li key={i} className="small">
              {Object.entries(d)
                .filter(([, v]) => typeof v === "string" || typeof v === "number")
                .map(([k, v]) => `${words(k)}: ${String(v)}`)
                .join(", ")}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Ask({ alert, zone, act, onClose }: { alert: WholeAlert; zone: string; act: Act; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const [hours, setHours] = useState("1");
  const client = useQueryClient();
  const tell = useToast();
  const headers = { "If-Match": `"${alert.seq}"` };
  const path = { alert_id: alert.id };
  const send = useMutation({
    mutationFn: (): Promise<unknown> => {
      const until = new Date(Date.now() + Number(hours) * 3_600_000).toISOString();
      if (act === "silence") return post("/v1/alerts/{alert_id}/silence", { path, body: { reason, until }, headers });
      if (act === "acknowledge") return post("/v1/alerts/{alert_id}/acknowledge", { path, body: { reason }, headers });
      return post("/v1/alerts/{alert_id}/resolve", { path, body: { reason }, headers });
    },
    onSuccess: () => {
      tell(t.alerts.done[act]);
      void client.invalidateQueries({ queryKey: ["alerts"] });
      void client.invalidateQueries({ queryKey: ["overview"] });
      onClose();
    },
    onError: (error) => {
      void client.invalidateQueries({ queryKey: ["alerts"] });
      tell(reasonOf(error), "bad");
    },
  });
  return (
    <Dialog
      title={t.alerts[act]}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>{t.cancel}</Button>
          <Button kind="primary" type="submit" form="act" disabled={send.isPending}>
            {t.alerts[act]}
          </Button>
        </>
      }
    >
      <form
        id="act"
        className="stack"
        onSubmit={(e) => {
          e.preventDefault();
          send.mutate();
        }}
      >
        <p>{plain(alert.said, zone)}</p>
        {act === "silence" && (
          <Field label={t.alerts.until}>
            {(ids) => (
              <select {...ids} className="input" value={hours} onChange={(e) => setHours(e.target.value)}>
                {HOURS.map((h) => (
                  <option key={h} value={h}>
                    {t.alerts.hours(h)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        <Field label={t.alerts.reason} hint={t.alerts.reasonHint}>
          {(ids) => <textarea {...ids} className="input" rows={3} autoFocus required={act === "silence"} value={reason} onChange={(e) => setReason(e.target.value)} />}
        </Field>
      </form>
    </Dialog>
  );
}
