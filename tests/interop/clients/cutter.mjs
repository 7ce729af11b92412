// A way to a server on which a connection breaks once.

import net from "node:net";

export class Cutter {
  #server = net.createServer((down) => this.#connect(down));
  #upstream;
  #after;
  cuts = 0;

  // Passes on to `upstream`, a URL. Ends the first response that has the text `after` in it, right
  // after that.
  constructor(upstream, after) {
    this.#upstream = new URL(upstream);
    this.#after = after;
  }

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  close() {
    this.#server.close();
  }

  #connect(down) {
    const up = net.connect(Number(this.#upstream.port), this.#upstream.hostname);
    up.on("error", () => down.destroy()).on("end", () => down.end());
    down.on("error", () => up.destroy()).on("close", () => up.destroy());
    down.pipe(up);
    let seen = "";
    up.on("data", (bytes) => {
      seen += bytes.toString("latin1");
      const found = this.cuts === 0 ? seen.indexOf(this.#after) : -1;
      if (found < 0) {
        down.write(bytes);
        return;
      }
      ++this.cuts;
      // What lies behind the text, and in `bytes`, is lost.
      const lost = seen.length - (found + this.#after.length);
      down.write(bytes.subarray(0, bytes.length - lost), () => down.destroy());
    });
  }
}
