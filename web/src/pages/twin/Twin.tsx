/** A twin: who it is, how fresh, and its pages. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FileText, Radio } from "lucide-react";
import { Suspense } from "react";
import { Link } from "wouter";
import { del, post, put } from "../../api/http";
import { useForecast, useForecasts, useKind, useMay, useOverview, useTwin, useWaveforms } from "../../api/queries";
import { isCourse, type Kind, type Twin as State } from "../../api/types";
import { useSettings } from "../../app/settings";
import { reasonOf, useToast } from "../../app/toasts";
import { Button, Chip, Empty, Loaded, Loading, plainName, Synthetic } from "../../design/parts";
import { useNow } from "../../lib/now";
import { scaleOf } from "../../lib/scale";
import { ago, HOUR, span } from "../../lib/time";
import { fieldName, number, pretty, shown, words } from "../../lib/units";
import { t } from "../../texts";
import { sentenceCase } from "./course";
import { Place } from "./Place";
import "./twin.css";
import { lazily } from "../../lib/lazily";

const Now = lazily(() => import("./Now"));
const Why = lazily(() => import("./Why"));
const Trust = lazily(() => import("./Trust"));
const Records = lazily(() => import("./Records"));
const Waveforms = lazily(() => import("../../waves/Waveforms"));
const WhatIf = lazily(() => import("../whatif/WhatIf"));
const TABS = [
  ["now", t.twin.tabs.now],
  ["what-if", t.twin.tabs.whatif],
  ["why", t.twin.tabs.why],
  ["trust", t.twin.tabs.trust],
  ["data", t.twin.tabs.data],
  ["waveforms", t.waves.tab],
] as const;

export default function Twin({ id, tab }: { id: string; tab: string }) {
  const twin = useTwin(id);
  return (
    <div className="page">
      <Loaded query={twin} height={300}>
        {(state) => <Whole twin={state} tab={tab} />}
      </Loaded>
    </div>
  );
}

function Whole({ twin, tab }: { twin: State; tab: string }) {
  const kind = useKind(twin.kind);
  const waves = useWaveforms(twin.id).data?.items.length ?? 0;
  const tabs = TABS.filter(([key]) => key !== "waveforms" || waves > 0 || tab === key);
  return (
    <>
      <Header twin={twin} kind={kind.data} />
      <nav className="tabs" aria-label={twin.subject}>
        {tabs.map(([key, name]) => (
          <Link key={key} href={key === "now" ? `/twins/${twin.id}` : `/twins/${twin.id}/${key}`} aria-current={key === tab ? "page" : undefined}>
            {name}
          </Link>
        ))}
      </nav>
      <Loaded query={kind} height={320}>
        {(k) => (
          <Suspense fallback={<Loading height={360} />}>
            {tab === "now" && <Now twin={twin} kind={k} />}
            {tab === "why" && <Why twin={twin} kind={k} />}
            {tab === "trust" && <Trust twin={twin} kind={k} />}
            {tab === "data" && <Records twin={twin} kind={k} />}
            {tab === "waveforms" && <Waveforms twin={twin.id} />}
            {tab === "what-if" && <WhatIf twin={twin} kind={k} />}
            {!TABS.some(([key]) => key === tab) && <Empty title={t.lost.title}><p>{t.lost.text}</p></Empty>}
          </Suspense>
        )}
      </Loaded>
    </>
  );
}

function Header({ twin, kind }: { twin: State; kind: Kind | undefined }) {
  const now = useNow();
  const glance = useOverview().data?.items.find((item) => item.id === twin.id);
  const fields = kind ? known(twin, kind) : [];
  return (
    <header className="twin-head">
      <div className="who">
        <h1>
          {plainName(twin.subject)} {twin.synthetic && <Synthetic />}
        </h1>
        <p className="row small muted">
          <Chip title={kind?.context_of_use.question}>{words(twin.kind)}</Chip>
          {fields.slice(0, 5).map(([name, value]) => (
            <span key={name}>
              {name} <span style={{ color: "var(--text)" }}>{value}</span>
            </span>
          ))}
          <span className="num">{twin.last ? t.twin.fresh(ago(Date.parse(twin.last), now)) : t.twin.nofresh}</span>
          {glance && <Place twin={twin.id} place={glance.place} bed={glance.bed} />}
          {glance?.followed && (
            <span className="row" style={{ gap: 4, color: "var(--good)" }}>
              <Radio size={13} aria-hidden /> {t.home.followed}
            </span>
          )}
        </p>
        {kind && <p className="muted small purpose">{kind.context_of_use.question}</p>}
      </div>
      <Figures twin={twin} kind={kind} />
      <Controls twin={twin} kind={kind} followed={glance?.followed} />
    </header>
  );
}

/** What is known of the subject, as words. */
function known(twin: State, kind: Kind): [string, string][] {
  return Object.entries(twin.fields)
    .filter(([name, value]) => name !== "type" && value !== null && value !== "")
    .map(([name, value]) => {
      const unit = pretty(kind.subject.properties[name]?.["x-unit"] ?? "");
      return [fieldName(name, kind.subject.properties[name]?.description).replace(/^Hba1c/, "HbA1c").replace(/^Egfr/, "eGFR"), `${typeof value === "number" ? number(value) : words(String(value)).replace(/(\D)(\d)$/, "$1 $2")}${unit ? ` ${unit}` : ""}`];
    });
}

