/** A course at a glance: a line without axes, its last point marked. */
export function Spark({ data, label, width = 132, height = 34 }: { data: readonly (readonly [number, number])[]; label: string; width?: number; height?: number }) {
  if (data.length < 2) return <svg width={width} height={height} role="img" aria-label={label} />;
  const times = data.map((p) => p[0]);
  const values = data.map((p) => p[1]);
  const [t0, t1] = [times[0]!, times.at(-1)!];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (t: number) => 2 + ((width - 8) * (t - t0)) / Math.max(t1 - t0, 1);
  const y = (v: number) => height - 4 - ((height - 8) * (v - low)) / Math.max(high - low, 1e-12);
  const every = 2.5 * median(times.slice(1).map((t, i) => t - times[i]!)); // a gap in the readings is a gap in the line
  let path = "";
  data.forEach(([t, v], i) => (path += `${i === 0 || t - times[i - 1]! > every ? "M" : "L"}${x(t).toFixed(1)} ${y(v).toFixed(1)}`));
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <path d={path} fill="none" stroke="var(--muted)" strokeWidth="1.4" strokeLinejoin="round" />
      <circle cx={x(t1)} cy={y(values.at(-1)!)} r="2.6" fill="var(--accent)" />
    </svg>
  );
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
