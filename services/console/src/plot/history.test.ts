import { expect, test } from "vitest";
import { History } from "./history.js";

const at = (history: History, label: string) => Array.from(history.series.find((one) => one.label === label)!.values.subarray(0, history.length));

test("keeps each number while there is room", () => {
  const history = new History(16);
  for (let time = 0; time < 5; ++time) history.add(time, new Map([["a", time * 2]]));
  expect(Array.from(history.times.subarray(0, history.length))).toEqual([0, 1, 2, 3, 4]);
  expect(at(history, "a")).toEqual([0, 2, 4, 6, 8]);
});

test("a series that comes later has nothing before", () => {
  const history = new History(16);
  history.add(0, new Map([["a", 1]]));
  history.add(1, new Map([["b", 2]]));
  expect(at(history, "a")).toEqual([1, NaN]);
  expect(at(history, "b")).toEqual([NaN, 2]);
});

test("however much comes, memory is the same, times rise, and peaks are still seen", () => {
  const history = new History(64);
  const peaks = [777, 31_111, 80_000];
  for (let time = 0; time < 100_000; ++time) {
    const value = peaks.includes(time) ? 1_000 + time : Math.sin(time);
    history.add(time, new Map([["a", value], ["b", time === 50_000 ? -5 : 0]]));
  }
  expect(history.length).toBeLessThan(64);
  expect(history.length).toBeGreaterThanOrEqual(16);
  const times = Array.from(history.times.subarray(0, history.length));
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(at(history, "a")).toEqual(expect.arrayContaining(peaks.map((time) => 1_000 + time)));
  expect(Math.min(...at(history, "b"))).toBe(-5);
});

test("the newest number is seen at once", () => {
  const history = new History(16);
  for (let time = 0; time < 1_000; ++time) {
    history.add(time, new Map([["a", time]]));
    expect(history.times[history.length - 1]).toBeGreaterThan(time - 128);
  }
  history.add(1_000, new Map([["a", 5_000]]));
  expect([history.times[history.length - 1], at(history, "a").at(-1)]).toEqual([1_000, 5_000]);
});

test("has no more series than it may", () => {
  const history = new History(16, 2);
  history.add(0, new Map([["a", 1], ["b", 2], ["c", 3]]));
  expect(history.series.map(({ label }) => label)).toEqual(["a", "b"]);
});
