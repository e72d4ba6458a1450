/** Live waveforms of a bed, swept as a monitor does; drawn at 30 frames a second from memory that does not grow. */
import { Pause, Play } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Waveform } from "../api/types";
import { useSettings } from "../app/settings";
import { Button, Chip, Notice, Segmented, Synthetic } from "../design/parts";
import { number, pretty } from "../lib/units";
import { t } from "../texts";
import { listen } from "./stream";
import { advance, readout, Sweep } from "./sweep";
import "./waves.css";

const FRAME = 1000 / 30 - 2; // ms between two frames
const CALM = 1000; // where motion is not wanted
const LOOK = 1000; // ms between two readouts
const TONES = ["--good", "--bad", "--accent", "--came", "--c4"];

const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export default function Monitor({ twin, channels, height = 130 }: { twin: string; channels: readonly Waveform[]; height?: number }) {
  const [seconds, setSeconds] = useState("10");
  const [still, setStill] = useState(false);
  const [live, setLive] = useState(true);
  const { theme } = useSettings();
  const box = useRef<HTMLDivElement>(null);
  const frozen = useRef(false);
  frozen.current = still;
  const shape = channels.map((c) => `${c.name} ${c.rate}`).join();
  useEffect(() => {
    const strips = [...box.current!.querySelectorAll<HTMLElement>(".strip")];
    const drawn = channels.map((channel, k) => new Strip(channel, Number(seconds), strips[k]!, TONES[k % TONES.length]!, height));
    const byName = new Map(drawn.map((strip) => [strip.channel.name, strip]));
    let delay = 600; // ms that the head stays behind, so that the next chunk is there when it is needed
    const stop = listen(
      twin,
      (told) => {
        byName.get(told.channel)?.sweep.put(Date.parse(told.start), told.samples);
        const length = (1000 * told.samples.length) / told.rate;
        if (length < 3000) delay = Math.max(400, 0.98 * delay, 1.5 * length + 200); // what is caught up on is no rhythm
      },
      setLive,
    );
    const meter = box.current!;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let frames = 0;
    let head: number | null = null;
    let before = performance.now();
    let looked = 0;
    const frame = (now: number) => {
      again = requestAnimationFrame(frame);
      if (now - before < (calm ? CALM : FRAME)) return;
      const newest = Math.max(...drawn.map((strip) => strip.sweep.newest));
      if (newest > 0 && !frozen.current) {
        head = Math.min(advance(head, now - before, newest - delay), newest);
        for (const strip of drawn) strip.show(head);
        frames++;
      }
      before = now;
      if (now - looked > LOOK && !frozen.current) {
        looked = now;
        for (const strip of drawn) strip.read();
        meter.dataset.frames = String(frames);
        meter.dataset.head = head === null ? "" : String(Math.round(head));
        meter.dataset.behind = newest > 0 ? String(Math.round(newest - (head ?? newest))) : "";
      }
    };
    let again = requestAnimationFrame(frame);
    const sized = new ResizeObserver(() => drawn.forEach((strip) => strip.fit()));
    sized.observe(box.current!);
    return () => {
      cancelAnimationFrame(again);
      sized.disconnect();
      stop();
      drawn.forEach((strip) => strip.destroy());
    };
    // eslint-like: a strip is made anew for another shape of channels, another window, another theme
  }, [twin, shape, seconds, theme, height]); // channels themselves are read anew with their times
  return (
    <div className="monitor" data-still={still}>
      <div className="row">
        <Segmented label={t.waves.window} value={seconds} options={[["5", "5 s"], ["10", "10 s"], ["20", "20 s"]]} onChange={setSeconds} />
        <Button small aria-pressed={still} onClick={() => setStill(!still)}>
          {still ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />} {still ? t.waves.go : t.waves.freeze}
        </Button>
        {channels.some((c) => c.synthetic) && <Synthetic />}
        <span className="spring" />
        <span className="muted small">{t.waves.note}</span>
      </div>
      {!live && <Notice tone="warn">{t.waves.lost}</Notice>}
      <div ref={box} className="strips">
        {channels.map((channel, k) => (
          <section key={channel.name} className="strip" aria-label={channel.name}>
            <div className="plot" role="img" aria-label={t.waves.trace(channel.name)} />
            <dl>
              <dt>
                <i style={{ background: `var(${TONES[k % TONES.length]})` }} aria-hidden /> {channel.name} <span className="muted">{pretty(channel.unit === "1" ? "" : channel.unit)}</span>
              </dt>
              <dd className="num value">–</dd>
              <dd className="small muted num more" />
              <dd className="small muted num">{t.waves.rate(number(channel.rate))}</dd>
            </dl>
          </section>
        ))}
      </div>
      {still && <Chip>{t.waves.frozen}</Chip>}
    </div>
  );
}

