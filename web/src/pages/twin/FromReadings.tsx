/** The share of each part of the readings: the twin is calibrated anew without it, so it is a job with its progress. */
import { useMutation, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { get, post } from "../../api/http";
import { asExplanation, useMay } from "../../api/queries";
import type { Explanation, Twin } from "../../api/types";
import { reasonOf } from "../../app/toasts";
import { Button, Notice, sentence } from "../../design/parts";
import { percent } from "../../lib/units";
import { t } from "../../texts";

export const READINGS = "data";

export interface Asked {
  quantity: string;
  hours: number;
}

export function FromReadings({ twin, asked, show }: { twin: Twin; asked: Asked; show: (group: Explanation["breakdowns"][string]) => ReactNode }) {
  const may = useMay("jobs:write");
  const start = useMutation({
    mutationFn: () => post("/v1/jobs", { body: { type: "explain", twin: twin.id, arguments: { ...asked, over: [READINGS] } } }),
  });
  const id = start.data?.id;
  const job = useQuery({
    queryKey: ["jobs", "one", id],
    queryFn: ({ signal }) => get("/v1/jobs/{job_id}", { path: { job_id: id! }, signal }),
    enabled: !!id,
    refetchInterval: (query) => (["done", "failed", "cancelled"].includes(query.state.data?.state ?? "") ? false : 1000),
  });
  const cancel = useMutation({ mutationFn: () => post("/v1/jobs/{job_id}/cancel", { path: { job_id: id! } }) });
  const state = job.data?.state ?? (start.isPending ? "queued" : "");

  if (state === "done") {
    const answer = asExplanation(job.data?.result);
    const group = answer.breakdowns[READINGS];
    return <>{group ? show(group) : answer.notes.map((note) => <Notice key={note}>{note}</Notice>)}</>;
  }
  if (state === "queued" || state === "running" || (id && job.isLoading)) {
    const share = job.data?.progress ?? 0;
    return (
      <div className="stack" role="status">
        <p className="small muted">{t.why.anew}</p>
        <span className="row">
          <span className="bar" role="progressbar" aria-label={t.why.anew} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(100 * share)} style={{ width: 220 }}>
            <i style={{ width: `${100 * share}%` }} />
          </span>
          <span className="num small">{percent(share)}</span>
          {id && <Button small disabled={cancel.isPending} onClick={() => cancel.mutate()}>{t.cancel}</Button>}
        </span>
      </div>
    );
  }
  const failed = start.error ? reasonOf(start.error) : job.data?.error ? sentence(Object.values(job.data.error).join(" ")) : "";
  return (
    <div className="stack">
      {failed && <Notice tone="bad">{failed}</Notice>}
      <p className="small muted">{t.why.anewText}</p>
      <span><Button kind="primary" disabled={!may} onClick={() => start.mutate()}>{t.why.anewAsk}</Button></span>
    </div>
  );
}
