/**
 * Panels over one zoomable time axis. Drag and the wheel with Shift pan, the wheel with Ctrl and pinch zoom, double-click
 * resets; by keyboard the arrows move the crosshair, + and - zoom, Home and End go to either end. Values under the crosshair stand in each panel's title row; a table is
 * behind it. Events stand in a lane above; those that can be moved are sliders.
 */
import { Minus, Plus, Table2 } from "lucide-react";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type CSSProperties, type KeyboardEvent, type PointerEvent } from "react";
import { useSettings } from "../app/settings";
import { Button, Segmented } from "../design/parts";
import { clock, date, dayAndClock, DAY, HOUR, MINUTE, zoneName } from "../lib/time";
import { number } from "../lib/units";
import { t } from "../texts";
import { GAP, LANE, layout, LEFT, option, RIGHT } from "./draw";
import { init } from "./engine";
import { Lane } from "./Lane";
import { nearest, type BandPoint, type Happening, type Panel } from "./model";
import { SeriesTable } from "./SeriesTable";
import "./charts.css";

interface Props {
  panels: Panel[];
  zone: string;
  extent: [number, number]; // all there is
  window: [number, number]; // what is shown
  onWindow: (window: [number, number]) => void;
  now?: number;
  events?: Happening[];
  onMove?: (id: string, at: number) => void;
  spans?: readonly (readonly [string, number])[];
  onSpan?: (ms: number) => void;
  span?: number;
  step?: number; // ms by which an event is moved
  label: string;
}

const SHORTEST = 30 * MINUTE;
const PAPER = 660; // px: the width of A4 within its margins and those of a card

