// History is what a plot shows of numbers over time: all of a stream, however long, in bounded memory. When it is full,
// neighbours become one: of each four rows two stay, with the extremes of each series in their order, so that
// peaks are still seen.

export class History {
  // Rows, the unfinished ones at the end included.
  length = 0;
  readonly times: Float64Array;
  readonly series: { label: string; values: Float64Array }[] = [];

  // Rows that stay as they are.
  #finished = 0;
  // How many moments become one row.
  #stride = 1;
  #pending: Pending | undefined;

  // `capacity` is a multiple of 4.
  constructor(
    readonly capacity = 4_096,
    readonly maxSeries = 16,
  ) {
    this.times = new Float64Array(capacity + 2);
  }

  // The numbers of one moment, by their labels.
  add(time: number, numbers: Map<string, number>): void {
    if (numbers.size === 0) return;
    for (const label of numbers.keys()) this.#seriesOf(label);
    this.length = this.#finished;
    if (this.#stride === 1) {
      this.#append(time, (label) => numbers.get(label));
      this.#finish();
      return;
    }
    const pending = (this.#pending ??= { time, count: 0, extremes: new Map() });
    for (const [label, value] of numbers) widen(pending, label, value);
    const full = ++pending.count === 2 * this.#stride;
    this.#append(pending.time, (label) => pending.extremes.get(label)?.first());
    // The newest number is seen at once.
    if (full) this.#append((pending.time + time) / 2, (label) => pending.extremes.get(label)?.last());
    else this.#append(time, (label) => numbers.get(label));
    if (!full) return;
    this.#pending = undefined;
    this.#finish();
  }

  #seriesOf(label: string): void {
    if (this.series.length >= this.maxSeries || this.series.some((one) => one.label === label)) return;
    this.series.push({ label, values: new Float64Array(this.capacity + 2).fill(NaN) });
  }

  #append(time: number, valueOf: (label: string) => number | undefined): void {
    this.times[this.length] = time;
    for (const { label, values } of this.series) values[this.length] = valueOf(label) ?? NaN;
    ++this.length;
  }

  #finish(): void {
    if (this.length === this.capacity) this.#compact();
    this.#finished = this.length;
  }

  #compact(): void {
    for (let from = 0, to = 0; from < this.length; from += 4, to += 2) {
      for (const { values } of this.series) {
        const extremes = new Extremes();
        for (let row = from; row < from + 4; ++row) if (!Number.isNaN(values[row]!)) extremes.add(values[row]!);
        values[to] = extremes.first();
        values[to + 1] = extremes.last();
      }
      this.times[to] = this.times[from]!;
      this.times[to + 1] = this.times[from + 2]!;
    }
    this.length /= 2;
    for (const { values } of this.series) values.fill(NaN, this.length);
    this.#stride *= 2;
  }
}

interface Pending {
  time: number;
  count: number;
  extremes: Map<string, Extremes>;
}

function widen(pending: Pending, label: string, value: number): void {
  let extremes = pending.extremes.get(label);
  if (extremes === undefined) pending.extremes.set(label, (extremes = new Extremes()));
  extremes.add(value);
}

// The least and the greatest of some numbers, and which of them came first.
class Extremes {
  #least = NaN;
  #most = NaN;
  #leastFirst = true;

  add(value: number): void {
    if (Number.isNaN(this.#least)) {
      this.#least = this.#most = value;
    } else if (value < this.#least) {
      this.#least = value;
      this.#leastFirst = false;
    } else if (value > this.#most) {
      this.#most = value;
      this.#leastFirst = true;
    }
  }

  first(): number {
    return this.#leastFirst ? this.#least : this.#most;
  }

  last(): number {
    return this.#leastFirst ? this.#most : this.#least;
  }
}
