// A plot of what a history holds, that moves while the call runs.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { look } from "../page/app-state.js";
import { tickText } from "../page/clock.js";
import type { History } from "./history.js";

export interface PlotProps {
  history: History;
  // How many seconds are seen; 0: all.
  window: number;
  running: boolean;
  // Changes when there is something new.
  tick: number;
  height: number;
}

export const colours = 8;

const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });

export function valueText(value: number | undefined | null): string {
  if (value === undefined || value === null || Number.isNaN(value)) return "–";
  return Math.abs(value) >= 10_000 ? short.format(value) : String(Number(value.toPrecision(4)));
}

export function Plot(props: PlotProps) {
  const { history, running, height } = props;
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const latest = useRef(props);
  latest.current = props;
  const series = history.series.length;

  useEffect(() => {
    const parent = element.current!;
    const colour = (name: string) => colourOf(parent, name);
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { stroke: colour("--grid"), width: 1, size: 4 }, font: "11px system-ui, sans-serif" };
    const made = new uPlot(
      {
        width: parent.clientWidth,
        height,
        legend: { show: false },
        cursor: { y: false, points: { size: 6 } },
        padding: [10, 12, 0, 0],
        scales: { x: { time: true, range: () => seen(latest.current) }, y: { range: (_, least, most) => heights(least, most) } },
        axes: [
          { ...axis, space: 70, size: 30, values: (_, splits, __, ___, step) => splits.map((value) => tickText(value, step)) },
          { ...axis, size: 54, space: 32, values: (_, splits) => splits.map((value) => valueText(value)) },
        ],
        series: [
          {},
          ...history.series.map(({ label }, at) => ({
            label,
            stroke: colour(`--series-${(at % colours) + 1}`),
            width: 1.75,
            spanGaps: true,
            points: { show: () => latest.current.history.length < 3 },
          })),
        ],
      },
      dataOf(latest.current.history),
      parent,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: parent.clientWidth, height }));
    observer.observe(parent);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [history, series, look.value, height]);

  useEffect(() => {
    plot.current?.setData(dataOf(history));
  }, [history, props.tick, props.window]);

  // It moves between messages too.
  useEffect(() => {
    if (!running || props.window === 0) return;
    const timer = setInterval(() => plot.current?.setData(dataOf(latest.current.history)), 100);
    return () => clearInterval(timer);
  }, [running, props.window]);

  return <div class="plot-area" ref={element} role="img" aria-label={`Plot of ${history.series.map(({ label }) => label).join(", ")}`} />;
}

// What a custom property means for an element, as a colour that a canvas knows too.
function colourOf(element: HTMLElement, name: string): string {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = "";
  return color;
}

function dataOf(history: History): uPlot.AlignedData {
  const { length } = history;
  return [history.times.subarray(0, length), ...history.series.map(({ values }) => values.subarray(0, length))];
}

// From zero where that leaves room to see something move.
function heights(least: number | null, most: number | null): [number, number] {
  if (least === null || most === null) return [0, 1];
  const room = (most - least) * 0.08 || Math.abs(most) * 0.1 || 1;
  return [least >= 0 && least <= 0.6 * most ? 0 : least - room, most + room];
}

function seen({ history, window, running }: PlotProps): [number, number] {
  const last = history.times[history.length - 1] ?? Date.now() / 1_000;
  const end = running ? Math.max(last, Date.now() / 1_000) : last;
  const first = history.times[0] ?? end - 10;
  if (window > 0) return [end - window, end];
  return first < end ? [first, end] : [end - 1, end];
}
