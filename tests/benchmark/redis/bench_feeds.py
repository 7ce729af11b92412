#!/usr/bin/env python3
"""Measures feeds over Redis: how long a message takes from one node to the subscribers of another,
what a node's fan-out is beside that of a feed in its own memory, and what Redis spends.

    bazel run --config=opt //tests/benchmark/redis:bench_feeds -- [--rounds N] [--json FILE]

A redis-server of its own, a node that publishes, a node that serves and the subscribers are
processes over loopback; the subscribers read and check every message. Figures are medians of the
rounds; in each the ways take turns, and ratios are of one round."""

import argparse
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # its folder is a source tree
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), ".."))

from processes import Failed, GRACE_SECONDS, Server, how_it_ended, tail  # pylint: disable=wrong-import-position

PAYLOAD = 100
BAR_P99_MS = 5
BAR_FAN_OUT = 0.7


class Redis:
    """A redis-server, for the length of a `with`."""

    def __init__(self, fsync):
        self._folder = tempfile.TemporaryDirectory(prefix="runnel-redis-", dir="/tmp")
        self._path = os.path.join(self._folder.name, "s")
        self.url = "unix://" + self._path
        durable = ["--appendonly", "no"] if fsync == "none" else [
            "--appendonly", "yes", "--appendfsync", fsync]
        try:
            self._process = subprocess.Popen(
                ["redis-server", "--port", "0", "--unixsocket", self._path, "--save", "",
                 "--dir", self._folder.name] + durable,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        except FileNotFoundError:
            raise Failed("there is no redis-server; tools/setup installs it")

    def __enter__(self):
        deadline = time.monotonic() + GRACE_SECONDS
        while True:
            try:
                self.info()
                return self
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    raise Failed("redis-server %s before it served" %
                                 how_it_ended(self._process.returncode))
                time.sleep(0.01)

    def info(self):
        """What it says of itself, by name."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self._path)
            connection.sendall(b"INFO\r\nQUIT\r\n")
            text = b""
            while True:
                more = connection.recv(65536)
                if not more:
                    break
                text += more
        pairs = (line.partition(":") for line in text.decode().splitlines())
        found = {name: value for name, colon, value in pairs if colon}
        return {"cpu": float(found["used_cpu_sys"]) + float(found["used_cpu_user"]),
                "commands": int(found["total_commands_processed"]),
                "bytes_in": int(found["total_net_input_bytes"]),
                "bytes_out": int(found["total_net_output_bytes"])}

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()


class Bench:
    def __init__(self, options):
        self._options = options
        self._feeds = 0

    def _feed(self):
        self._feeds += 1
        return "--feed=bench%d" % self._feeds

    def _crowd(self, subscribers, period_us, server, publisher):
        options = self._options
        arguments = ["--workload=crowd", "--codec=json", "--route=direct",
                     "--subscribers=%d" % subscribers, "--period_us=%d" % period_us,
                     "--payload_bytes=%d" % PAYLOAD, "--server=" + server.url,
                     "--server_pid=%d" % server.pid, "--publisher=" + publisher.url]
        if options.messages:
            arguments.append("--messages=%d" % options.messages)
        else:
            arguments.append("--duration_ms=%d" % (options.seconds * 1000))
        patience = GRACE_SECONDS + options.seconds * 2 + subscribers / 50
        return server.run_client(options.client, arguments, patience)

    def across(self, redis, subscribers, period_us):
        """Published at one node, delivered by another."""
        arguments = ["--redis=" + redis.url, self._feed()]
        with Server(self._options.node, arguments, None) as publisher, \
                Server(self._options.node, arguments, None) as server:
            return self._crowd(subscribers, period_us, server, publisher)

    def embedded(self, subscribers, period_us):
        with Server(self._options.node, [], None) as server:
            return self._crowd(subscribers, period_us, server, server)

    def load(self, redis, readers, outstanding):
        """What Redis spends on a message that so many nodes read."""
        rate = 50000 if outstanding > 1 else 3000
        messages = self._options.messages or int(rate * self._options.seconds)
        before = redis.info()
        run = subprocess.run(
            [self._options.node, "--redis=" + redis.url, self._feed(), "--readers=%d" % readers,
             "--outstanding=%d" % outstanding, "--load=%d" % messages, "--payload_bytes=%d" % PAYLOAD],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=GRACE_SECONDS + messages / 1000)
        if run.returncode != 0:
            raise Failed("the node %s: %s" % (how_it_ended(run.returncode), tail(run.stderr)))
        after = redis.info()
        spent = {name: (after[name] - before[name]) / messages for name in before}
        return {"rate": json.loads(run.stdout)["rate"], "cpu_us": spent["cpu"] * 1e6,
                "bytes_in": spent["bytes_in"], "bytes_out": spent["bytes_out"],
                "commands": spent["commands"]}

    def round(self):
        with Redis(self._options.fsync) as redis:
            many = self._options.subscribers
            return {"across_200": self.across(redis, 200, 20000),
                    "across_10": self.across(redis, 10, 1000),
                    "embedded": self.embedded(many, 20000),
                    "redis": self.across(redis, many, 20000),
                    "many_1": self.load(redis, 0, 1000), "many_9": self.load(redis, 8, 1000),
                    "lone_1": self.load(redis, 0, 1), "lone_9": self.load(redis, 8, 1)}


def median(rounds, way, figure):
    return statistics.median(one[way][figure] for one in rounds)


def figures_of(rounds, options):
    """Names and numbers, in the order in which they are printed."""
    figures = {"subscribers": options.subscribers}
    for way in ("across_200", "across_10"):
        figures[way + "_p50_ms"] = median(rounds, way, "p50_us") / 1e3
        figures[way + "_p99_ms"] = median(rounds, way, "p99_us") / 1e3
    ratios = [one["redis"]["rate"] / one["embedded"]["rate"] for one in rounds]
    figures.update(fan_out_ratio=statistics.median(ratios), fan_out_ratio_min=min(ratios),
                   fan_out_ratio_max=max(ratios))
    for way in ("embedded", "redis"):
        figures[way + "_deliveries_s"] = median(rounds, way, "rate")
        figures[way + "_server_cpu_us"] = median(rounds, way, "server_cpu_us")
        figures[way + "_lone_cpu_us"] = median(rounds, way, "paced_cpu_us")
        figures[way + "_subscriber_kb"] = median(rounds, way, "server_kb")
    figures["publishes_s"] = median(rounds, "many_1", "rate")
    for load in ("many", "lone"):
        for name in ("cpu_us", "bytes_in", "bytes_out", "commands"):
            one, nine = (median(rounds, load + way, name) for way in ("_1", "_9"))
            figures["%s_reader_%s" % (load, name)] = (nine - one) / 8
            figures["%s_publish_%s" % (load, name)] = one - (nine - one) / 8
    return figures


def print_figures(f, rounds, out):
    def met(is_met):
        return "met" if is_met else "MISSED"

    print("feeds over Redis, medians of %d rounds; messages of 221 bytes in JSON" % rounds, file=out)
    print("\nfrom Publish at one node to the subscribers of another, 10,000 deliveries/s", file=out)
    print("                                        p50 ms   p99 ms", file=out)
    for way, what in (("across_200", "200 subscribers, 50 messages/s"),
                      ("across_10", "10 subscribers, 1,000 messages/s")):
        p99 = f[way + "_p99_ms"]
        print("  %-36s %7.2f  %7.2f   under %d: %s" %
              (what, f[way + "_p50_ms"], p99, BAR_P99_MS, met(p99 < BAR_P99_MS)), file=out)
    print("\nfan-out of one node, %d subscribers      deliveries/s   CPU us/delivery, in bursts and "
          "lone   KB/subscriber" % f["subscribers"], file=out)
    for way, what in (("embedded", "Topic, in its memory"), ("redis", "RedisTopic")):
        print("  %-38s %13.0f   %26.2f  %8.2f   %13.1f" %
              (what, f[way + "_deliveries_s"], f[way + "_server_cpu_us"],
               f[way + "_lone_cpu_us"], f[way + "_subscriber_kb"]), file=out)
    print("  %-38s %13.2f   (%.2f-%.2f)   at least %.2f: %s" %
          ("ratio", f["fan_out_ratio"], f["fan_out_ratio_min"], f["fan_out_ratio_max"],
           BAR_FAN_OUT, met(f["fan_out_ratio"] >= BAR_FAN_OUT)), file=out)
    print("\nRedis, of a message                    CPU us    bytes in   bytes out   commands", file=out)
    for load, how in (("many", "many at once"), ("lone", "one at a time")):
        for way, what in (("publish", "to take it"), ("reader", "for each reader")):
            print("  %-34s %8.2f  %10.0f  %10.0f  %9.3f" %
                  ((how + ", " + what,) + tuple(
                      f["%s_%s_%s" % (load, way, name)]
                      for name in ("cpu_us", "bytes_in", "bytes_out", "commands"))), file=out)
    print("  publishes of one node at full speed: %.0f/s" % f["publishes_s"], file=out)


def positive(number):
    def parse(text):
        value = number(text)
        if value <= 0:
            raise ValueError
        return value
    parse.__name__ = "positive " + number.__name__
    return parse


def main(arguments):
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("node", help=argparse.SUPPRESS)
    parser.add_argument("client", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=positive(int), default=5, metavar="N",
                        help="of which the medians count (default 5)")
    parser.add_argument("--seconds", type=positive(float), default=1.0, metavar="S",
                        help="length of each measurement (default 1)")
    parser.add_argument("--subscribers", type=positive(int), default=1000, metavar="N",
                        help="of the fan-out (default 1000)")
    parser.add_argument("--fsync", choices=["none", "everysec", "always"], default="everysec",
                        help="how safe Redis is: nothing on disk, or appendfsync (default everysec)")
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE too")
    parser.add_argument("--messages", type=positive(int), help=argparse.SUPPRESS)  # for its test
    options = parser.parse_args(arguments)
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    if resource.RLIM_INFINITY != limit < options.subscribers + 200:
        parser.error("%d subscribers need %d open files, and the limit (ulimit -Hn) is %d" %
                     (options.subscribers, options.subscribers + 200, limit))
    bench = Bench(options)
    rounds = []
    try:
        for number in range(options.rounds):
            if sys.stderr.isatty():
                print("\r\033[K  round %d of %d" % (number + 1, options.rounds), end="",
                      file=sys.stderr, flush=True)
            rounds.append(bench.round())
    except (Failed, subprocess.TimeoutExpired) as error:
        print("bench_feeds: %s" % error, file=sys.stderr)
        return 1
    finally:
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)
    figures = figures_of(rounds, options)
    print_figures(figures, options.rounds, sys.stdout)
    if options.json:
        with open(options.json, "w") as out:
            json.dump(figures, out, indent=1)
            out.write("\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
