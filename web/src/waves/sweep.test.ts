import { describe, expect, it } from "vitest";
import { advance, readout, Sweep } from "./sweep";

const RATE = 100;
const ramp = (from: number, count: number) => Array.from({ length: count }, (_, k) => from + k);

describe("a sweep", () => {
  it("draws up to its head, blanks what lies ahead, and shows a gap", () => {
    const sweep = new Sweep(RATE, 1);
    sweep.put(10_000, ramp(0, 50));
    sweep.put(10_600, ramp(60, 30));
    sweep.draw(10_890);
    expect(sweep.y.slice(19, 23)).toEqual([null, 20, 21, 22]);
    expect(sweep.y.slice(48, 62)).toEqual([48, 49, ...new Array(10).fill(null), 60, 61]);
    expect(sweep.y.slice(90, 100)).toEqual(new Array(10).fill(null));
    expect(sweep.position).toBeCloseTo(0.89);
    sweep.put(10_900, ramp(90, 30));
    sweep.draw(11_050);
    expect([sweep.y[0], sweep.y[5], sweep.y[6], sweep.y[95]]).toEqual([100, 105, null, 95]);
    expect(sweep.newest).toBeCloseTo(11_190);
  });

  it("needs no more memory for an hour than for a second", () => {
    const sweep = new Sweep(RATE, 2);
    const places = sweep.y;
    for (let s = 0; s < 3600; s++) {
      sweep.put(s * 1000, ramp(0, RATE));
      sweep.draw(s * 1000 + 500);
    }
    expect(sweep.y).toBe(places);
    expect(sweep.y.length).toBe(2 * RATE);
  });
});

describe("the head", () => {
  it("goes with the clock, is drawn to its place, and jumps when it is far off", () => {
    expect(advance(null, 16, 5000)).toBe(5000);
    expect(advance(5000, 16, 9000)).toBe(9000);
    let head = 5000;
    for (let n = 0; n < 2000; n++) head = advance(head, 16, 5000 + 16 * (n + 1) - 300);
    expect(head).toBeCloseTo(5000 + 16 * 2000 - 300, 0);
    expect(advance(5000, 16, 5600)).toBeLessThan(5000 + 1.11 * 16);
  });
});

describe("a readout", () => {
  it("counts beats and says nothing of too little", () => {
    const pulse = Array.from({ length: 800 }, (_, k) => Math.exp(-(((k % 80) - 20) ** 2) / 20));
    expect(readout(pulse, RATE)!.beats).toBe(75);
    expect(readout(new Array(800).fill(null), RATE)).toBeNull();
    expect(readout(ramp(0, 200), RATE)).toEqual({ min: 0, mean: 99.5, max: 199, beats: null });
  });
});