/** One channel: its sweep, its plot, its numbers. */
class Strip {
  readonly sweep: Sweep;
  private readonly plot: uPlot;
  private readonly value: HTMLElement;
  private readonly more: HTMLElement;
  private range: [number, number] = [0, 1];

  constructor(
    readonly channel: Waveform,
    seconds: number,
    private readonly box: HTMLElement,
    tone: string,
    private readonly height: number,
  ) {
    this.sweep = new Sweep(channel.rate, seconds);
    this.value = box.querySelector(".value")!;
    this.more = box.querySelector(".more")!;
    const grid = { stroke: token("--line"), width: 1 };
    const axis = { stroke: token("--muted"), grid, ticks: { show: false }, font: `11px ${token("--font")}` };
    this.plot = new uPlot(
      {
        width: this.width,
        height,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: [0, seconds] }, y: { range: () => this.range } },
        axes: [{ ...axis, size: 20, values: () => [] }, { ...axis, size: 46, space: 34 }],
        series: [{}, { stroke: token(tone), width: 1.6, points: { show: false }, spanGaps: false }],
        hooks: { draw: [(u) => this.cursor(u)] },
      },
      [this.sweep.x, this.sweep.y],
      box.querySelector<HTMLElement>(".plot")!,
    );
  }

  show(head: number) {
    this.sweep.draw(head);
    this.plot.setData([this.sweep.x, this.sweep.y]);
  }

  read() {
    const said = readout(this.sweep.last(6), this.channel.rate);
    const digits = this.channel.unit === "mV" ? 2 : this.channel.unit === "1" ? 2 : 0;
    if (said) {
      const low = said.min - 0.12 * (said.max - said.min || 1);
      const high = said.max + 0.12 * (said.max - said.min || 1);
      const [a, b] = this.range;
      if (low < a || high > b || high - low < 0.6 * (b - a)) this.range = [low, high];
    }
    const pressure = this.channel.unit === "mm[Hg]";
    this.value.textContent = !said ? "–" : pressure ? `${number(said.max, 0)}/${number(said.min, 0)}` : said.beats !== null ? String(said.beats) : number(said.mean, digits);
    this.more.textContent = !said ? t.waves.nothing : pressure ? t.waves.mean(number(said.mean, 0)) : `${said.beats !== null ? `${t.waves.perMinute}, ` : ""}${number(said.min, digits)} – ${number(said.max, digits)}`;
  }

  fit() {
    if (Math.abs(this.plot.width - this.width) > 1) this.plot.setSize({ width: this.width, height: this.height });
  }

  destroy() {
    this.plot.destroy();
  }

  private get width(): number {
    return Math.max(this.box.querySelector<HTMLElement>(".plot")!.clientWidth, 120);
  }

  private cursor(u: uPlot) {
    const x = Math.round(u.valToPos(this.sweep.position, "x", true));
    u.ctx.save();
    u.ctx.fillStyle = token("--muted");
    u.ctx.fillRect(x, u.bbox.top, Math.max(1, devicePixelRatio), u.bbox.height);
    u.ctx.restore();
  }
}
