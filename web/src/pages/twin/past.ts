/** Forecasts that were said before, one about every hour of what is shown, to lie beside what came. */
import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { get } from "../../api/http";
import { useForecasts } from "../../api/queries";
import type { Forecast, StoredForecast } from "../../api/types";

const MOST = 12; // forecasts drawn at once

/** About evenly spaced in time between two instants, at most `most`. */
export function spread(items: readonly StoredForecast[], [from, to]: [number, number], most: number): StoredForecast[] {
  const every = (to - from) / most;
  const out: StoredForecast[] = [];
  let last = Infinity;
  for (const item of items) {
    const at = Date.parse(item.known_at);
    if (at < from - (to - from) / 2 || at > to || last - at < every) continue;
    out.push(item);
    last = at;
  }
  return out.slice(0, most);
}

export function usePast(id: string, on: boolean, window: [number, number], asOf: string | undefined): Forecast[] | undefined {
  const list = useForecasts(id, asOf, on ? 500 : 1);
  const [from, to] = window.map((at) => Math.round(at / 900_000) * 900_000) as [number, number]; // the same while time goes by
  const chosen = useMemo(() => (on ? spread(list.data?.items ?? [], [from, to], MOST) : []), [on, list.data, from, to]);
  const found = useQueries({
    queries: chosen.map(({ version }) => ({
      queryKey: ["twin", id, "forecast", version],
      queryFn: () => get("/v1/twins/{twin_id}/forecasts/{version}", { path: { twin_id: id, version } }),
      staleTime: Infinity,
    })),
  });
  const ready = found.map((query) => query.data?.forecast).filter((forecast) => forecast !== undefined);
  const key = ready.map((forecast) => forecast.at).join();
  return useMemo(() => (on ? ready : undefined), [on, key]);
}
