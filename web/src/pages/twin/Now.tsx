/** Observed, believed and forecast on one time axis; as it is, or as it was known at any moment before. */
import { History, Printer, X } from "lucide-react";
import { useDeferredValue, useMemo, useState } from "react";
import { Link } from "wouter";
import { useFit, useForecast, useForecasts, useTimeline } from "../../api/queries";
import type { Course, Deed, Kind, Twin } from "../../api/types";
import { useSettings } from "../../app/settings";
import TimeChart from "../../charts/TimeChart";
import { Button, Card, Empty, Loaded, Notice } from "../../design/parts";
import { useNow } from "../../lib/now";
import { DAY, dayAndClock, HOUR, MINUTE, wallText } from "../../lib/time";
import { scaleOf, spanName } from "../../lib/scale";
import { words } from "../../lib/units";
import { KindPanels } from "../../panels/registry";
import { useZone } from "../../lib/zone";
import { t } from "../../texts";
import { happening, panelsOf, sentenceCase, withData } from "./course";
import { usePast } from "./past";
import { Side } from "./Side";

const BLOCK = 6 * HOUR; // readings are asked for in steps of this or of half of what is shown, so that panning asks seldom
const LONG_AGO = 8 * HOUR; // or the shortest span, since the last reading: then the timeline begins where the readings end
const NONE: Deed[] = [];
const FIRST = 3; // panels at first, of a kind that has many

