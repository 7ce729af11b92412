"""Runs the benchmarks: each figure is the median of several short runs of a client process
against a server process of its own, over loopback. tools/bench builds the programs and starts it.

Prints one JSON object per figure and line:
  {"workload","metric","unit","codec","route","value","median_of","min","max"}
The rounds go through all figures in turn, so that a slow moment of the machine does not fall on
all runs of one figure.
"""

import argparse
import collections
import fnmatch
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading

# Longer than any sound run takes by itself, on a machine that is busy.
GRACE_SECONDS = 30

# An implementation: its two programs, the fault proxy, and what it can be asked for.
Peer = collections.namedtuple("Peer", "server client proxy codecs routes")

# A workload: the client's arguments, and whether both processes share one core; for those through
# a proxy, its arguments and how many messages; the codecs and routes it is for, where not all.
Workload = collections.namedtuple(
    "Workload", "name arguments metrics one_core proxy messages codecs routes",
    defaults=(None, 0, None, None))

# A metric: its name, its unit, and its key in what the client prints.
LATENCY = [("p50", "us", "p50_us"), ("p99", "us", "p99_us")]
CALLS = [("rate", "calls/s", "rate")]
MESSAGES = [("rate", "messages/s", "rate")]


def unary(name, outstanding, metrics, one_core=False):
    arguments = ["--workload=unary", "--outstanding=%d" % outstanding, "--payload_bytes=100"]
    return Workload(name, arguments, metrics, one_core)


def stream(name, payload_bytes):
    return Workload(name, ["--workload=stream", "--payload_bytes=%d" % payload_bytes], MESSAGES,
                    False)


def proxied(name, proxy):
    return Workload(name, ["--workload=stream", "--payload_bytes=100"], MESSAGES, False, proxy,
                    1000000, ["proto"], ["session"])


WORKLOADS = [
    unary("unary", 1, LATENCY),
    # Pinned together, the figure is nearly pure code: between cores most of it is wake-ups.
    unary("unary_one_core", 1, LATENCY, one_core=True),
    unary("unary_32", 32, CALLS),
    stream("stream_0", 0),
    stream("stream_100", 100),
    stream("stream_1k", 1024),
    stream("stream_16k", 16 * 1024),
    # What cuts cost: the same way, on which every connection ends after 50 to 200 ms.
    proxied("stream_proxied", []),
    proxied("stream_cut", ["--cut-every=50-200"]),
]

# Metrics that compare two workloads: name, of this one to that one.
RATIOS = [("ratio", "stream_cut", "stream_proxied")]


class Failed(Exception):
    """A run that gave no figure. The message says why."""


def how_it_ended(returncode):
    if returncode < 0:
        return "was killed by %s" % signal.Signals(-returncode).name
    return "ended with exit code %d" % returncode


def tail(text):
    return text.strip()[-2000:] or "(it printed nothing)"


