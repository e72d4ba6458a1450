/** Bars of what is held over time, on a chart's axis: their starts and ends ahead are sliders for pointer and keys. */
import { useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { X } from "lucide-react";
import { LEFT, RIGHT } from "../charts/draw";
import { Button } from "../design/parts";
import { DAY, day } from "../lib/time";
import { number } from "../lib/units";
import { t } from "../texts";
import type { Change, Segment } from "./held";

export interface Row {
  id: string;
  name: string;
  unit: string;
  held: boolean; // now, as planned
  low: number;
  high: number;
  planned: Segment[];
  drawn: Segment[];
  change: Change;
  touched: boolean;
}
interface Props {
  rows: Row[];
  window: [number, number];
  now: number;
  first: number; // the earliest moment of a change
  zone: string;
  onChange: (id: string, change: Change | null) => void;
}

const WEEK = 7 * DAY;

export function Bars({ rows, window: [from, to], now, first, zone, onChange }: Props) {
  const share = (at: number) => (Math.min(Math.max(at, from), to) - from) / (to - from);
  const percent = (at: number) => `${(100 * share(at)).toFixed(2)}%`;
  return (
    <ul className="bars" aria-label={t.months.bars}>
      {rows.map((row) => (
        <li key={row.id}>
          <div className="bar-head">
            <span className="strong">{row.name}</span>
            <input
              className="input num"
              type="number"
              step="any"
              min={row.low}
              max={row.high}
              aria-label={`${t.months.amount(row.name)}, ${row.unit}`}
              value={row.change.amount}
              onChange={(e) => e.target.value !== "" && onChange(row.id, { ...row.change, amount: Math.min(Math.max(Number(e.target.value), row.low), row.high) })}
            />
            <span className="muted small">{row.unit}</span>
            <span className="muted small num">
              {!row.held && t.months.from(day(row.change.start, zone))} {row.change.stop === null ? (row.held ? t.months.goesOn : "") : t.months.to(day(row.change.stop, zone))}
            </span>
            <span className="spring" />
            {row.touched && (
              <Button small icon kind="quiet" aria-label={`${t.months.reset}: ${row.name}`} title={t.months.reset} onClick={() => onChange(row.id, null)}>
                <X size={14} aria-hidden />
              </Button>
            )}
          </div>
          <div className="bar-track" style={{ marginLeft: LEFT, marginRight: RIGHT }}>
            {row.planned.map((s) => s.to > from && s.from < to && <i key={`p${s.from}`} className="planned-bar" style={{ left: percent(s.from), width: `${100 * (share(s.to) - share(s.from))}%` }} />)}
            {row.drawn.map((s) => s.to > from && s.from < to && (
              <i key={s.from} className="bar" data-touched={row.touched && s.to > first} style={{ left: percent(s.from), width: `${100 * (share(s.to) - share(s.from))}%` }} title={`${row.name} ${number(s.amount)} ${row.unit}`}>
                {share(s.to) - share(s.from) > 0.08 && <span className="num">{number(s.amount)}</span>}
              </i>
            ))}
            <i className="bar-now" style={{ left: percent(now) }} />
            {!row.held && <Grip name={t.months.start(row.name)} at={row.change.start} low={first} high={to} window={[from, to]} zone={zone} onMove={(at) => onChange(row.id, { ...row.change, start: at, stop: row.change.stop === null ? null : Math.max(row.change.stop, at) })} />}
            <Grip name={t.months.stop(row.name)} at={row.change.stop ?? Infinity} low={first} high={to} window={[from, to]} zone={zone} onMove={(at) => onChange(row.id, { ...row.change, stop: at >= to ? null : Math.max(at, row.held ? first : row.change.start) })} />
          </div>
        </li>
      ))}
    </ul>
  );
}

/** One end of a bar; at the far end of the axis it has no end. */
function Grip({ name, at, low, high, window: [from, to], zone, onMove }: { name: string; at: number; low: number; high: number; window: [number, number]; zone: string; onMove: (at: number) => void }) {
  const [held, setHeld] = useState<number | null>(null);
  const moving = useRef<number | null>(null);
  const here = held ?? at;
  const snapped = (t: number) => Math.min(Math.max(Math.round(t / DAY) * DAY, low), high);
  const place = (e: PointerEvent) => {
    const box = (e.currentTarget.parentElement as HTMLElement).getBoundingClientRect();
    return snapped(from + ((e.clientX - box.left) / box.width) * (to - from));
  };
  const hold = (value: number | null) => ((moving.current = value), setHeld(value));
  const end = () => {
    if (moving.current !== null && moving.current !== at) onMove(moving.current);
    hold(null);
  };
  const key = (e: KeyboardEvent) => {
    const by = { ArrowLeft: -WEEK, ArrowRight: WEEK, ArrowDown: -WEEK, ArrowUp: WEEK, PageDown: -4 * WEEK, PageUp: 4 * WEEK }[e.key];
    if (by === undefined && e.key !== "Home" && e.key !== "End") return;
    e.preventDefault();
    onMove(e.key === "Home" ? low : e.key === "End" ? high : Math.min(Math.max(Math.min(at, high) + by!, low), high));
  };
  const shown = Math.min(here, to);
  return (
    <button
      type="button"
      role="slider"
      className="grip"
      data-held={held !== null}
      data-open={!Number.isFinite(here) || here >= to}
      aria-label={`${name}. ${t.months.keys}`}
      aria-valuemin={low}
      aria-valuemax={high}
      aria-valuenow={Math.min(here, high)}
      aria-valuetext={Number.isFinite(here) && here < to ? day(here, zone) : t.months.goesOn}
      style={{ left: `${((100 * (shown - from)) / (to - from)).toFixed(2)}%` }}
      onPointerDown={(e) => (e.currentTarget.setPointerCapture(e.pointerId), hold(place(e)))}
      onPointerMove={(e) => moving.current !== null && hold(place(e))}
      onPointerUp={end}
      onPointerCancel={() => hold(null)}
      onKeyDown={key}
    >
      {held !== null && <span className="num">{here >= to ? t.months.goesOn : day(here, zone)}</span>}
    </button>
  );
}
