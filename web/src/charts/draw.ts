/** A time chart's panels as an ECharts option. */
import { tickLabel, ticks } from "../lib/time";
import { number } from "../lib/units";
import { bounds, drawnOf, steps, type BandPoint, type Panel, type Point, type Series } from "./model";

export const LEFT = 52;
export const RIGHT = 16;
export const GAP = 34; // between panels: the title of the next
export const LANE = 30; // of events
export const FOOT = 26; // of the time axis

export interface Colours {
  token: (name: string) => string;
  font: string;
}

/** How high a chart of these panels is, and where each begins. */
export function layout(panels: Panel[], lane: boolean): { total: number; tops: number[] } {
  let y = (lane ? LANE : 0) + GAP;
  const tops = panels.map((panel) => {
    const top = y;
    y += panel.height + GAP;
    return top;
  });
  return { total: y - GAP + FOOT, tops };
}

function drawn(s: Series, i: number, { token }: Colours): object[] {
  const at = { xAxisIndex: i, yAxisIndex: i, silent: true, animation: false };
  const color = token(s.color);
  if (s.type === "points")
    return [{ ...at, id: s.id, type: "scatter", data: s.data, symbolSize: s.data.length > 400 ? 3.5 : 5, itemStyle: s.hollow ? { color: token("--surface"), borderColor: color, borderWidth: 1.4 } : { color } }];
  if (s.type === "line")
    return [{ ...at, id: s.id, type: "line", data: s.data, showSymbol: false, step: s.step ? "end" : undefined, lineStyle: { color, width: s.width ?? 1.8, type: s.dash ? [5, 4] : "solid" }, z: 4 }];
  const common = { ...at, type: "line", stack: s.id, stackStrategy: "all", showSymbol: false, lineStyle: { opacity: 0 }, z: 1 };
  return [
    { ...common, id: `${s.id}-low`, data: s.data.map((p) => [p[0], p[1]]) },
    { ...common, id: s.id, data: s.data.map((p) => [p[0], p[2] - p[1]]), areaStyle: { color, opacity: s.strength } },
  ];
}

const COLUMN = 2; // px in which points of one series are told apart no more

export function option(whole: Panel[], from: number, to: number, zone: string, width: number, lane: boolean, now: number | undefined, colours: Colours): Record<string, unknown> {
  const { token, font } = colours;
  const columns = Math.max(Math.floor((width - LEFT - RIGHT) / COLUMN), 1);
  const panels = whole.map((panel) => ({ ...panel, series: panel.series.map((s) => ({ ...s, data: drawnOf<Point | BandPoint>(s.data, from, to, columns) }) as Series) }));
  const { tops } = layout(panels, lane);
  const marks = ticks(from, to, zone, Math.max(2, Math.floor((width - LEFT - RIGHT) / 76)));
  const last = panels.length - 1;
  const covered = (t: number) => now !== undefined && (Math.abs(t - now) / (to - from)) * (width - LEFT - RIGHT) < 56; // where "now" stands
  const label = { color: token("--muted"), fontSize: 11, fontFamily: font, hideOverlap: true };
  const decorations = panels.map((panel, i) => ({
    id: `marks-${panel.id}`,
    type: "line",
    xAxisIndex: i,
    yAxisIndex: i,
    data: [],
    silent: true,
    animation: false,
    markArea: panel.range && { silent: true, itemStyle: { color: token("--range") }, data: [[{ yAxis: panel.range.low ?? -1e12 }, { yAxis: panel.range.high ?? 1e12 }]] },
    markLine: now === undefined ? undefined : { silent: true, symbol: "none", animation: false, label: { show: false }, lineStyle: { color: token("--muted"), type: [2, 3], width: 1.2 }, data: [{ xAxis: now }] },
  }));
  return {
    animation: false,
    grid: panels.map((panel, i) => ({ left: LEFT, right: RIGHT, top: tops[i], height: panel.height })),
    xAxis: panels.map((_, i) => ({
      type: "value",
      gridIndex: i,
      min: from,
      max: to,
      axisLine: { show: true, lineStyle: { color: token("--line") } },
      axisTick: { show: i === last, customValues: marks, lineStyle: { color: token("--line-strong") } },
      axisLabel: { ...label, show: i === last, customValues: marks, formatter: (t: number) => (covered(t) ? "" : tickLabel(t, zone, to - from)), margin: 9 },
      splitLine: { show: true, lineStyle: { color: token("--line"), opacity: 0.7 } },
    })),
    yAxis: panels.map((panel, i) => {
      const [low, high] = bounds(panel, from, to) ?? [0, 1];
      return {
        type: "value",
        gridIndex: i,
        min: low,
        max: high,
        axisLabel: { ...label, customValues: steps(low, high, Math.max(2, Math.round(panel.height / 44))), formatter: (v: number) => number(v), margin: 8 },
        axisTick: { show: false, customValues: steps(low, high, Math.max(2, Math.round(panel.height / 44))) },
        splitLine: { lineStyle: { color: token("--line"), opacity: 0.7 } },
      };
    }),
    series: [...decorations, ...panels.flatMap((panel, i) => panel.series.flatMap((s) => drawn(s, i, colours)))],
  };
}
