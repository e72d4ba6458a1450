/** A trial's plan and analysis as the server tells them, and what the page asks of it. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { get, post } from "../../api/http";
import type { components } from "../../api/schema";
import { t } from "../../texts";

type S = components["schemas"];
export type Trial = Omit<S["Trial"], "plan" | "analysis" | "protocol"> & { plan: Plan | null; analysis: Analysis | null; protocol: Protocol };
export type Glance = S["TrialGlance"];
export type Size = S["Size"];
export type Designed = S["Designed"];

export interface Design {
  effect: number;
  alpha: number;
  power: number;
  ratio: number;
  dropout: number;
  correlation: number;
  deflation: number;
  inflation: number;
}
interface Protocol {
  estimand: string;
  seed: number;
  design: Omit<Design, "correlation">;
  outcome: { column: string; type: string; unit: string };
}
export interface Plan extends Designed {
  score: { report: { deciles: { predicted: number; observed: number; n: number }[]; calibration: { slope: number; slope_sd: number }; "best single covariate": { name: string; correlation: number } } };
  history: { patients: number; hash: string };
  correlation: Record<string, number>;
  looks: { inflation: number } | null;
  advice?: string[];
}
export interface Estimate {
  name: string;
  estimate: number;
  low: number;
  high: number;
  p: number;
  se: number;
  scale: string;
  method: string;
}
export interface Subgroup {
  column: string;
  heterogeneity_p: number | null;
  levels: ({ group: string; control: number; treated: number; note?: string } & Partial<Estimate>)[];
}
export interface Analysis {
  primary: Estimate;
  comparisons: Record<string, Estimate>;
  variance_against_covariates: number | null;
  sensitivity: Estimate[];
  secondary: (Estimate & { outcome: string; family: number; adjusted_p: number })[];
  arms: (Estimate & { arm: string; adjusted_p: number })[];
  subgroups: Subgroup[];
  guards: {
    type_one: { rejected: number; alpha: number; permutations: number; "permutation p": number };
    drift: Record<string, number>;
    bad_scores: Record<string, { estimate: number; se: number }>;
    virtual_control: Record<string, number | string>;
  };
  notes: string[];
  trial: { patients: number; hash: string };
}

export const BOTH = "score and covariates";
const busy = (state: string | undefined) => state === "queued" || state === "running";
export const isBusy = (trial: { job?: { state: string } | null }) => busy(trial.job?.state);
export const needs = (trial: { type: string }) => (trial.type === "time" ? "events" : "patients") as "events" | "patients";

export const useTrials = () => useQuery({ queryKey: ["trials"], queryFn: ({ signal }) => get("/v1/trials", { signal }) });

export const useTrial = (id: string) =>
  useQuery({
    queryKey: ["trials", id],
    queryFn: async ({ signal }) => (await get("/v1/trials/{trial_id}", { path: { trial_id: id }, signal })) as unknown as Trial,
    refetchInterval: (query) => (query.state.data && isBusy(query.state.data) ? 1500 : false),
  });

export const useDesigned = (id: string, design: Partial<Design>) =>
  useQuery({
    queryKey: ["trials", id, "design", design],
    queryFn: ({ signal }) => post("/v1/trials/{trial_id}/designs", { path: { trial_id: id }, body: design, signal }),
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: Infinity,
  });

/** A file's text; what is no UTF-8 is refused rather than mended. */
export async function textOf(file: File): Promise<{ name: string; text: string }> {
  try {
    return { name: file.name, text: new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer()) };
  } catch {
    throw new Error(t.trials.notText(file.name));
  }
}
