// Messages as a session carries them, in JSON or in binary.

import { type DescMessage, fromBinary, fromJson, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import type { BinaryReadOptions, BinaryWriteOptions, JsonReadOptions, JsonWriteOptions } from "@bufbuild/protobuf";
import type { MessageShape } from "@bufbuild/protobuf";
import type { Incoming, Outgoing } from "./call-stream.js";

export interface MessageOptions {
  useBinaryFormat?: boolean;
  jsonOptions?: Partial<JsonReadOptions & JsonWriteOptions>;
  binaryOptions?: Partial<BinaryReadOptions & BinaryWriteOptions>;
}

export class MessageCodec {
  readonly #json: Partial<JsonReadOptions & JsonWriteOptions>;

  constructor(private readonly options: MessageOptions) {
    // Fields of later versions are ignored, as connect-es does.
    this.#json = { ignoreUnknownFields: true, ...options.jsonOptions };
  }

  encode(desc: DescMessage, message: unknown): Outgoing {
    if (this.options.useBinaryFormat) {
      const bytes = toBinary(desc, message as MessageShape<DescMessage>, this.options.binaryOptions);
      return { size: bytes.length, bytes };
    }
    const text = toJsonString(desc, message as MessageShape<DescMessage>, this.#json);
    return { size: new TextEncoder().encode(text).length, text };
  }

  decode<Desc extends DescMessage>(desc: Desc, message: Incoming): MessageShape<Desc> {
    if ("json" in message) return fromJson(desc, message.json, this.#json);
    if (this.options.useBinaryFormat) return fromBinary(desc, message.bytes, this.options.binaryOptions);
    return fromJsonString(desc, new TextDecoder().decode(message.bytes), this.#json);
  }
}
