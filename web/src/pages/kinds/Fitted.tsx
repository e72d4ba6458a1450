/** Fits that this site made of a kind: compared on subjects held back, taken into use by somebody, taken back. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "../../api/http";
import { useDrift, useFits, useJobs, useMay } from "../../api/queries";
import type { Fit, Fits } from "../../api/types";
import { reasonOf, useToast } from "../../app/toasts";
import { Button, Card, Chip, Dialog, Empty, Field, Loaded, Notice, sentence } from "../../design/parts";
import { useNow } from "../../lib/now";
import { ago } from "../../lib/time";
import { number, percent, signed } from "../../lib/units";
import { t } from "../../texts";

const SURE = 0.95; // of being better, before a fit may be used: the server refuses less
type Asked = { what: "again" } | { what: "back" } | { what: "use"; fit: Fit };

export function Fitted({ kind }: { kind: string }) {
  const fits = useFits(kind, true);
  const [asked, setAsked] = useState<Asked | null>(null);
  const may = { make: useMay("jobs:write"), take: useMay("fits:write") };
  return (
    <Card
      title={t.kinds.fits}
      body={false}
      note={t.kinds.fitsNote}
      actions={may.make && <Button small onClick={() => setAsked({ what: "again" })}>{t.kinds.again}</Button>}
    >
      <Running kind={kind} />
      <Loaded query={fits} height={120}>
        {(data) => (
          <>
            <Now fits={data} onBack={may.take && data.uses.length > 1 ? () => setAsked({ what: "back" }) : undefined} />
            {data.fits.length === 0 ? <Empty title={t.kinds.none}><p>{t.kinds.noneText}</p></Empty> : <Made fits={data} onUse={may.take ? (fit) => setAsked({ what: "use", fit }) : undefined} />}
            {data.uses.length > 1 && <Line fits={data} />}
          </>
        )}
      </Loaded>
      {asked && <Ask kind={kind} asked={asked} onClose={() => setAsked(null)} />}
    </Card>
  );
}

function Running({ kind }: { kind: string }) {
  const jobs = useJobs().data?.items ?? [];
  const job = jobs.find((one) => one.type === "refit" && one.arguments.kind === kind);
  if (!job) return null;
  if (job.state === "failed") return <div className="calm"><Notice tone="bad">{sentence([job.error?.what, job.error?.fix].filter(Boolean).join(": "))}</Notice></div>;
  if (job.state !== "running" && job.state !== "queued") return null;
  return (
    <div className="calm row" role="status">
      <span className="bar" role="progressbar" aria-label={t.kinds.working} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(100 * job.progress)} style={{ width: 120 }}>
        <i style={{ width: `${100 * job.progress}%` }} />
      </span>
      {t.kinds.working}, <span className="num">{percent(job.progress)}</span>
    </div>
  );
}

function Now({ fits, onBack }: { fits: Fits; onBack?: () => void }) {
  const now = useNow();
  const { current } = fits;
  return (
    <p className="fit-now">
      <Chip tone="good">{t.kinds.using}</Chip>
      <span>{sentence(current.reason)}</span>
      <span className="muted small">
        <code>{current.artefact.slice(0, 12)}</code>{current.at && `, ${ago(Math.min(Date.parse(current.at), now), now)}, ${current.actor}`}
      </span>
      <span className="spring" />
      {onBack && <Button small onClick={onBack}>{t.kinds.back}</Button>}
    </p>
  );
}

function Made({ fits, onUse }: { fits: Fits; onUse?: (fit: Fit) => void }) {
  const now = useNow();
  return (
    <div className="scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t.kinds.made}</th>
            <th scope="col">{t.kinds.from}</th>
            <th scope="col">{t.kinds.loss}</th>
            <th scope="col" className="r">{t.kinds.better}</th>
            <th scope="col"><span className="unseen">{t.kinds.use}</span></th>
          </tr>
        </thead>
        <tbody>
          {fits.fits.map((fit) => {
            const c = fit.compared;
            return (
              <tr key={fit.id}>
                <td className="nowrap">{ago(Math.min(Date.parse(fit.created), now), now)}<br /><span className="small muted">{fit.actor}</span></td>
                <td>{sentence(fit.reason)}<div className="small muted not-phone">{sentence(fit.origin)}</div></td>
                <td>
                  <span className="num nowrap">{t.kinds.to(number(c.old.log_loss, 4), number(c.new.log_loss, 4))}</span>
                  <br />
                  <span className="small muted">{t.kinds.difference(signed(c.difference, 4), signed(c.interval[0], 4), signed(c.interval[1], 4))}; {t.kinds.on(c.outcomes, c.patients)}</span>
                </td>
                <td className="r">{number(c.better, 2)}</td>
                <td className="r"><Use fit={fit} fits={fits} onUse={onUse} /></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** The button, or why there is none. */
