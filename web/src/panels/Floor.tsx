/** Who is where now: every patient a tile in the step they are in, by urgency; the wards' beds, taken and free. */
import { Suspense, useMemo, useRef, useState, type CSSProperties } from "react";
import { useStays, useTimeline } from "../api/queries";
import { Card, Empty, Loaded, Loading, Segmented } from "../design/parts";
import { DAY, HOUR, span } from "../lib/time";
import { words } from "../lib/units";
import { t } from "../texts";
import { Moves } from "./Moves";
import type { PanelProps } from "./registry";
import { moves } from "./stays";
import "./panels.css";
import { lazily } from "../lib/lazily";

const Solid = lazily(() => import("./Solid"));

export interface FloorPanel {
  steps: { name: string; place: string }[];
  classes: string[];
  beds: Record<string, number>; // by place, where patients lie in beds
}
export interface Patient {
  step: number;
  since: number;
  class: string;
  waiting: boolean;
}

const SEEN = 60; // days back: the longest stay that is still shown; assumed

export default function Floor({ twin, panel, now }: PanelProps) {
  const floor = panel as unknown as FloorPanel;
  const since = new Date(Math.floor((now - SEEN * DAY) / DAY) * DAY).toISOString();
  const timeline = useTimeline(twin.id, since, undefined);
  const patients = useMemo<Patient[]>(
    () =>
      (timeline.data?.observations ?? [])
        .filter((o) => o.observable === panel.of[0] && o.value !== 0)
        .map((o) => ({ step: Math.abs(o.value) - 1, waiting: o.value < 0, since: Date.parse(o.time), class: o.sensor }))
        .sort((a, b) => floor.classes.indexOf(a.class) - floor.classes.indexOf(b.class) || a.since - b.since),
    [timeline.data, panel, floor.classes],
  );
  const places = [...new Set(floor.steps.map((s) => s.place))];
  const [view, setView] = useState<"flat" | "solid">("flat");
  const [walking, setWalking] = useState(false);
  const stays = useStays(twin.id, panel.of[0]!, new Date(Math.floor((now - 2 * HOUR) / HOUR) * HOUR).toISOString());
  const walked = useMemo(() => moves(stays.data?.items ?? [], now - HOUR), [stays.data, now]);
  const box = useRef<HTMLDivElement>(null);
  return (
    <Card
      title={panel.title}
      body={false}
      actions={
        <>
          <Legend classes={floor.classes} />
          {view === "flat" && walked.length > 0 && <label className="toggle"><input type="checkbox" checked={walking} onChange={(e) => setWalking(e.target.checked)} /> {t.panels.moves}</label>}
          <Segmented label={t.panels.view} value={view} options={Object.entries(t.panels.views) as ["flat" | "solid", string][]} onChange={setView} />
        </>
      }
    >
      <Loaded query={timeline} height={200}>
        {() =>
          patients.length === 0 ? <Empty title={t.panels.nobody} /> : view === "solid" ? (
            <Suspense fallback={<Loading height={420} />}><Solid floor={floor} patients={patients} places={places} /></Suspense>
          ) : (
            <div className="floor" ref={box}>
              {walking && <Moves of={box} moves={walked} steps={floor.steps} />}
              {places.map((place) => {
                const here = patients.filter((p) => floor.steps[p.step]?.place === place);
                const beds = floor.beds[place];
                return (
                  <section key={place} aria-label={words(place)} data-step={beds ? floor.steps.findIndex((s) => s.place === place) : undefined}>
                    <h3>{words(place)} <span className="muted num">{beds ? t.panels.beds(here.length, beds) : here.length}</span></h3>
                    {beds ? <Beds patients={here} beds={beds} steps={floor.steps} now={now} /> : <Flow patients={here} steps={floor.steps.map((s, i) => ({ ...s, i })).filter((s) => s.place === place)} all={floor.steps} now={now} />}
                  </section>
                );
              })}
            </div>
          )
        }
      </Loaded>
    </Card>
  );
}

const toneOf = (name: string) => ({ "--c": `var(--urgency-${name}, var(--muted))` }) as CSSProperties;

function Tile({ patient, step, now }: { patient: Patient; step: string; now: number }) {
  const said = `${words(patient.class || t.panels.unclassed)}, ${step}${patient.waiting ? `, ${t.panels.waiting}` : ""}, ${span(now - patient.since)}`;
  return (
    <li className="tile" style={toneOf(patient.class)} data-waiting={patient.waiting} title={said}>
      <span aria-hidden>{patient.class.charAt(0).toUpperCase()}</span>
      <span className="unseen">{said}</span>
    </li>
  );
}

function Flow({ patients, steps, all, now }: { patients: Patient[]; steps: { name: string; i: number }[]; all: FloorPanel["steps"]; now: number }) {
  return (
    <ol className="flow">
      {steps.map((step) => {
        const here = patients.filter((p) => p.step === step.i);
        return (
          <li key={step.name} data-empty={here.length === 0} data-step={step.i}>
            <div className="small step-name"><span className="clip">{words(step.name)}</span> <b className="num">{here.length}</b></div>
            <ul className="tiles">{here.map((p, k) => <Tile key={`${p.since}-${k}`} patient={p} step={all[p.step]!.name} now={now} />)}</ul>
          </li>
        );
      })}
    </ol>
  );
}

function Beds({ patients, beds, steps, now }: { patients: Patient[]; beds: number; steps: FloorPanel["steps"]; now: number }) {
  const free = Math.max(beds - patients.length, 0);
  return (
    <ul className="tiles beds" aria-label={t.panels.beds(patients.length, beds)}>
      {patients.map((p, k) => <Tile key={`${p.since}-${k}`} patient={p} step={steps[p.step]!.name} now={now} />)}
      {Array.from({ length: free }, (_, k) => <li key={`free${k}`} className="tile free" aria-hidden />)}
    </ul>
  );
}

function Legend({ classes }: { classes: string[] }) {
  return (
    <span className="row small urgency-key">
      {classes.map((name) => (
        <span key={name} className="row" style={{ gap: 4 }}>
          <span className="tile" style={toneOf(name)} aria-hidden>{name.charAt(0).toUpperCase()}</span> {words(name)}
        </span>
      ))}
    </span>
  );
}
