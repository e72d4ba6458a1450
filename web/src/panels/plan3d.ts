/** Where each step and each patient stands on the plan: steps side by side in rows, a place behind the other. */
import type { FloorPanel, Patient } from "./Floor";

export interface Peg {
  x: number;
  z: number;
  class: string; // "": a free bed
  waiting: boolean;
}
export interface Field {
  name: string;
  beds: boolean;
  x: number;
  z: number;
  width: number;
  depth: number;
  pegs: Peg[];
}
const SIDE = 6.4; // a step's field
const GAP = 0.6;
const ACROSS = 5; // fields in a row
const STEP = 0.85; // between two pegs

export function plan(floor: FloorPanel, patients: readonly Patient[], places: readonly string[]): Field[] {
  const out: Field[] = [];
  let z = 0;
  for (const place of places) {
    const steps = floor.steps.map((step, i) => ({ ...step, i })).filter((step) => step.place === place);
    const beds = floor.beds[place];
    if (beds) {
      const width = ACROSS * (SIDE + GAP) - GAP;
      const taken = patients.filter((p) => steps.some((step) => step.i === p.step));
      const all = [...taken.map((p) => ({ class: p.class || "none", waiting: p.waiting })), ...Array.from({ length: Math.max(beds - taken.length, 0) }, () => ({ class: "", waiting: false }))];
      const across = Math.floor((width - 1) / 1.0);
      const depth = Math.ceil(all.length / across) * 1.2 + 1.8;
      out.push({ name: place, beds: true, x: 0, z: z + depth / 2, width, depth, pegs: grid(all, across, 1.0, 1.2, width, depth) });
      z += depth + GAP;
      continue;
    }
    steps.forEach((step, k) => {
      const row = Math.floor(k / ACROSS);
      const here = patients.filter((p) => p.step === step.i).map((p) => ({ class: p.class || "none", waiting: p.waiting }));
      const x = ((k % ACROSS) - (ACROSS - 1) / 2) * (SIDE + GAP);
      out.push({ name: step.name, beds: false, x, z: z + row * (4.4 + GAP) + 2.2, width: SIDE, depth: 4.4, pegs: grid(here, 7, STEP, STEP, SIDE, 4.4) });
    });
    z += Math.ceil(steps.length / ACROSS) * (4.4 + GAP);
  }
  for (const field of out) field.z -= z / 2;
  return out;
}

function grid(items: readonly { class: string; waiting: boolean }[], across: number, dx: number, dz: number, width: number, depth: number): Peg[] {
  return items.slice(0, across * Math.max(Math.floor((depth - 1.2) / dz), 1)).map((item, k) => ({ ...item, x: -width / 2 + 0.6 + (k % across) * dx, z: -depth / 2 + 0.6 + Math.floor(k / across) * dz }));
}
