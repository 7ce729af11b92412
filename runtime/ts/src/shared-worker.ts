// The SharedWorker of an origin's pages.

import { ChannelHost } from "./channel-host.js";

const host = new ChannelHost();

globalThis.addEventListener("connect", (event) => host.connect((event as MessageEvent).ports[0]!));
