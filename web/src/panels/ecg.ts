/** ECG paper: where each sample lies, and the squares behind it. */
import type { LoopsAnswer } from "./loops";

const MM_MS = 40; // one small square
const MM_MV = 0.1;
const SQUARE = 5; // pixels

export function paper(answer: LoopsAnswer, lead: string, shown: readonly string[]) {
  const all = Object.values(answer.options).flatMap((o) => Object.values(o.traces).flatMap((band) => [Math.min(...band.q05), Math.max(...band.q95)]));
  const low = Math.floor(Math.min(...all) / (5 * MM_MV)) * 5;
  const high = Math.ceil(Math.max(...all) / (5 * MM_MV)) * 5; // small squares, the same for every lead
  const planned = Object.values(answer.options)[0]!;
  const across = Math.ceil((1000 * planned.period) / MM_MS);
  const [width, height] = [across * SQUARE * 2, (high - low) * SQUARE];
  const path = (values: readonly number[], back = false) => {
    const points = values.map((v, k) => `${((k / values.length) * width).toFixed(1)} ${((high - v / MM_MV) * SQUARE).toFixed(1)}`);
    return (back ? points.reverse() : points).map((p, k) => `${k === 0 && !back ? "M" : "L"}${p}`).join("");
  };
  const squares = (step: number) =>
    Array.from({ length: Math.floor(across / step) + 1 }, (_, k) => `M${k * step * SQUARE * 2} 0V${height}`).join("") +
    Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, k) => `M0 ${k * step * SQUARE}H${width}`).join("");
  const lines = shown.map((name) => {
    const band = answer.options[name]!.traces[lead]!;
    return { name, median: path(band.q50), area: `${path(band.q95)}${path(band.q05, true)}Z` };
  });
  return { width, height, small: squares(1), large: squares(5), lines };
}
