import { expect, test } from "vitest";
import { tickText } from "./clock.js";

test("a tick says as much of the time as tells it from the next", () => {
  const at = new Date(2026, 4, 1, 9, 5, 1, 250).getTime() / 1_000;
  expect([0.1, 1, 30, 60, 3600].map((step) => tickText(at, step))).toEqual(["09:05:01.2", "09:05:01", "09:05:01", "09:05", "09:05"]);
});