export default function TimeChart({ panels, zone, extent, window: shown, onWindow, now, events = [], onMove, spans, onSpan, span, step, label }: Props) {
  const { theme, printing } = useSettings();
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ReturnType<typeof init>>(undefined);
  const [seen, setWidth] = useState(800);
  const width = printing ? PAPER : seen;
  const [cross, setCross] = useState<number | null>(null);
  const [table, setTable] = useState(false);
  const [from, to] = shown;
  const lane = !!onMove || events.some((event) => event.at >= from && event.at <= to);
  const { total, tops } = useMemo(() => layout(panels, lane), [panels, lane]);
  const plot = Math.max(width - LEFT - RIGHT, 10);
  const x = useCallback((at: number) => LEFT + (plot * (at - from)) / (to - from), [plot, from, to]);
  const at = useCallback((px: number) => from + ((px - LEFT) / plot) * (to - from), [plot, from, to]);

  useLayoutEffect(() => {
    const element = box.current!;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry!.contentRect.width)));
    observer.observe(element);
    setWidth(element.clientWidth);
    chart.current = init(element, null, { renderer: "canvas" });
    return () => {
      observer.disconnect();
      chart.current?.dispose();
    };
  }, []);

  useEffect(() => {
    const style = getComputedStyle(document.documentElement);
    const colours = { token: (name: string) => style.getPropertyValue(name).trim(), font: style.getPropertyValue("--font") };
    chart.current?.resize({ width, height: total });
    chart.current?.setOption(option(panels, from, to, zone, width, lane, now, colours), { notMerge: true });
  }, [panels, from, to, zone, width, total, lane, now, theme]);

  const zoom = useCallback(
    (factor: number, around: number) => {
      const length = Math.min(Math.max((to - from) * factor, SHORTEST), extent[1] - extent[0]);
      const share = (around - from) / (to - from);
      onWindow(inside([around - share * length, around + (1 - share) * length], extent));
    },
    [from, to, extent, onWindow],
  );

  const pan = useCallback((by: number) => onWindow(inside([from + by, to + by], extent)), [from, to, extent, onWindow]);

  useEffect(() => {
    const element = box.current!;
    const wheel = (event: WheelEvent) => {
      const zooms = event.ctrlKey || event.metaKey;
      const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
      if (!zooms && !sideways) return; // the page scrolls
      event.preventDefault();
      if (zooms) zoom(Math.exp((event.deltaY || event.deltaX) * 0.0016), at(event.offsetX));
      else pan(((event.deltaX || event.deltaY) / plot) * (to - from));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, [zoom, pan, at, plot, from, to]);

  const drag = useRef<{ px: number; from: number; to: number } | null>(null);
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    const px = event.clientX - event.currentTarget.getBoundingClientRect().left;
    if (drag.current) {
      const by = ((drag.current.px - px) / plot) * (drag.current.to - drag.current.from);
      onWindow(inside([drag.current.from + by, drag.current.to + by], extent));
    } else if (px >= LEFT && px <= width - RIGHT) setCross(at(px));
    else setCross(null);
  };
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { px: event.clientX - event.currentTarget.getBoundingClientRect().left, from, to };
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const here = cross ?? now ?? (from + to) / 2;
    const by = (to - from) / 60;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const next = here + (event.key === "ArrowLeft" ? -by : by);
      if (next < from || next > to) onWindow(inside([from + (next - here) * 10, to + (next - here) * 10], extent));
      setCross(Math.min(Math.max(next, extent[0]), extent[1]));
    } else if (event.key === "+" || event.key === "=") zoom(0.7, here);
    else if (event.key === "-") zoom(1 / 0.7, here);
    else if (event.key === "Home") pan(extent[0] - from);
    else if (event.key === "End") pan(extent[1] - to);
    else if (event.key === "Escape") setCross(null);
    else return;
    event.preventDefault();
  };

  const moment = to - from > 60 * DAY ? date : dayAndClock;
  const reach = Math.max((to - from) / 60, 4 * MINUTE);
  return (
    <figure className="timechart" aria-label={label}>
      <div className="chart-tools no-print">
        {spans && onSpan && <Segmented label={t.chart.span} value={String(span)} options={spans.map(([name, ms]) => [String(ms), name] as const)} onChange={(ms) => onSpan(Number(ms))} />}
        <Button small icon kind="quiet" aria-label={t.chart.zoomOut} title={t.chart.zoomOut} onClick={() => zoom(1 / 0.6, (from + to) / 2)}>
          <Minus size={15} aria-hidden />
        </Button>
        <Button small icon kind="quiet" aria-label={t.chart.zoomIn} title={t.chart.zoomIn} onClick={() => zoom(0.6, (from + to) / 2)}>
          <Plus size={15} aria-hidden />
        </Button>
        <span className="spring" />
        <span className="small muted num nowrap">
          {moment(cross ?? from, zone)}
          {cross === null && <> – {to - from < DAY ? clock(to, zone) : moment(to, zone)}</>} <span title={zone}>{zoneName(from, zone)}</span>
        </span>
        <Button small kind="quiet" aria-pressed={table} aria-label={t.chart.table} onClick={() => setTable(!table)}>
          <Table2 size={15} aria-hidden /> <span className="not-phone">{t.chart.table}</span>
        </Button>
      </div>
      <div
        className="chart-area"
        data-from={Math.round(from)}
        data-to={Math.round(to)}
        style={{ height: total, width: printing ? PAPER : undefined }}
        tabIndex={0}
        role="group"
        aria-roledescription={t.chart.role}
        aria-label={`${label}. ${t.chart.keys}`}
        onKeyDown={onKeyDown}
        onPointerMove={onPointerMove}
        onPointerDown={onPointerDown}
        onPointerUp={() => (drag.current = null)}
        onPointerLeave={() => !drag.current && setCross(null)}
        onDoubleClick={() => onSpan?.(span ?? 6 * HOUR)}
      >
        <div ref={box} className="chart-canvas" style={{ height: total }} aria-hidden />
        {panels.map((panel, i) => (
          <div key={panel.id} className="chart-title" style={{ top: (tops[i] ?? 0) - GAP + 8, left: 8, right: RIGHT }}>
            <span className="strong">{panel.title}</span> <span className="muted">{panel.unit}</span>
            <span className="legend">
              {panel.series
                .filter((s) => s.data.length > 0 && s.name)
                .map((s) => (
                  <span key={s.id} className="key" style={{ "--c": `var(${s.color})` } as CSSProperties}>
                    <i data-mark={s.type === "line" && s.dash ? "dash" : s.type === "points" && s.hollow ? "hollow" : s.type} style={s.type === "band" ? { opacity: 0.35 + s.strength } : undefined} />
                    {s.name}
                    {cross !== null && <b className="num">{said(nearest<[number, number] | BandPoint>(s.data, cross, reach), panel.digits)}</b>}
                  </span>
                ))}
            </span>
          </div>
        ))}
        {cross !== null && cross >= from && cross <= to && <div className="cross" style={{ left: x(cross), top: lane ? LANE : 8, bottom: 26 }} />}
        {now !== undefined && now >= from && now <= to && (
          <div className="now-label" style={{ left: x(now), bottom: 2 }}>
            {t.chart.now}
          </div>
        )}
        {lane && <Lane events={events} x={x} at={at} from={from} to={to} left={LEFT} right={RIGHT} height={LANE} zone={zone} onMove={onMove} step={step} />}
      </div>
      {table && <SeriesTable panels={panels} events={events} from={from} to={to} zone={zone} />}
    </figure>
  );
}

function said(point: readonly number[] | null, digits: number): string {
  if (!point) return "–";
  return point.length === 3 ? `${number(point[1], digits)} – ${number(point[2], digits)}` : number(point[1], digits);
}

function inside([a, b]: [number, number], [first, last]: [number, number]): [number, number] {
  const length = Math.min(b - a, last - first);
  const start = Math.min(Math.max(a, first), last - length);
  return [start, start + length];
}