class Server:
    """A server process, for the length of a `with`. It ends with its standard input."""

    def __init__(self, program, before_exec):
        self._stderr = tempfile.TemporaryFile(mode="w+")
        self._process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr,
            text=True, preexec_fn=before_exec)

    def __enter__(self):
        # A server that never says its URL would hang the reading of it.
        impatience = threading.Timer(GRACE_SECONDS, self._process.kill)
        impatience.start()
        self.url = self._process.stdout.readline().strip()
        impatience.cancel()
        if not self.url:
            self._process.kill()
            self._process.wait()
            raise Failed("the server %s before it served: %s" %
                         (how_it_ended(self._process.returncode), self.printed()))
        return self

    def printed(self):
        self._stderr.seek(0)
        return tail(self._stderr.read())

    def check_alive(self):
        if self._process.poll() is not None:
            raise Failed("the server %s: %s" %
                         (how_it_ended(self._process.returncode), self.printed()))

    def __exit__(self, failed, *_):
        self._process.stdin.close()
        try:
            self._process.wait(timeout=GRACE_SECONDS)
            if self._process.returncode != 0 and not failed:
                raise Failed("the server %s after the run: %s" %
                             (how_it_ended(self._process.returncode), self.printed()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            if not failed:
                raise Failed("the server did not end within %d s" % GRACE_SECONDS)
        finally:
            self._process.stdout.close()
            self._stderr.close()


class Proxy:
    """A fault proxy in front of a server, for the length of a `with`."""

    def __init__(self, program, arguments, server_url):
        self._process = subprocess.Popen(
            [program, "--upstream=" + server_url.partition("://")[2]] + arguments,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        impatience = threading.Timer(GRACE_SECONDS, self._process.kill)
        impatience.start()
        said = self._process.stdout.readline().strip()
        impatience.cancel()
        if not said.startswith("listening on "):
            self._end()
            raise Failed("the proxy %s before it listened" %
                         how_it_ended(self._process.returncode))
        self.url = "http://" + said[len("listening on "):]
        return self

    def cuts(self):
        """Ends it, and says how many connections it has cut."""
        self._process.terminate()
        said, _ = self._process.communicate(timeout=GRACE_SECONDS)
        return int(re.search(r"(\d+) cut,", said).group(1))

    def _end(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def __exit__(self, *_):
        self._end()


def run_client(peer, workload, codec, route, url, server, options, before_exec):
    command = [peer.client, "--server=" + url, "--codec=" + codec, "--route=" + route]
    command += workload.arguments
    messages = options.messages or workload.messages
    patience = GRACE_SECONDS
    if messages:
        command.append("--messages=%d" % messages)
        patience += messages / 10000
    else:
        command.append("--duration_ms=%d" % (options.seconds * 1000))
        patience += options.seconds
    try:
        client = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, preexec_fn=before_exec,
                                timeout=patience)
    except subprocess.TimeoutExpired:
        server.check_alive()
        raise Failed("the client did not end within %d s" % patience)
    if client.returncode != 0:
        server.check_alive()
        raise Failed("the client %s: %s" %
                     (how_it_ended(client.returncode), tail(client.stderr)))
    return json.loads(client.stdout)


def run_once(peer, workload, codec, route, options):
    """One client against one server. Returns what the client measured."""
    before_exec = None
    if workload.one_core:
        core = min(os.sched_getaffinity(0))
        before_exec = lambda: os.sched_setaffinity(0, [core])
    with Server(peer.server, before_exec) as server:
        if workload.proxy is None:
            return run_client(peer, workload, codec, route, server.url, server, options,
                              before_exec)
        with Proxy(peer.proxy, workload.proxy, server.url) as proxy:
            measured = run_client(peer, workload, codec, route, proxy.url, server, options, None)
            cuts = proxy.cuts()
    # A few messages, for the smoke test, are over before a cut.
    if workload.proxy and not cuts and not options.messages:
        raise Failed("the proxy has cut no connection")
    return measured


def cases(peer, only):
    """What is to be run: (workload, codec, route), and the name that --only matches."""
    for workload in WORKLOADS:
        for codec in workload.codecs or peer.codecs:
            for route in workload.routes or peer.routes:
                name = "/".join([workload.name, codec, route])
                if not only or any(fnmatch.fnmatchcase(name, wanted) or
                                   fnmatch.fnmatchcase(name, wanted + "/*") for wanted in only):
                    yield name, workload, codec, route


def figure(workload, metric, unit, codec, route, values):
    return {
        "workload": workload.name,
        "metric": metric,
        "unit": unit,
        "codec": codec,
        "route": route,
        "value": round(statistics.median(values), 2),
        "median_of": len(values),
        "min": round(min(values), 2),
        "max": round(max(values), 2),
    }


def positive(number):
    def parse(text):
        value = number(text)
        if value <= 0:
            raise ValueError
        return value
    parse.__name__ = "positive " + number.__name__
    return parse


def parse_arguments(arguments):
    names = ", ".join(w.name for w in WORKLOADS)
    parser = argparse.ArgumentParser(
        prog="tools/bench", allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures Runnel, C++ client to C++ server in two processes over loopback,\n"
        "and prints one JSON object per figure and line. Progress goes to standard error.",
        epilog="workloads: %s\n"
        "Leave the machine alone meanwhile: min and max show how much it was disturbed." % names)
    parser.add_argument("--rounds", type=positive(int), default=3, metavar="N",
                        help="runs per figure, of which the median counts (default 3)")
    parser.add_argument("--only", action="append", metavar="NAME",
                        help="only these: a workload, or workload/codec/route, with * for any "
                        "part; may be repeated")
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE as well")
    parser.add_argument("--seconds", type=positive(float), default=0.5, metavar="S",
                        help="length of one run after its warm-up (default 0.5)")
    # For tools/bench and the smoke test.
    parser.add_argument("--messages", type=positive(int), help=argparse.SUPPRESS)
    parser.add_argument("--server", help=argparse.SUPPRESS)
    parser.add_argument("--client", help=argparse.SUPPRESS)
    parser.add_argument("--proxy", help=argparse.SUPPRESS)
    parser.add_argument("--check-arguments", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.peer = Peer(options.server, options.client, options.proxy, ["proto", "json"],
                        ["direct", "session"])
    options.cases = list(cases(options.peer, options.only))
    if not options.cases:
        parser.error("--only %s matches nothing; the workloads are %s, each /proto or /json, "
                     "/direct or /session, as far as it goes" % (" ".join(options.only), names))
    if options.json:
        try:
            open(options.json, "a").close()
        except OSError as error:
            parser.error("--json: cannot write %s: %s" % (options.json, error.strerror))
    return options


def main(arguments):
    options = parse_arguments(arguments)
    if options.check_arguments:
        return 0
    measured = collections.defaultdict(list)
    failures = 0
    for round_number in range(1, options.rounds + 1):
        for name, workload, codec, route in options.cases:
            if sys.stderr.isatty():
                print("\r\033[K  round %d of %d: %s" % (round_number, options.rounds, name),
                      end="", file=sys.stderr, flush=True)
            try:
                measured[name].append(run_once(options.peer, workload, codec, route, options))
            except Failed as error:
                failures += 1
                print("bench: %s: %s" % (name, error), file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)

    lines = []
    for name, workload, codec, route in options.cases:
        for metric, unit, key in workload.metrics:
            values = [run[key] for run in measured[name]]
            if values:
                lines.append(json.dumps(figure(workload, metric, unit, codec, route, values)))
        for metric, this, that in RATIOS:
            if this != workload.name:
                continue
            values = [one["rate"] / other["rate"] for one, other in
                      zip(measured[name], measured["/".join([that, codec, route])])]
            if values:
                lines.append(json.dumps(figure(workload, metric, "of " + that, codec, route, values)))
    for line in lines:
        print(line)
    if options.json:
        with open(options.json, "w") as out:
            out.write("".join(line + "\n" for line in lines))
    if failures:
        print("bench: %d of %d runs failed" % (failures, options.rounds * len(options.cases)),
              file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
