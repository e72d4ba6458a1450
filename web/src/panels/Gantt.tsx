/** Rooms and machines over time: who was in each, and how likely each of them is taken in the hours ahead. */
import { Table2 } from "lucide-react";
import { useMemo, useRef, useState, useLayoutEffect, type CSSProperties } from "react";
import { useForecast, useForecasts, useStays } from "../api/queries";
import { isCourse, type Course } from "../api/types";
import { Button, Card, Loaded, Segmented } from "../design/parts";
import { clock, dayAndClock, HOUR, span, tickLabel, ticks } from "../lib/time";
import { number, words } from "../lib/units";
import { t } from "../texts";
import type { PanelProps } from "./registry";
import { atLeast, lanes, type Bar } from "./stays";
import "./gantt.css";

interface Resource {
  name: string;
  count: number;
  steps: string[];
  busy: string; // the observable that counts those in use
}
const LEFT = 92, RIGHT = 10, HEAD = 8, FOOT = 24, GAP = 12;
const SPANS = [["6", "± 6 h"], ["12", "± 12 h"]] as const;
const thickness = (count: number) => (count > 16 ? 4 : count > 6 ? 7 : 12);

export default function Gantt({ twin, kind, panel, zone, now }: PanelProps) {
  const { resources } = panel as unknown as { resources: Resource[] };
  const floor = kind.panels.find((one) => one.type === "floor") as unknown as { steps: { name: string }[] } | undefined;
  const [hours, setHours] = useState<"6" | "12">("6");
  const [table, setTable] = useState(false);
  const from = now - Number(hours) * HOUR;
  const to = now + Number(hours) * HOUR;
  const since = new Date(Math.floor((now - 12 * HOUR) / HOUR) * HOUR).toISOString();
  const stays = useStays(twin.id, panel.of[0]!, since);
  const newest = useForecasts(twin.id).data?.items[0];
  const forecast = useForecast(twin.id, newest?.version).data?.forecast;
  const rows = useMemo(() => {
    const index = new Map((floor?.steps ?? []).map((step, i) => [step.name, i]));
    return resources.map((resource) => {
      const steps = new Set(resource.steps.map((name) => index.get(name)));
      const mine = (stays.data?.items ?? []).filter((stay) => stay.value > 0 && steps.has(stay.value - 1));
      const item = forecast?.items[resource.busy];
      return { resource, bars: lanes(mine, now), course: isCourse(item) ? item : undefined };
    });
  }, [resources, stays.data, forecast, floor, now]);
  return (
    <Card
      title={panel.title}
      body={false}
      actions={
        <>
          <Segmented label={t.chart.span} value={hours} options={SPANS} onChange={setHours} />
          <Button small kind="quiet" aria-pressed={table} onClick={() => setTable(!table)}><Table2 size={15} aria-hidden /> {t.chart.table}</Button>
        </>
      }
      note={t.panels.ganttNote}
    >
      <Loaded query={stays} height={240}>
        {() => (
          <>
            <Plot rows={rows} from={from} to={to} now={now} zone={zone} label={panel.title} />
            {table && <Numbers rows={rows} now={now} zone={zone} />}
          </>
        )}
      </Loaded>
    </Card>
  );
}

interface Row {
  resource: Resource;
  bars: Bar[];
  course?: Course;
}

