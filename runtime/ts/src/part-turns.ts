// PartTurns lets calls with large messages send them part by part, one after the other, so that none waits for the
// whole message of another.

export interface PartSource {
  // Sends the next part. Whether more are left.
  sendPart(): boolean;
}

// How far parts are sent ahead of what the connection has taken, in bytes.
const ahead = 256 * 1024;

export class PartTurns {
  #waiting: PartSource[] = [];

  add(source: PartSource): void {
    this.#waiting.push(source);
  }

  remove(source: PartSource): void {
    this.#waiting = this.#waiting.filter((one) => one !== source);
  }

  // Gives turns for as long as `unsent`, in bytes, is small.
  run(unsent: () => number): void {
    while (this.#waiting.length > 0 && unsent() < ahead) {
      const source = this.#waiting.shift()!;
      if (source.sendPart()) this.#waiting.push(source);
    }
  }
}