function Use({ fit, fits, onUse }: { fit: Fit; fits: Fits; onUse?: (fit: Fit) => void }) {
  if (fits.current.fit === fit.id) return <Chip tone="good">{t.kinds.using}</Chip>;
  if (fit.against !== fits.current.artefact) return <span className="small muted">{t.kinds.old}</span>;
  if (fit.compared.better < SURE) return <span className="small muted">{t.kinds.notBetter}</span>;
  return onUse ? <Button small kind="primary" onClick={() => onUse(fit)}>{t.kinds.use}</Button> : null;
}

function Line({ fits }: { fits: Fits }) {
  const now = useNow();
  return (
    <details className="under">
      <summary className="calm">{t.kinds.line}</summary>
      <table className="table">
        <thead>
          <tr><th scope="col">{t.kinds.at}</th><th scope="col">{t.kinds.reason}</th><th scope="col">{t.kinds.by}</th></tr>
        </thead>
        <tbody>
          {[...fits.uses].reverse().map((use) => (
            <tr key={use.version}>
              <td className="nowrap">{use.at ? ago(Math.min(Date.parse(use.at), now), now) : t.kinds.shipped}</td>
              <td>{sentence(use.reason)} <code className="small muted">{use.artefact.slice(0, 12)}</code></td>
              <td>{use.actor || "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function Ask({ kind, asked, onClose }: { kind: string; asked: Asked; onClose: () => void }) {
  const proposal = useDrift(kind).data?.proposal;
  const [reason, setReason] = useState("");
  const client = useQueryClient();
  const tell = useToast();
  const path = { kind };
  const send = useMutation({
    mutationFn: (): Promise<unknown> => {
      if (asked.what === "again") return post("/v1/kinds/{kind}/fits", { path, body: { reason } });
      if (asked.what === "back") return post("/v1/kinds/{kind}/fits/back", { path, body: { reason } });
      return post("/v1/kinds/{kind}/fits/{fit}/use", { path: { kind, fit: asked.fit.id }, body: { reason } });
    },
    onSuccess: () => {
      tell(asked.what === "again" ? t.kinds.queued : t.kinds.taken);
      onClose();
    },
    onSettled: () => {
      for (const queryKey of [["jobs"], ["fits", kind]]) void client.invalidateQueries({ queryKey });
    },
  });
  const say = ({ again: [t.kinds.againTitle, t.kinds.againText, t.kinds.again], back: [t.kinds.backTitle, t.kinds.useText, t.kinds.back], use: [t.kinds.useTitle, t.kinds.useText, t.kinds.use] } as const)[asked.what];
  const needed = asked.what !== "again" || !proposal;
  return (
    <Dialog
      title={say[0]}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>{t.cancel}</Button>
          <Button kind="primary" type="submit" form="fit" disabled={send.isPending || (needed && !reason.trim())}>{say[2]}</Button>
        </>
      }
    >
      <form id="fit" className="stack" onSubmit={(e) => (e.preventDefault(), send.mutate())}>
        <p>{say[1]}</p>
        {asked.what === "again" && proposal && <Notice tone="warn">{sentence(proposal)}</Notice>}
        {send.error && <Notice tone="bad">{reasonOf(send.error)}</Notice>}
        <Field label={asked.what === "again" ? t.kinds.why : t.kinds.reason} hint={asked.what === "again" ? (proposal ? t.kinds.whyDrift : t.kinds.whyHint) : t.kinds.reasonHint}>
          {(ids) => <textarea {...ids} className="input" rows={2} maxLength={2000} value={reason} onChange={(e) => setReason(e.target.value)} />}
        </Field>
      </form>
    </Dialog>
  );
}
