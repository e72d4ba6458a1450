/** What pages read, each under a key that the live stream knows. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { get } from "./http";
import type { Belief, Explanation, Kind, Me, Timeline } from "./types";

const MINUTE = 60_000;

/** Who one is; null when the server does not know us, with whether it has anybody to know. */
export const useMe = () =>
  useQuery({
    queryKey: ["me"],
    queryFn: async ({ signal }): Promise<Me | { known: false; ready: boolean }> => {
      const { known, ready } = await get("/v1/sessions/current", { signal });
      return known ? get("/v1/me", { signal }) : { known: false, ready };
    },
    staleTime: 10 * MINUTE,
  });

export const isMe = (value: Me | { known: false; ready: boolean } | undefined): value is Me => !!value && "permissions" in value;

/** Whether one may: pages leave out what would be refused. */
export function useMay(permission: string): boolean {
  const me = useMe().data;
  return isMe(me) && me.permissions.includes(permission);
}

export const useKinds = () =>
  useQuery({ queryKey: ["kinds"], queryFn: ({ signal }) => get("/v1/kinds", { signal }), staleTime: Infinity });

export const useKind = (kind: string | undefined) =>
  useQuery({
    queryKey: ["kind", kind],
    queryFn: async ({ signal }) => (await get("/v1/kinds/{kind}", { path: { kind: kind! }, signal })) as unknown as Kind,
    enabled: !!kind,
    staleTime: Infinity,
  });

export const useEvidence = (kind: string | undefined) =>
  useQuery({
    queryKey: ["evidence", kind],
    queryFn: ({ signal }) => get("/v1/kinds/{kind}/evidence", { path: { kind: kind! }, signal }),
    enabled: !!kind,
    staleTime: Infinity,
  });

export const useDrift = (kind: string) =>
  useQuery({ queryKey: ["drift", kind], queryFn: ({ signal }) => get("/v1/kinds/{kind}/drift", { path: { kind }, signal }), staleTime: 5 * MINUTE });

export const useFits = (kind: string, enabled: boolean) =>
  useQuery({ queryKey: ["fits", kind], queryFn: ({ signal }) => get("/v1/kinds/{kind}/fits", { path: { kind }, signal }), enabled });

