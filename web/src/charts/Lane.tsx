/** Events above a chart: what was done, what is planned; those that may be moved follow pointer and arrow keys. */
import { useRef, useState, type CSSProperties, type KeyboardEvent, type PointerEvent } from "react";
import { clock, DAY, dayAndClock, MINUTE } from "../lib/time";
import { t } from "../texts";
import type { Happening } from "./model";

const SNAP = 5 * MINUTE;

interface Props {
  events: Happening[];
  x: (at: number) => number;
  at: (px: number) => number;
  from: number;
  to: number;
  left: number;
  right: number;
  height: number;
  zone: string;
  onMove?: (id: string, at: number) => void;
  step?: number;
}

export function Lane({ events, x, at, from, to, left, right, height, zone, onMove, step = SNAP }: Props) {
  const seen = events.filter((e) => e.at >= from && e.at <= to).sort((a, b) => a.at - b.at);
  let end = -Infinity;
  return (
    <div className="lane" style={{ height, paddingLeft: left, paddingRight: right }}>
      {seen.map((event) => {
        const px = x(event.at);
        const label = px > end; // a label that would lie on the one before is left out
        if (label) end = px + 18 + 6.3 * event.label.length;
        return event.movable && onMove ? (
          <Movable key={event.id} event={event} px={px} x={x} at={at} zone={zone} onMove={onMove} from={from} to={to} step={step} />
        ) : (
          <span key={event.id} className="event" title={`${dayAndClock(event.at, zone)}: ${event.detail}`} style={{ left: px, "--c": `var(${event.tone ?? "--muted"})` } as CSSProperties}>
            <i />
            {label && <span>{event.label}</span>}
          </span>
        );
      })}
    </div>
  );
}

function Movable({ event, px, x, at, zone, onMove, from, to, step }: { event: Happening; step: number; px: number; x: Props["x"]; at: Props["at"]; zone: string; onMove: (id: string, at: number) => void; from: number; to: number }) {
  const [held, setHeld] = useState<number | null>(null);
  const grip = useRef(0);
  const moving = useRef<number | null>(null);
  const hold = (value: number | null) => {
    moving.current = value;
    setHeld(value);
  };
  const snapped = (t: number) => Math.min(Math.max(Math.round(t / step) * step, from), to);
  const area = (e: PointerEvent) => (e.currentTarget.parentElement as HTMLElement).getBoundingClientRect().left;
  const down = (e: PointerEvent<HTMLElement>) => {
    e.stopPropagation();
    e.currentTarget.setPointerCapture(e.pointerId);
    grip.current = e.clientX - area(e) - px;
    hold(event.at);
  };
  const move = (e: PointerEvent<HTMLElement>) => {
    if (moving.current === null) return;
    e.stopPropagation();
    hold(snapped(at(e.clientX - area(e) - grip.current)));
  };
  const up = (e: PointerEvent<HTMLElement>) => {
    e.stopPropagation();
    const there = moving.current;
    hold(null);
    if (there !== null && there !== event.at) onMove(event.id, there);
  };
  const key = (e: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -6, PageUp: 6 }[e.key];
    if (by === undefined) return;
    e.preventDefault();
    e.stopPropagation();
    onMove(event.id, snapped(event.at + by * step));
  };
  const shownAt = held ?? event.at;
  const left = x(shownAt);
  return (
    <button
      type="button"
      className="event movable"
      data-held={held !== null}
      role="slider"
      aria-label={`${event.detail}. ${step >= DAY ? t.chart.moveDays : t.chart.move}`}
      aria-valuemin={from}
      aria-valuemax={to}
      aria-valuenow={shownAt}
      aria-valuetext={dayAndClock(shownAt, zone)}
      style={{ left, "--c": `var(${event.tone ?? "--accent"})` } as CSSProperties}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onKeyDown={key}
    >
      {event.label} <span className="num">{step >= DAY ? dayAndClock(shownAt, zone).split(",")[0] : clock(shownAt, zone)}</span>
    </button>
  );
}
