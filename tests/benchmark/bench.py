"""Measures Runnel beside gRPC C++, and its feeds beside nginx with nchan: each figure is the median of several short runs of a client
process against a server process of its own, over loopback. tools/bench builds the programs and
starts it.

The rounds go through all workloads in turn, and within one the peers alternate, so that a slow
moment of the machine does not fall on all runs of one figure.
"""

import argparse
import collections
import itertools
import os
import resource
import sys

sys.dont_write_bytecode = True  # its folder is a source tree

import figures  # pylint: disable=wrong-import-position
import processes  # pylint: disable=wrong-import-position
import workloads  # pylint: disable=wrong-import-position
from processes import Failed  # pylint: disable=wrong-import-position

Run = collections.namedtuple("Run", "peer way server_arguments client_arguments")


def runs_of(workload, programs):
    """The runs of one round, the peers taking turns."""
    runnel = []
    for way in workload.runnel:
        codec, route = way.split("/")
        runnel.append(Run("runnel", way, [], ["--codec=" + codec, "--route=" + route]))
    grpc = []
    for way in workload.grpc if "grpc" in programs else []:
        api, _, gather = way.partition("/")
        grpc.append(Run("grpc", way, ["--api=" + api, "--gather=" + (gather or "1")],
                        ["--api=" + api]))
    others = [Run(peer, peer, [], []) for peer in workload.others if peer in programs]
    for turn in itertools.zip_longest(runnel, grpc, others):
        yield from (run for run in turn if run is not None)


def run_once(run, workload, options):
    """One client against one server. Returns what the client measured."""
    before_exec = None
    if workload.one_core:
        core = min(os.sched_getaffinity(0))
        before_exec = lambda: os.sched_setaffinity(0, [core])
    programs = options.programs[run.peer]
    server_arguments = list(run.server_arguments)
    arguments = run.client_arguments + workload.arguments
    if workload.tls:
        server_arguments += ["--certificate_file=" + options.certificate.file,
                             "--key_file=" + options.certificate.key]
        arguments.append("--ca_file=" + options.certificate.file)
    messages = options.messages or workload.messages
    if messages:
        seconds = messages / 10000
        arguments.append("--messages=%d" % messages)
    else:
        seconds = options.seconds
        arguments.append("--duration_ms=%d" % (seconds * 1000))
    patience = processes.GRACE_SECONDS + workload.patience + seconds
    with processes.Server(programs.server, server_arguments, before_exec) as server:
        arguments.append("--server_pid=%d" % server.pid)
        if workload.proxy is None:
            return server.run_client(programs.client, arguments + ["--server=" + server.url],
                                     patience)
        with processes.Proxy(options.proxy, workload.proxy, server.url) as proxy:
            measured = server.run_client(programs.client, arguments + ["--server=" + proxy.url],
                                         patience)
            cuts = proxy.cuts()
    # A few messages, for the smoke test, are over before a cut.
    if workload.proxy and not cuts and not options.messages:
        raise Failed("the proxy has cut no connection")
    return measured


def positive(number):
    def parse(text):
        value = number(text)
        if value <= 0:
            raise ValueError
        return value
    parse.__name__ = "positive " + number.__name__
    return parse


DESCRIPTION = """\
Measures Runnel beside gRPC C++: client and server in two processes over loopback, the same
messages, both sides writing and reading every one. Prints a table of figures and ratios."""

EPILOG = """\
workloads: %s

Columns: Runnel and gRPC are medians over the rounds. gRPC's is the best of the ways it was
measured in, which stands after it: its callback or its completion queue (cq) interface, and how
many messages of a stream it may gather in one write (WriteOptions::set_buffer_hint). The ratio
is Runnel's figure divided by gRPC's in the same round: the median, the least and the greatest.
"better" says whether a higher or a lower ratio is better for Runnel. "no hints" is the ratio to
the best of gRPC's ways without hints.

Leave the machine alone meanwhile: least and greatest show how much it was disturbed."""


