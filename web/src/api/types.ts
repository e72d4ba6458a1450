/** The server's values under the names that the client uses, and those that the document leaves open. */
import type { components } from "./schema";

type S = components["schemas"];
export type Me = S["Me"];
export type Glance = S["Glance"];
export type Twin = S["TwinState"];
export type Alert = S["Alert"];
export type WholeAlert = S["WholeAlert"];
export type Job = S["Job"];
export type Forecast = S["Forecast"];
export type StoredForecast = S["StoredForecast"];
export type WholeForecast = S["WholeForecast"];
export type Claim = S["Claim"];
export type Lead = S["Lead"];
export type LiveCalibration = S["LiveCalibration"];
export type User = S["User"];
export type Token = S["Token"];
export type AuditEntry = S["AuditEntry"];
export type Found = S["Found"];
export type AsideRow = S["AsideRow"];
export type Happening = S["Happening"];
export type Rule = S["RuleBody"];
export type NewRule = S["NewRule"];
export type Channel = S["Channel"];
export type NewChannel = S["NewChannel"];
export type WhatIf = S["WhatIf"];
export type Risk = S["Risk"];
export type Stay = S["Stay"];
export type OnBoard = S["OnBoard"];
export type TwinRisk = S["TwinRisk"];
export type KindLine = S["KindLine"];
export type Drift = S["Drift"];
export type Fit = S["MadeFit"];
export type Fits = S["Fits"];
export type Waveform = S["WaveformChannel"];

export interface Property {
  type?: string | string[];
  const?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  examples?: unknown[];
  description?: string;
  "x-unit"?: string;
}
export interface Schema {
  title: string;
  description?: string;
  properties: Record<string, Property>;
  required?: string[];
}
export interface Named {
  name: string;
  unit: string;
  meaning: string;
  code?: string;
  axis?: string;
  dims?: string[];
}
export interface Parameter extends Named {
  source: string;
}
export interface Panel {
  id: string;
  type: string;
  title: string;
  of: string[];
  unit: string;
  range?: { low?: number; high?: number; very_low?: number; very_high?: number; name?: string; source?: string };
  action?: string; // cards: one for each of these
  hours?: number; // and how long after it
}
/** What may be wanted of a quantity at the end of a time: at most `high`, or so much of its last value `lost`. */
export interface Target {
  quantity: string;
  of: string;
  name: string;
  unit: string;
  high?: number;
  lost?: number;
  step: number;
  source: string;
}
/** Panel "outlook": quantities in some months, their targets, an event, and what is held over time. */
export interface OutlookPanel extends Panel {
  months: number[];
  certainty: number;
  targets: Target[];
  event?: { name: string; quantity: string; high: number; free_of: string; months: number; meaning: string; source: string };
  held: { action: string; amount: string }[];
}
/** Panel "ladder": a ready question whose options each leave something out, as steps; what to watch after each. */
export interface LadderPanel extends Panel {
  question: string;
  watch?: Record<string, string>;
}
/** Panel "loops": when one may look at the beat, and when an action is best seen. */
export interface LoopsPanel extends Panel {
  times: { name: string; at: string }[];
  best?: Record<string, string>;
}
/** Panel "heart3d": plans whose heart is shown beside that as planned. */
export interface OptionsPanel extends Panel {
  options: Record<string, Record<string, Record<string, unknown>>[]>;
}
/** Panel "stimulation": places that can be stimulated. */
export interface StimulationPanel extends Panel {
  sites: string[];
}
/** Panel "ecg": plans whose beat is shown beside that as planned; numbers in `of` are told of each. */
export interface EcgPanel extends Panel {
  options: Record<string, Record<string, Record<string, unknown>>[]>;
}
export interface Kind {
  name: string;
  version: string;
  context_of_use: { question: string; users: string; risk: string; not_for: string };
  capabilities: string[];
  subject: Schema;
  actions: Schema[];
  questions?: Schema[];
  observables: Named[];
  quantities: Named[];
  parameters: Parameter[];
  envelope: { ranges: Record<string, [number, number]>; source: string };
  panels: Panel[];
}
/** One observable over time: medians and bands at times. */
export interface Course {
  unit: string;
  local: string[];
  q05: number[];
  q25: number[];
  q50: number[];
  q75: number[];
  q95: number[];
  mean: number[];
}
export interface Observation {
  time: string;
  observable: string;
  value: number;
  sd: number | null;
  limit: number;
  sensor: string;
}
export interface Deed {
  type: string;
  time: string;
  [field: string]: unknown;
}
export interface Timeline {
  observations: Observation[];
  actions: Deed[];
  cut: boolean;
}
export interface Belief {
  version: number;
  at: string;
  known_at: string;
  window: string[];
  basis: { method: string; rows: number; sentence: string; learned: Record<string, number>; notes: string[] };
  parameters: { name: string; unit: string; meaning: string; q05: number; q50: number; q95: number; learned: number }[];
  diagnostics: Record<string, number>;
  warnings: string[];
}
export interface Option {
  name: string;
  actions: ({ type: string; at: number } & Record<string, unknown>)[];
  expected: number;
  band: [number, number];
  best: number;
  better: { mean: number; q05: number; q95: number };
  feasible: boolean;
  reasons: string[];
  constraints: { sentence: string; probability: number; needed: number; interval: [number, number]; met: boolean; sure: boolean }[];
  warnings: string[];
}
export interface Recommendation {
  objective: { quantity: string; sense: string; target: number | null; unit: string; window: [string, string] };
  best: string | null;
  options: Option[];
  basis: { sentence: string; rows: number; method: string };
  notes: string[];
}
export interface Comparison {
  against: string;
  options: Record<string, Forecast>;
  differences: Record<string, Record<string, Course>>;
  warnings: string[];
}
export interface Share {
  name: string;
  share: number;
  error: number;
  removed: number;
  meaning: string;
}
export interface Explanation {
  quantity: string;
  unit: string;
  window: [string, string];
  answer: number | null;
  band: [number, number];
  breakdowns: Record<string, { over: string; reference: number; answer: number; shares: Share[]; how: string; meaning: string }>;
  spread: { sd: number; shares: Record<string, number>; rest: number };
  basis: { sentence: string };
  notes: string[];
}
/** Whether an item of a forecast is a course over time, and not one number over a window. */
export function isCourse(item: unknown): item is Course {
  const q50 = (item as Course | undefined)?.q50;
  return Array.isArray(q50) && q50.length > 1 && typeof q50[0] === "number";
}
