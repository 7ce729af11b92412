// Times of day, as tables and plots have them: local, and of one form everywhere.

// "09:05:01.250"
export function clockText(time: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

// "09:05", and as much more of it as ticks that are `step` seconds apart need.
export function tickText(seconds: number, step: number): string {
  return clockText(new Date(seconds * 1_000)).slice(0, step < 1 ? -2 : step < 60 ? -4 : -7);
}
