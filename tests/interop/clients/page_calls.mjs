// What pages do in Chromium: expressions that call InteropService; and a site for pages of others.

import { once } from "node:events";
import http from "node:http";

export const service = "/runnel.interop.v1.InteropService";

// A site with an empty page. Its origin.
export async function serveSite() {
  const site = http.createServer((_, response) => {
    response.setHeader("content-type", "text/html").end("<title>a page</title>");
  });
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  site.unref();
  return `http://127.0.0.1:${site.address().port}`;
}

// A call by GET, as a URL.
export function getUrl(base, method, message = {}) {
  return `${base}${service}/${method}?message=${encodeURIComponent(JSON.stringify(message))}`;
}

// All that an EventSource tells until it has stopped for good: its messages, the data of the event
// "end", and its state at each error (0: it comes back, 2: it has stopped).
export function listen(url) {
  return `new Promise((resolve) => {
    const seen = { messages: [], ids: [], end: null, states: [] };
    const source = new EventSource(${JSON.stringify(url)});
    source.onmessage = (event) => {
      seen.messages.push(JSON.parse(event.data));
      seen.ids.push(event.lastEventId);
    };
    source.addEventListener("end", (event) => { seen.end = JSON.parse(event.data); });
    source.onerror = () => {
      seen.states.push(source.readyState);
      if (source.readyState === EventSource.CLOSED) resolve(seen);
    };
  })`;
}

// A unary call by fetch. "failed" where the page may not see what became of it.
export function post(url, request, headers = {}) {
  return `fetch(${JSON.stringify(url)}, {
    method: "POST",
    headers: ${JSON.stringify({ "content-type": "application/json", ...headers })},
    body: ${JSON.stringify(JSON.stringify(request))},
  }).then(async (response) => ({
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.json(),
  }), () => "failed")`;
}

export function numbersOf(messages) {
  return messages.map((message) => message.number ?? 0);
}
