// The site that the pages are of: files, and beside them, where that is wanted, the calls of a server.

import { readFile } from "node:fs/promises";
import http from "node:http";
import { extname, join, normalize } from "node:path";

const types: { [extension: string]: string } = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
};

export interface Site {
  origin: string;
  // Where calls go that come to the site itself.
  server: string | undefined;
  // Files that are not there.
  missing: RegExp | undefined;
  close: () => void;
}

export async function serveSite(folder: string): Promise<Site> {
  const site: Site = { origin: "", server: undefined, missing: undefined, close: () => server.close() };
  const server = http.createServer((request, response) => {
    const path = new URL(request.url!, "http://site").pathname;
    if (site.server !== undefined && /^\/[a-z0-9.]+\.[A-Z]/.test(path)) return forward(site, request, response);
    if (site.missing?.test(path)) return void response.writeHead(404).end();
    readFile(join(folder, normalize(path === "/" ? "/index.html" : path))).then(
      (bytes) => response.setHeader("content-type", types[extname(path)] ?? "text/html").end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  site.origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  return site;
}

function forward(site: Site, request: http.IncomingMessage, response: http.ServerResponse): void {
  const { method, headers } = request;
  const upstream = http.request(new URL(request.url!, site.server), { method: method!, headers }, (answer) => {
    response.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(response);
    answer.on("error", () => response.destroy());
  });
  upstream.on("error", () => response.destroy());
  response.on("close", () => upstream.destroy());
  request.pipe(upstream);
}
