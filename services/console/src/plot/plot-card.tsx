// The plot of a stream, with the numbers that can be chosen for it.

import { useState } from "preact/hooks";
import { Icon } from "../page/elements.js";
import type { MethodState } from "../page/method-state.js";
import { colours, Plot, valueText } from "./plot.js";

export function PlotCard({ state }: { state: MethodState }) {
  const [window, setWindow] = useState(30);
  const tick = state.tick.value;
  const paths = state.plotted.value;
  const { history } = state;
  const call = state.call.value;
  if (state.numeric.length === 0) return null;
  const others = state.numeric.filter(({ path }) => !paths.includes(path));
  return (
    <section class="card plot" aria-label="Plot">
      <header>
        <h3>Plot</h3>
        <div class="chips">
          {paths.map((path) => (
            <span class="chip plotted" key={path}>
              {path}
              <button type="button" class="quiet icon-only" aria-label={`Do not plot ${path}`} onClick={() => state.plot(paths.filter((one) => one !== path))}>
                <Icon name="close" />
              </button>
            </span>
          ))}
          {others.length > 0 && (
            <select
              class="quiet"
              aria-label="Plot a field"
              value=""
              onChange={(event) => {
                state.plot([...paths, event.currentTarget.value]);
                event.currentTarget.value = "";
              }}
            >
              <option value="">{paths.length === 0 ? "Choose a number…" : "Add…"}</option>
              {others.map(({ path }) => <option key={path} value={path}>{path}</option>)}
            </select>
          )}
        </div>
        {paths.length > 0 && (
          <select class="quiet" aria-label="Time that is seen" value={String(window)} onChange={(event) => setWindow(Number(event.currentTarget.value))}>
            <option value="10">10 s</option>
            <option value="30">30 s</option>
            <option value="120">2 min</option>
            <option value="600">10 min</option>
            <option value="0">all</option>
          </select>
        )}
      </header>
      {paths.length > 0 && (
        <>
          <Plot history={history} window={window} running={call?.running ?? false} tick={tick} height={200} />
          <ul class="legend">
            {history.series.map(({ label, values }, at) => (
              <li key={label}>
                <span class={`swatch series-${(at % colours) + 1}`} />
                <span class="name">{label}</span>
                <span class="value">{valueText(lastOf(values, history.length))}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function lastOf(values: Float64Array, length: number): number | undefined {
  for (let at = length - 1; at >= 0 && at > length - 200; --at) if (!Number.isNaN(values[at]!)) return values[at];
  return undefined;
}