def parse_arguments(arguments):
    names = ", ".join(workload.name for workload in workloads.WORKLOADS)
    parser = argparse.ArgumentParser(
        prog="tools/bench", allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=DESCRIPTION, epilog=EPILOG % names)
    parser.add_argument("--rounds", type=positive(int), default=5, metavar="N",
                        help="runs per figure, of which the median counts (default 5)")
    parser.add_argument("--only", action="append", metavar="NAME",
                        help="only these: a workload, or workload/codec/route, with * for any "
                        "part; may be repeated")
    parser.add_argument("--json", metavar="FILE",
                        help="write the figures to FILE too, one JSON object a line: workload, "
                        "metric, unit, better, codec, route, runnel, grpc, grpc_way, ratio, "
                        "rounds, and the least and greatest ratio")
    parser.add_argument("--seconds", type=positive(float), default=0.4, metavar="S",
                        help="length of one run after its warm-up (default 0.4)")
    parser.add_argument("--no-grpc", action="store_true", help="measure Runnel alone")
    # For tools/bench and the smoke tests.
    parser.add_argument("--messages", type=positive(int), help=argparse.SUPPRESS)
    parser.add_argument("--server", help=argparse.SUPPRESS)
    parser.add_argument("--client", help=argparse.SUPPRESS)
    parser.add_argument("--proxy", help=argparse.SUPPRESS)
    parser.add_argument("--grpc-server", help=argparse.SUPPRESS)
    parser.add_argument("--grpc-client", help=argparse.SUPPRESS)
    parser.add_argument("--nchan-server", help=argparse.SUPPRESS)
    parser.add_argument("--nchan-client", help=argparse.SUPPRESS)
    parser.add_argument("--check-arguments", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.programs = {"runnel": processes.Programs(options.server, options.client)}
    if not options.no_grpc:
        options.programs["grpc"] = processes.Programs(options.grpc_server, options.grpc_client)
        options.programs["nchan"] = processes.Programs(options.nchan_server, options.nchan_client)
    options.workloads = list(workloads.select(options.only))
    if not options.workloads:
        parser.error("--only %s matches nothing; the workloads are %s, each /proto or /json, "
                     "/direct or /session, as far as it goes" % (" ".join(options.only), names))
    if options.json:
        try:
            open(options.json, "a").close()
        except OSError as error:
            parser.error("--json: cannot write %s: %s" % (options.json, error.strerror))
    return options


def check_files(wanted):
    """Lets processes open as many files as they may. Returns the workloads for which that is
    enough, after saying what is wrong with the others."""
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    enough = []
    for workload in wanted:
        if resource.RLIM_INFINITY != limit < workload.files:
            print("bench: %s: not measured: a process of it opens %d files, and the limit "
                  "(ulimit -Hn) is %d" % (workload.name, workload.files, limit), file=sys.stderr)
        else:
            enough.append(workload)
    return enough


def measure(options):
    """Goes through the rounds. Returns the figures, and how many of how many runs failed."""
    results = figures.Results()
    measurable = check_files(options.workloads)
    runs = failures = len(options.workloads) - len(measurable)
    for number in range(options.rounds):
        for workload in measurable:
            if workload.rounds is not None and number >= workload.rounds:
                continue
            for run in runs_of(workload, options.programs):
                name = "%s %s/%s" % (run.peer, workload.name, run.way)
                if sys.stderr.isatty():
                    print("\r\033[K  round %d of %d: %s" % (number + 1, options.rounds, name),
                          end="", file=sys.stderr, flush=True)
                runs += 1
                try:
                    results.add(workload, run.peer, run.way, number,
                                run_once(run, workload, options))
                except Failed as error:
                    failures += 1
                    print("bench: %s: %s" % (name, error), file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    return results, failures, runs


def main(arguments):
    options = parse_arguments(arguments)
    if options.check_arguments:
        return 0
    try:
        with processes.Certificate() as options.certificate:
            results, failures, runs = measure(options)
    except Failed as error:
        print("bench: %s" % error, file=sys.stderr)
        return 1
    compared = results.compared(options.workloads)
    within = results.within(options.workloads)
    beside = results.beside_others(options.workloads)
    figures.print_tables(compared, within, beside, sys.stdout)
    if options.json:
        with open(options.json, "w") as out:
            out.writelines(figures.json_lines(compared + within + beside))
    if failures:
        print("bench: %d of %d runs failed" % (failures, runs), file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
