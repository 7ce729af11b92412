// The console of a Runnel server.

import "uplot/dist/uPlot.min.css";
import "./style.css";
import { render } from "preact";
import { App } from "./page/app.js";

render(<App />, document.body);