function Plot({ rows, from, to, now, zone, label }: { rows: Row[]; from: number; to: number; now: number; zone: string; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry!.contentRect.width)));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const x = (at: number) => LEFT + ((width - LEFT - RIGHT) * (at - from)) / (to - from);
  let top = HEAD;
  const placed = rows.map((row) => {
    const own = { ...row, top, size: thickness(row.resource.count) };
    top += row.resource.count * (own.size + 2) + GAP;
    return own;
  });
  return (
    <div ref={box} className="gantt">
      <svg width={width} height={top + FOOT} role="img" aria-label={t.panels.ganttSaid(label, clock(now, zone))}>
        {ticks(from, to, zone, Math.max(3, Math.floor(width / 110))).map((at) => (
          <g key={at}>
            <line x1={x(at)} x2={x(at)} y1={HEAD} y2={top - GAP / 2} stroke="var(--line)" />
            {Math.abs(x(at) - x(now)) > 38 && <text x={x(at)} y={top + 12} textAnchor="middle">{tickLabel(at, zone, to - from)}</text>}
          </g>
        ))}
        {placed.map((row) => (
          <g key={row.resource.name}>
            <text x={LEFT - 8} y={row.top + (row.resource.count * (row.size + 2)) / 2 + 4} textAnchor="end" className="name">{words(row.resource.name)}</text>
            {row.course && <Ahead row={row} x={x} from={from} to={to} now={now} />}
            {row.bars.filter((bar) => (bar.end ?? now) > from && bar.lane < row.resource.count).map((bar) => (
              <rect
                key={`${bar.stay.who}${bar.start}`}
                className="stay"
                style={{ "--c": `var(--urgency-${bar.stay.sensor}, var(--muted))` } as CSSProperties}
                x={x(Math.max(bar.start, from))}
                width={Math.max(x(Math.min(bar.end ?? now, now)) - x(Math.max(bar.start, from)), 1.5)}
                y={row.top + bar.lane * (row.size + 2)}
                height={row.size}
                rx={2}
              >
                <title>{`${words(bar.stay.sensor)}: ${clock(bar.start, zone)} – ${bar.end ? clock(bar.end, zone) : t.chart.now}, ${span((bar.end ?? now) - bar.start)}`}</title>
              </rect>
            ))}
          </g>
        ))}
        <line x1={x(now)} x2={x(now)} y1={HEAD - 4} y2={top - GAP / 2} stroke="var(--muted)" strokeDasharray="3 3" />
        <text x={x(now)} y={top + 12} textAnchor="middle" className="strong">{t.chart.now}</text>
      </svg>
    </div>
  );
}

/** Each lane as dark as it is likely to be taken. */
function Ahead({ row, x, from, to, now }: { row: Row & { top: number; size: number }; x: (at: number) => number; from: number; to: number; now: number }) {
  const times = row.course!.local.map((text) => Date.parse(text));
  const every = Math.max(1, Math.floor(times.length / 48));
  return (
    <>
      {times.map((at, i) => {
        const next = times[Math.min(i + every, times.length - 1)]!;
        if (i % every !== 0 || next <= Math.max(now, from) || at >= to || next === at) return null;
        const begin = Math.max(at, now);
        return Array.from({ length: row.resource.count }, (_, lane) => {
          const p = atLeast(row.course!, i, lane + 1);
          return p < 0.04 ? null : <rect key={`${i}-${lane}`} x={x(begin)} width={Math.max(x(Math.min(next, to)) - x(begin), 0)} y={row.top + lane * (row.size + 2)} height={row.size} fill="var(--forecast)" opacity={0.12 + 0.6 * p} />;
        });
      })}
    </>
  );
}

const AHEAD = [1, 3, 6];

function Numbers({ rows, now, zone }: { rows: Row[]; now: number; zone: string }) {
  return (
    <div className="scroll">
      <table className="table">
        <caption className="unseen">{t.panels.ganttSaid("", dayAndClock(now, zone))}</caption>
        <thead><tr><th scope="col">{t.panels.resource}</th><th scope="col" className="r">{t.panels.there}</th><th scope="col" className="r">{t.panels.busyNow}</th>{AHEAD.map((h) => <th key={h} scope="col" className="r">{t.panels.busyIn(h)}</th>)}</tr></thead>
        <tbody>
          {rows.map(({ resource, bars, course }) => (
            <tr key={resource.name}>
              <th scope="row">{words(resource.name)}</th>
              <td className="r">{resource.count}</td>
              <td className="r">{resource.steps.length > 0 ? bars.filter((bar) => bar.end === null).length : "–"}</td>
              {AHEAD.map((h) => {
                const i = course ? course.local.findIndex((text) => Date.parse(text) >= now + h * HOUR) : -1;
                return <td key={h} className="r">{course && i >= 0 ? `${number(course.q50[i]!)} (${number(course.q05[i]!)} – ${number(course.q95[i]!)})` : "–"}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
