// Events of an event stream, as the HTML standard has them.

export interface StreamEvent {
  // "message" where the stream names none.
  type: string;
  data: string;
  // The last id the stream has given.
  id: string;
}

// EventParser turns the text of one stream, without a byte order mark, fed in pieces cut anywhere, into its events. Lines end with LF, CR
// or CRLF; a CR is taken for a line's end at once, and a LF that follows in the next piece is dropped.
export class EventParser {
  #line = "";
  #afterCr = false;
  #data: string | undefined;
  #type = "";
  #id = "";
  #size = 0;

  // Events that are larger, in characters, are an error.
  constructor(private readonly maxSize = Infinity) {}

  feed(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    let at = 0;
    while (at < text.length) {
      if (this.#afterCr) {
        this.#afterCr = false;
        if (text[at] === "\n") {
          ++at;
          continue;
        }
      }
      const end = lineEnd(text, at);
      const piece = text.slice(at, end < 0 ? text.length : end);
      this.#size += piece.length;
      if (this.#size > this.maxSize) throw new Error(`an event has more than ${this.maxSize} characters`);
      if (end < 0) {
        this.#line += piece;
        break;
      }
      const line = this.#line + piece;
      this.#line = "";
      this.#afterCr = text[end] === "\r";
      at = end + 1;
      const event = this.#take(line);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #take(line: string): StreamEvent | undefined {
    if (line === "") {
      const data = this.#data;
      const type = this.#type;
      this.#data = undefined;
      this.#type = "";
      this.#size = 0;
      if (data === undefined) return undefined;
      return { type: type === "" ? "message" : type, data, id: this.#id };
    }
    const colon = line.indexOf(":");
    if (colon === 0) {
      // A comment. It belongs to no event.
      this.#size -= line.length;
      return undefined;
    }
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "data") this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return undefined;
  }
}

function lineEnd(text: string, from: number): number {
  const lf = text.indexOf("\n", from);
  const cr = text.indexOf("\r", from);
  if (cr < 0) return lf;
  return lf < 0 ? cr : Math.min(lf, cr);
}