export default function Now({ twin, kind }: { twin: Twin; kind: Kind }) {
  const { settings } = useSettings();
  const zone = useZone(twin.zone);
  const present = useNow();
  const [then, setThen] = useState<number | null>(null);
  const moment = useDeferredValue(then);
  const asOf = moment === null ? undefined : wallText(moment, twin.zone);
  const last = twin.last ? Date.parse(twin.last) : present;
  const spans = useMemo(() => scaleOf(kind).spans.map((hours) => [spanName(hours), hours * HOUR] as const), [kind]);
  const anchor = then ?? (present - last > Math.max(LONG_AGO, spans[0]![1]) ? last : present);
  const [span, setSpan] = useState<number>(spans[1]![1]);
  const [offset, setOffset] = useState<[number, number] | null>(null); // what was zoomed or panned to, from the anchor
  const first = twin.first ? Date.parse(twin.first) : present - DAY;
  const newest = useForecasts(twin.id, asOf).data?.items[0];
  const forecast = useForecast(twin.id, newest?.version).data;
  const ahead = forecast ? Math.max(Date.parse(forecast.forecast.at) + Number((forecast.request as { hours?: number }).hours ?? 3) * HOUR - anchor, HOUR) : HOUR;
  const shown: [number, number] = offset ? [anchor + offset[0], anchor + offset[1]] : [anchor - Math.max(span - ahead, span / 2), anchor + ahead];
  const extent: [number, number] = [Math.min(first - HOUR, shown[0]), Math.max(present + 12 * HOUR, anchor + ahead, shown[1])];

  const block = BLOCK * 2 ** Math.max(Math.ceil(Math.log2((shown[1] - shown[0]) / (2 * BLOCK))), 0);
  const since = new Date(Math.floor((shown[0] - block / 2) / block) * block).toISOString();
  const until = Math.ceil((shown[1] + block / 2) / block) * block;
  const timeline = useTimeline(twin.id, since, asOf, until < anchor ? new Date(until).toISOString() : undefined);
  const plans = useTimeline(twin.id, new Date(Math.floor(anchor / BLOCK) * BLOCK).toISOString(), asOf).data?.actions ?? NONE; // wherever one has panned to
  const later = useTimeline(twin.id, moment === null ? undefined : new Date(moment).toISOString(), undefined, moment === null ? undefined : new Date(moment + DAY).toISOString());
  const [believed, setBelieved] = useState(false);
  const [past, setPast] = useState(false);
  const fit = useFit(twin.id, asOf, believed && twin.belief !== null);
  const earlier = usePast(twin.id, past, shown, asOf);

  const available = useMemo(() => withData(kind, timeline.data?.observations ?? [], forecast?.forecast), [kind, timeline.data, forecast]);
  const [chosen, setChosen] = useState<string[] | null>(null);
  const seen = useMemo(() => new Set(timeline.data?.observations.map((o) => o.observable)), [timeline.data]);
  const names = chosen ?? (available.some((name) => seen.has(name)) ? available.filter((name) => seen.has(name)) : available).slice(0, FIRST);
  const panels = useMemo(
    () =>
      panelsOf({
        kind,
        prefers: settings.glucose,
        observations: timeline.data?.observations ?? [],
        later: moment === null ? undefined : later.data?.observations,
        forecast: forecast?.forecast,
        fit: believed ? (fit.data?.items as Record<string, Course> | undefined) : undefined,
        past: earlier,
        names,
        height: names.length > 1 ? 170 : 320,
      }),
    [kind, settings.glucose, timeline.data, later.data, moment, forecast, fit.data, believed, earlier, names],
  );
  const events = useMemo(() => {
    const after = moment === null ? [] : (later.data?.actions ?? []).filter((deed) => Date.parse(deed.time) > moment);
    const known = new Set((timeline.data?.actions ?? []).map((deed) => deed.type + deed.time));
    const made = (timeline.data?.actions ?? []).map((deed, i) => ({ ...happening(deed, kind, i), tone: Date.parse(deed.time) > anchor ? "--accent" : "--muted" }));
    return [...made, ...after.filter((deed) => !known.has(deed.type + deed.time)).map((deed, i) => ({ ...happening(deed, kind, 1000 + i), tone: "--came" }))];
  }, [timeline.data, later.data, moment, kind, anchor]);

  return (
    <div className="with-side">
      <div className="stack">
        <KindPanels above twin={twin} kind={kind} zone={zone} now={present} />
        <Card body={false} className="time-card">
          <Loaded query={timeline} height={420}>
            {(data) => (
              <>
                {data.cut && <Notice tone="warn">{t.twin.cut}</Notice>}
                {names.length === 0 ? (
                  <Empty title={t.twin.nofresh}>
                    <p>{t.home.emptyText}</p>
                    <Link href={`/twins/${twin.id}/data`} className="btn">
                      {t.twin.tabs.data}
                    </Link>
                  </Empty>
                ) : (
                  <TimeChart
                    label={t.twin.chart}
                    panels={panels}
                    zone={zone}
                    extent={extent}
                    window={shown}
                    onWindow={([a, b]) => setOffset([a - anchor, b - anchor])}
                    now={then ?? present}
                    events={events}
                    spans={spans}
                    span={offset ? -1 : span}
                    onSpan={(ms) => (setSpan(ms), setOffset(null))}
                  />
                )}
              </>
            )}
          </Loaded>
          <div className="walk no-print">
            <History size={15} aria-hidden />
            <label htmlFor="then" className="small" title={t.twin.asOfHint}>
              {t.twin.asOf}
            </label>
            <input
              id="then"
              type="range"
              min={first}
              max={present}
              step={5 * MINUTE}
              value={then ?? present}
              aria-valuetext={then === null ? t.chart.now : dayAndClock(then, zone)}
              onChange={(e) => setThen(Number(e.target.value) >= present - 5 * MINUTE ? null : Number(e.target.value))}
            />
            <output htmlFor="then" className="num small">
              {then === null ? t.chart.now : dayAndClock(then, zone)}
            </output>
            <Toggle on={believed} set={setBelieved} name={t.twin.believedToggle} disabled={twin.belief === null} />
            <Toggle on={past} set={setPast} name={t.twin.pastToggle} />
            <Button small kind="quiet" icon aria-label={t.twin.print} title={t.twin.print} onClick={() => print()}>
              <Printer size={15} aria-hidden />
            </Button>
          </div>
          {available.length > 1 && (
            <details className="shown-list no-print">
              <summary className="small">
                {t.twin.panels} <span className="muted num">{t.cohort.count(names.length, available.length)}</span>
              </summary>
              <div className="row">
                {available.map((name) => (
                  <Toggle key={name} on={names.includes(name)} set={(on) => setChosen(on ? available.filter((n) => n === name || names.includes(n)) : names.filter((n) => n !== name))} name={sentenceCase(kind.observables.find((o) => o.name === name)?.meaning || words(name))} />
                ))}
              </div>
            </details>
          )}
          {then !== null && (
            <div className="then" role="status">
              <b>{t.twin.then(dayAndClock(then, zone))}.</b> {forecast ? t.twin.said(dayAndClock(Date.parse(forecast.forecast.at), zone), forecast.version) : t.twin.noForecast}
              <Button small onClick={() => setThen(null)}>
                <X size={14} aria-hidden /> {t.twin.toNow}
              </Button>
            </div>
          )}
        </Card>
        <KindPanels twin={twin} kind={kind} zone={zone} now={present} />
      </div>
      <Side twin={twin} kind={kind} forecast={forecast} actions={plans} now={anchor} zone={zone} />
    </div>
  );
}

function Toggle({ on, set, name, disabled }: { on: boolean; set: (on: boolean) => void; name: string; disabled?: boolean }) {
  return (
    <label className="toggle" data-disabled={disabled}>
      <input type="checkbox" checked={on} disabled={disabled} onChange={(e) => set(e.target.checked)} /> {name}
    </label>
  );
}
