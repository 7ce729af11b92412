"""What tools/bench measures: the workloads, their metrics, and which ways of each peer are
compared."""

import collections
import fnmatch

# A metric: its name, its unit, its key in what a client prints, and which is better.
Metric = collections.namedtuple("Metric", "name unit key better")

CPU = Metric("cpu", "us/message", "cpu_us", "lower")
CALL_CPU = Metric("cpu", "us/call", "cpu_us", "lower")
LATENCY = [Metric("p50", "us", "p50_us", "lower"), Metric("p99", "us", "p99_us", "lower")]
CALLS = [Metric("rate", "calls/s", "rate", "higher"), CALL_CPU]
MESSAGES = [Metric("rate", "messages/s", "rate", "higher"), CPU]

# Of nginx's processes nobody looks at the costs.
FAN_OUT = [*LATENCY, Metric("rate", "deliveries/s", "rate", "higher")]
DELIVERIES = [Metric("server_memory", "KB/stream", "server_kb", "lower"),
              Metric("client_memory", "KB/stream", "client_kb", "lower"), *FAN_OUT,
              CPU._replace(unit="us/delivery")]

# A workload: the client's arguments, its metrics, the ways in which Runnel does it (codec/route),
# gRPC (its interface, and how many messages it may gather in a write; see ServerPlan), and which
# other peers do it, with the metrics that they are compared by. Where
# `one_core`, both processes share one; those through a fault proxy have its arguments, and how
# many messages. `files` is how many a process has open at a time. Runnel's figures of two workloads are compared where one names the other in `of`.
Workload = collections.namedtuple(
    "Workload", "name arguments metrics runnel grpc others one_core tls proxy messages of files patience rounds",
    defaults=({}, False, False, None, 0, None, 0, 0, None))

ALL_WAYS = ["proto/direct", "proto/session", "json/direct", "json/session"]
SESSION = ["proto/session", "json/session"]
GRPC = ["callback", "cq"]
GRPC_STREAM = ["callback", "callback/16", "callback/64", "cq", "cq/16", "cq/64"]


def unary(name, outstanding, metrics, **more):
    arguments = ["--workload=unary", "--outstanding=%d" % outstanding, "--payload_bytes=100"]
    return Workload(name, arguments, metrics, ALL_WAYS, GRPC, **more)


def ping(name, **more):
    # On direct calls the responses come when all requests have been sent.
    arguments = ["--workload=ping", "--payload_bytes=100"]
    return Workload(name, arguments, LATENCY + [CPU], SESSION, GRPC, **more)


def stream(name, payload_bytes, **more):
    arguments = ["--workload=stream", "--payload_bytes=%d" % payload_bytes]
    return Workload(name, arguments, MESSAGES, ALL_WAYS, GRPC_STREAM, **more)


def crowd(name, subscribers, connections, **more):
    """A feed with many subscribers (crowd.h). With connections of their own they make direct
    calls; a session is what shares one."""
    arguments = ["--workload=crowd", "--subscribers=%d" % subscribers,
                 "--connections=" + connections, "--payload_bytes=100"]
    own = connections == "own"
    # With hints: they go only where more follows, so a lone message is none the worse.
    more.setdefault("grpc", ["callback/16", "cq/16"])
    return Workload(name, arguments, DELIVERIES, ["proto/direct"] if own else ["proto/session"],
                    files=subscribers + 200 if own else 0, patience=subscribers / 50, **more)


def proxied(name, proxy, **more):
    return Workload(name, ["--workload=stream", "--payload_bytes=100"], MESSAGES[:1],
                    ["proto/session"], [], proxy=proxy, messages=1000000, **more)


WORKLOADS = [
    # Pinned together, the figure is nearly pure code: between cores most of it is wake-ups.
    unary("unary_one_core", 1, LATENCY + [CALL_CPU], one_core=True),
    unary("unary", 1, LATENCY),
    unary("unary_32", 32, CALLS),
    unary("unary_128", 128, CALLS),
    stream("stream_0", 0),
    stream("stream_100", 100),
    stream("stream_1k", 1024),
    stream("stream_16k", 16 * 1024),
    stream("stream_1k_tls", 1024, tls=True, of="stream_1k"),
    ping("ping_one_core", one_core=True),
    crowd("crowd_1k_own", 1000, "own", others={"nchan": FAN_OUT}),
    crowd("crowd_1k_shared", 1000, "shared"),
    # They take long. Of gRPC's ways the one that is best with 1,000, in every figure.
    crowd("crowd_10k_own", 10000, "own", grpc=["cq/16"], rounds=3),
    crowd("crowd_10k_shared", 10000, "shared", grpc=["cq/16"], rounds=3),
    # What cuts cost: the same way, on which every connection ends after 50 to 200 ms.
    proxied("stream_proxied", []),
    proxied("stream_cut", ["--cut-every=50-200"], of="stream_proxied"),
]


def select(only):
    """The workloads that --only leaves, each with what it leaves of Runnel's ways."""
    def wanted(name):
        return not only or any(fnmatch.fnmatchcase(name, pattern) or
                               fnmatch.fnmatchcase(name, pattern + "/*") for pattern in only)
    for workload in WORKLOADS:
        ways = [way for way in workload.runnel if wanted(workload.name + "/" + way)]
        if ways:
            yield workload._replace(runnel=ways)
