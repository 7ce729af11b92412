"""Event streams that `runnel watch` reads, and the load that `runnel bench` makes."""

import threading
import time
import unittest

from cli_harness import Fake, ORDER, SHOP, examples, on_terminal, reply, runnel


class Watch(unittest.TestCase):
    FEED = ["id: 1\ndata: {\"name\": \"pen\"}\n\n", "id: 2\nevent: put\ndata: {\"name\": \"ink\"}\n\n",
            "id: 3\ndata: two\ndata: lines\n\n", "event: over\ndata: [DONE]\n\n"]

    def feed(self, handler, _):
        last = int(handler.headers.get("last-event-id", 0))
        reply(handler, "retry: 10\n\n" + "".join(self.FEED[last:last + 2]), 200, "text/event-stream")

    def watch(self, *arguments):
        with Fake(self.feed) as fake:
            result = runnel("watch", fake.url + "/feed", *arguments)
            return result, fake.requests

    def test_prints_data_and_connects_again_behind_the_last_event(self):
        result, requests = self.watch("--end", "over")
        self.assertEqual(result.lines, ['{"name": "pen"}', '{"name": "ink"}', "two lines"])
        self.assertEqual([request[1]["last-event-id"] for request in requests], [None, "2"])
        self.assertIn("connecting again in", result.err)

    def test_ends_where_it_is_told_to(self):
        self.assertEqual(len(self.watch("--end", "[DONE]")[0].lines), 3)
        self.assertEqual(len(self.watch("-n", "1")[0].lines), 1)
        self.assertEqual(len(self.watch("--count=2")[0].lines), 2)
        self.assertEqual(len(self.watch("--once")[0].lines), 2)
        self.assertEqual(self.watch("--last-event-id", "2", "--end", "over")[0].lines, ["two lines"])

    def test_prints_events_as_objects(self):
        result, _ = self.watch("--events", "--end", "over")
        self.assertEqual(result.json()[1:], [{"event": "put", "id": "2", "data": {"name": "ink"}},
                                             {"event": "message", "id": "3", "data": "two\nlines"}])

    def test_reads_events_as_messages(self):
        result, _ = self.watch("--proto", SHOP, "--type", "Item", "--event", "put=Parcel", "--once")
        self.assertEqual(result.lines, ['{"name":"pen"}', '{"name":"ink"}'])
        result, _ = self.watch("--proto", SHOP, "--type", "Item", "--last-event-id=2", "-n", "1")
        self.assertIn("event message: ", result.err)
        self.assertEqual(self.watch("--type", "Item")[0].code, 64)
        self.assertEqual(self.watch("--proto", SHOP, "--type", "Itm")[0].code, 64)

    def test_reads_streams_of_runnel_to_their_end(self):
        url = examples.url + "/examples.tail.v1.Tail/Follow"
        result = runnel("watch", url, "-d", '{"path": "app.log", "stopAtEnd": true}')
        self.assertEqual((result.code, len(result.lines)), (0, 3))
        result = runnel("watch", url, "--data", '{"path": "none"}')
        self.assertEqual(result.code, 5)

    def test_exits_with_why_there_is_no_stream(self):
        with Fake(lambda handler, _: reply(handler, "no", 403, "text/plain")) as fake:
            self.assertEqual(runnel("watch", fake.url).code, 7)
        self.assertEqual(runnel("watch").code, 64)
        unix = runnel("watch", "unix:/run/x.sock")
        self.assertEqual(unix.code, 64)
        self.assertIn("runnel call", unix.err)

    def test_shows_names_of_events_on_a_terminal(self):
        with Fake(self.feed) as fake:
            shown = on_terminal(["watch", fake.url, "-n", "2"], NO_COLOR=1)
            self.assertEqual(shown.lines, ['{"name": "pen"}', 'put {"name": "ink"}'])


class Bench(unittest.TestCase):
    def test_counts_calls_and_their_times(self):
        result = runnel("bench", "Chat/ListRooms", "--concurrency=3", "--duration=0.5s").json()[0]
        self.assertGreater(result["latencyMs"]["count"], 10)
        self.assertLessEqual(result["latencyMs"]["p50"], result["latencyMs"]["p99"])
        self.assertEqual(result["failed"], {})

    def test_makes_so_many_calls_at_a_time(self):
        together = threading.Barrier(3)

        def wait_for_others(handler, _):
            if len(fake.requests) <= 3:
                together.wait(30)  # breaks where there are never three
            reply(handler, "{}")

        with Fake(wait_for_others) as fake:
            result = runnel("bench", fake.url, *ORDER, "-c", "3", "-n", "0.2").json()[0]
        self.assertEqual(result["failed"], {})
        self.assertGreaterEqual(result["latencyMs"]["count"], 3)

    def test_keeps_a_rate_and_counts_waiting_behind_slow_calls(self):
        def slowly(handler, _):  # the first call takes half a second, the others no time
            if len(fake.requests) == 1:
                time.sleep(0.5)
            reply(handler, "{}")

        with Fake(slowly) as fake:
            result = runnel("bench", fake.url, *ORDER, "--rate", "100", "-c", "1", "-n", "1").json()[0]
        self.assertEqual(result["latencyMs"]["count"] + result["neverMade"], 100)
        # Some fifty calls should have begun while the first one lasted; measured by themselves only one
        # of them would have been slow.
        self.assertGreater(result["latencyMs"]["p50"], 50)

    def test_measures_streams_to_their_first_message_too(self):
        result = runnel("bench", "Monitor/Watch", "interval=0.02s", "count=3", "-c", "2", "-n",
                        "1").json()[0]
        self.assertGreater(result["messages"], result["latencyMs"]["count"])
        # The least, as streams that the end cuts short have only the one.
        self.assertLess(result["firstMessageMs"]["min"], result["latencyMs"]["min"])

    def test_exits_with_the_status_of_what_failed(self):
        body = '{"code": "resource_exhausted", "message": "full"}'
        with Fake(lambda handler, _: reply(handler, body, 429)) as fake:
            result = runnel("bench", fake.url, *ORDER, "-r", "50", "-n", "0.2")
            self.assertEqual(result.code, 8)
            self.assertEqual(result.json()[0]["failed"], {"RESOURCE_EXHAUSTED": 10})

    def test_draws_a_plot_that_fits(self):
        for columns, locale, mark in [(80, "C.UTF-8", "█"), (50, "C.UTF-8", "█"), (80, "C", "#")]:
            shown = on_terminal(["bench", "Chat/ListRooms", "-n", "0.3"], columns, NO_COLOR=1, LC_ALL=locale)
            text = shown.out.split("\x1b[K")[-1]
            self.assertIn("90 %", text)
            self.assertIn(mark, text)
            self.assertLessEqual(max(map(len, text.splitlines())), columns)