function Figures({ twin, kind }: { twin: State; kind: Kind | undefined }) {
  const { settings } = useSettings();
  const glance = useOverview().data?.items.find((item) => item.id === twin.id);
  const newest = useForecasts(twin.id).data?.items[0];
  const forecast = useForecast(twin.id, newest?.version).data?.forecast;
  if (!glance?.last) return null;
  const as = shown(glance.last.unit, kind, settings.glucose);
  const item = forecast?.items[glance.observable];
  const course = isCourse(item) ? item : undefined;
  const at = course ? Math.min(course.local.length - 1, nearestIndex(course.local, Date.parse(forecast!.at) + HOUR)) : -1;
  const observable = kind?.observables.find((o) => o.name === glance.observable);
  return (
    <dl className="figures">
      <div>
        <dt title={observable?.meaning}>{t.twin.latest}</dt>
        <dd>
          <b className="num">{number(glance.last.value * as.factor, as.digits)}</b> <span className="muted">{as.unit}</span>
        </dd>
        <dd className="small muted clip">{sentenceCase(observable?.meaning ?? "")}</dd>
      </div>
      {course && (
        <div>
          <dt>{t.twin.ahead(span(Date.parse(course.local[at]!) - Date.parse(forecast!.at)))}</dt>
          <dd>
            <b className="num" style={{ color: "var(--forecast)" }}>{number(course.q50[at]! * as.factor, as.digits)}</b> <span className="muted">{as.unit}</span>
          </dd>
          <dd className="small muted num">
            90 %: {number(course.q05[at]! * as.factor, as.digits)} – {number(course.q95[at]! * as.factor, as.digits)}
          </dd>
        </div>
      )}
    </dl>
  );
}

function nearestIndex(local: readonly string[], at: number): number {
  let best = 0;
  local.forEach((text, i) => {
    if (Math.abs(Date.parse(text) - at) < Math.abs(Date.parse(local[best]!) - at)) best = i;
  });
  return best;
}

function Controls({ twin, kind, followed }: { twin: State; kind: Kind | undefined; followed: boolean | undefined }) {
  const may = useMay("twins:write");
  const tell = useToast();
  const client = useQueryClient();
  const done = { onError: (error: unknown) => tell(reasonOf(error), "bad") };
  const follow = useMutation<unknown, unknown, boolean>({
    mutationFn: (on) => {
      const path = { twin_id: twin.id };
      return on ? put("/v1/twins/{twin_id}/following", { path, body: { hours: 3 } }) : del("/v1/twins/{twin_id}/following", { path });
    },
    onSuccess: () => void client.invalidateQueries({ queryKey: ["overview"] }),
    ...done,
  });
  const calibrate = useMutation({ mutationFn: () => post("/v1/jobs", { body: { type: "calibrate", twin: twin.id, arguments: {} } }), onSuccess: () => tell(t.twin.started), ...done });
  const mayAsk = useMay("answers:ask");
  const newest = useForecasts(twin.id).data?.items[0];
  const hours = (newest?.request as { hours?: number } | undefined)?.hours ?? (kind ? scaleOf(kind).first : 4);
  const report = mayAsk && twin.belief !== null && (
    <a className="btn" href={`/v1/twins/${twin.id}/report?hours=${hours}`} target="_blank" rel="noreferrer" title={t.twin.reportHint}>
      <FileText size={15} aria-hidden /> {t.twin.report}
    </a>
  );
  if (!may) return <div className="row controls no-print">{report}</div>;
  return (
    <div className="row controls no-print">
      {report}
      {twin.belief === null && twin.readings > 0 && (
        <Button kind="primary" disabled={calibrate.isPending || calibrate.isSuccess} onClick={() => calibrate.mutate()}>
          {t.twin.calibrate}
        </Button>
      )}
      {followed !== undefined && (
        <Button disabled={follow.isPending} onClick={() => follow.mutate(!followed)}>
          {followed ? t.twin.leave : t.twin.follow}
        </Button>
      )}
    </div>
  );
}