export const useOverview = (kind = "", ahead = false) =>
  useQuery({
    queryKey: ["overview", kind, ahead],
    queryFn: ({ signal }) => get("/v1/overview", { query: { kind, ahead, limit: 500 }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: MINUTE,
  });

const ofTwin = (id: string) => ({ twin_id: id });

export const useTwin = (id: string) =>
  useQuery({ queryKey: ["twin", id, "state"], queryFn: ({ signal }) => get("/v1/twins/{twin_id}", { path: ofTwin(id), signal }) });

export const useTimeline = (id: string, since: string | undefined, asOf: string | undefined, until?: string) =>
  useQuery({
    queryKey: ["twin", id, "timeline", since, asOf, until],
    queryFn: async ({ signal }) =>
      (await get("/v1/twins/{twin_id}/timeline", {
        path: ofTwin(id),
        query: { since, as_of: asOf, until },
        signal,
      })) as unknown as Timeline,
    enabled: since !== undefined,
    placeholderData: keepPreviousData,
  });

export const useForecasts = (id: string, asOf?: string, limit = 1) =>
  useQuery({
    queryKey: ["twin", id, "forecasts", asOf, limit],
    queryFn: ({ signal }) => get("/v1/twins/{twin_id}/forecasts", { path: ofTwin(id), query: { as_of: asOf, limit }, signal }),
    placeholderData: keepPreviousData,
  });

export const useForecast = (id: string, version: number | undefined) =>
  useQuery({
    queryKey: ["twin", id, "forecast", version],
    queryFn: ({ signal }) => get("/v1/twins/{twin_id}/forecasts/{version}", { path: { twin_id: id, version: version! }, signal }),
    enabled: version !== undefined,
    staleTime: Infinity, // what was said stays said
    placeholderData: keepPreviousData,
  });

export const useFit = (id: string, asOf: string | undefined, enabled: boolean) =>
  useQuery({
    queryKey: ["twin", id, "fit", asOf],
    queryFn: ({ signal }) => get("/v1/twins/{twin_id}/fit", { path: ofTwin(id), query: { as_of: asOf }, signal }),
    enabled,
    retry: false,
    staleTime: 5 * MINUTE,
    placeholderData: keepPreviousData,
  });

export const useBelief = (id: string, enabled = true) =>
  useQuery({
    queryKey: ["twin", id, "belief"],
    queryFn: async ({ signal }) => (await get("/v1/twins/{twin_id}/belief", { path: ofTwin(id), signal })) as unknown as Belief,
    enabled,
    retry: false,
  });

export const useCalibration = (id: string) =>
  useQuery({
    queryKey: ["twin", id, "calibration"],
    queryFn: ({ signal }) => get("/v1/twins/{twin_id}/live-calibration", { path: ofTwin(id), signal }),
  });

/** What needs somebody, the worst first; read again with whatever makes the overview stale. */
export const useAttention = () =>
  useQuery({
    queryKey: ["overview", "attention"],
    queryFn: ({ signal }) => get("/v1/attention", { query: { limit: 50 }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: MINUTE,
  });

export const useSources = (id: string) =>
  useQuery({
    queryKey: ["twin", id, "sources", "of"],
    queryFn: ({ signal }) => get("/v1/twins/{twin_id}/sources", { path: ofTwin(id), signal }),
  });

export const useMessages = (enabled: boolean) =>
  useQuery({
    queryKey: ["messages"],
    queryFn: ({ signal }) => get("/v1/messages", { query: { limit: 50 }, signal }),
    enabled,
    refetchInterval: 15_000,
  });

export const useHistory = (id: string) =>
  useQuery({
    queryKey: ["twin", id, "sources", "history"],
    queryFn: ({ signal }) => get("/v1/twins/{twin_id}/history", { path: ofTwin(id), query: { newest: true, limit: 300 }, signal }),
  });

export const useAside = (id: string) =>
  useQuery({
    queryKey: ["twin", id, "aside"],
    queryFn: ({ signal }) => get("/v1/twins/{twin_id}/kept-aside", { path: ofTwin(id), signal }),
  });

export const useDoubted = (id: string) =>
  useQuery({
    queryKey: ["twin", id, "doubted"],
    queryFn: ({ signal }) => get("/v1/twins/{twin_id}/doubted", { path: ofTwin(id), signal }),
  });

export const useActions = (id: string) =>
  useQuery({
    queryKey: ["twin", id, "actions"],
    queryFn: ({ signal }) => get("/v1/twins/{twin_id}/actions", { path: ofTwin(id), query: { limit: 5000 }, signal }),
  });

export const useAlerts = (state = "", twin = "") =>
  useQuery({
    queryKey: twin ? ["twin", twin, "alerts", state] : ["alerts", state],
    queryFn: ({ signal }) => get("/v1/alerts", { query: { state, twin, limit: 200 }, signal }),
    placeholderData: keepPreviousData,
  });

export const useAlert = (id: string | undefined) =>
  useQuery({
    queryKey: ["alerts", "one", id],
    queryFn: ({ signal }) => get("/v1/alerts/{alert_id}", { path: { alert_id: id! }, signal }),
    enabled: !!id,
  });

/** A unit's board; stale with the overview. */
export const useBoard = (place: string) =>
  useQuery({
    queryKey: ["overview", "unit", place],
    queryFn: ({ signal }) => get("/v1/board", { query: { place }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: MINUTE,
  });

export const useTwinRisk = (id: string) =>
  useQuery({
    queryKey: ["twin", id, "forecasts", "risk"],
    queryFn: ({ signal }) => get("/v1/twins/{twin_id}/risk", { path: ofTwin(id), signal }),
    placeholderData: keepPreviousData,
  });

export const useStays = (id: string, observable: string, since: string) =>
  useQuery({
    queryKey: ["twin", id, "timeline", "stays", observable, since],
    queryFn: ({ signal }) => get("/v1/twins/{twin_id}/stays", { path: ofTwin(id), query: { observable, since }, signal }),
    placeholderData: keepPreviousData,
  });

/** Which channels a monitor sends; their samples come by a stream of their own. */
export const useWaveforms = (id: string) =>
  useQuery({
    queryKey: ["twin", id, "waveforms"],
    queryFn: ({ signal }) => get("/v1/twins/{twin_id}/waveforms", { path: ofTwin(id), signal }),
    refetchInterval: 15_000,
  });

export const useRules = () => useQuery({ queryKey: ["rules"], queryFn: ({ signal }) => get("/v1/alert-rules", { signal }) });

export const useChannels = (enabled: boolean) =>
  useQuery({ queryKey: ["channels"], queryFn: ({ signal }) => get("/v1/alert-channels", { signal }), enabled });

export const useJobs = () =>
  useQuery({
    queryKey: ["jobs"],
    queryFn: ({ signal }) => get("/v1/jobs", { query: { limit: 100 }, signal }),
    refetchInterval: (query) => (query.state.data?.items.some((job) => job.state === "running") ? 1500 : false),
  });

export const asExplanation = (value: unknown) => value as Explanation;
