/** The numbers behind a chart, for whoever reads rather than looks. */
import { dayAndClock } from "../lib/time";
import { number } from "../lib/units";
import { t } from "../texts";
import type { Happening, Panel } from "./model";

const ROWS = 300;

export function SeriesTable({ panels, events, from, to, zone }: { panels: Panel[]; events: Happening[]; from: number; to: number; zone: string }) {
  return (
    <div className="behind stack">
      {panels.map((panel) => {
        const series = panel.series.filter((s) => s.name && s.data.length > 0);
        const times = [...new Set(series.flatMap((s) => s.data.map((p) => p[0])))].filter((at) => at >= from && at <= to).sort((a, b) => a - b);
        const every = Math.ceil(times.length / ROWS);
        const values = series.map((s) => new Map<number, readonly number[]>(s.data.map((p) => [p[0], p])));
        return (
          <div key={panel.id} className="scroll" tabIndex={0} role="region" aria-label={panel.title} style={{ maxHeight: 260 }}>
            <table className="table">
              <caption className="unseen">{panel.title}</caption>
              <thead>
                <tr>
                  <th scope="col">{t.chart.time}</th>
                  {series.map((s) => (
                    <th key={s.id} scope="col" className="r">
                      {s.name} {panel.unit && <span className="muted">({panel.unit})</span>}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {times
                  .filter((_, i) => i % every === 0)
                  .map((at) => (
                    <tr key={at}>
                      <td className="num">{dayAndClock(at, zone)}</td>
                      {values.map((held, i) => {
                        const p = held.get(at);
                        return (
                          <td key={i} className="r">
                            {p ? p.slice(1).map((v) => number(v, panel.digits)).join(" – ") : ""}
                          </td>
                        );
                      })}
                    </tr>
                  ))}
              </tbody>
            </table>
          </div>
        );
      })}
      {events.length > 0 && (
        <ul className="small muted">
          {events
            .filter((e) => e.at >= from && e.at <= to)
            .map((e) => (
              <li key={e.id}>
                {dayAndClock(e.at, zone)}: {e.detail}
              </li>
            ))}
        </ul>
      )}
    </div>
  );
}
