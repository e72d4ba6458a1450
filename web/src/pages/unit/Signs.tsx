/** What was measured last, and how each moved. */
import { ArrowDown, ArrowUp } from "lucide-react";
import type { Kind } from "../../api/types";
import { number, pretty, words } from "../../lib/units";
import { t } from "../../texts";

export interface Reasons {
  values?: { of: string; value: number; unit: string; age: number }[];
  trends?: { of: string; change: number; unit: string; over: number }[];
  changed?: string[];
  wrong_if?: string[];
}
const hours = (s: number) => (s >= 5400 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 60)} min`);

export function Signs({ reasons, kind, most = 6 }: { reasons: Reasons; kind?: Kind; most?: number }) {
  const trends = new Map((reasons.trends ?? []).map((trend) => [trend.of, trend]));
  return (
    <ul className="signs">
      {(reasons.values ?? []).slice(0, most).map((sign) => {
        const trend = trends.get(sign.of);
        const moved = trend && Math.abs(trend.change) > 0.02 * Math.abs(sign.value) ? trend : undefined;
        const Icon = moved && moved.change > 0 ? ArrowUp : ArrowDown;
        return (
          <li key={sign.of} title={kind?.observables.find((o) => o.name === sign.of)?.meaning}>
            <span className="small muted">{words(sign.of)}</span>{" "}
            <b className="num">{number(sign.value)}</b> <span className="small muted">{pretty(sign.unit === "1" ? "" : sign.unit)}</span>
            {moved && (
              <span className="moved">
                <Icon size={13} aria-hidden />
                <span className="unseen">{t.unit.moved(moved.change > 0, number(Math.abs(moved.change)), hours(moved.over))}</span>
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
