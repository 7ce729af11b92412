// The transcripts of the session protocol, which the C++ client is tested with too.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Split, type Transcript, TranscriptRun } from "./transcript-run.js";

const folder = process.env["RUNNEL_TRANSCRIPTS"] ?? "../../tests/conformance/transcripts/client";
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));

// Places all over; every one of a short text would take minutes.
const places = 12;

function splits(longest: number): Split[] {
  const all: Split[] = ["bytes"];
  const step = Math.max(longest / places, 1);
  for (let at = 1; at < longest; at += step) all.push(Math.floor(at));
  return all;
}

test("there are transcripts", () => {
  expect(files.length).toBeGreaterThan(50);
});

describe.each(files)("%s", (file) => {
  const transcript = JSON.parse(readFileSync(`${folder}/${file}`, "utf8")) as Transcript;
  // A page has the one server that its URL names, behind which there may be several: it asks there again. After go_away it
  // waits as long as that says, where a client with several goes to the next.
  const several = (transcript.client?.servers ?? 1) > 1;
  const elsewhere = several && transcript.steps.some((step) => JSON.stringify(step).includes('"goAway"'));
  for (const codec of transcript.codecs) {
    test.skipIf(elsewhere)(codec, { timeout: 60_000 }, async () => {
      const whole = new TranscriptRun(transcript, codec, 0);
      await whole.play(transcript.steps);
      for (const split of splits(whole.longest)) {
        const run = new TranscriptRun(transcript, codec, split);
        await run.play(transcript.steps).catch((error: unknown) => {
          throw new Error(`cut at ${split}: ${String(error)}`, { cause: error });
        });
      }
    });
  }
});
