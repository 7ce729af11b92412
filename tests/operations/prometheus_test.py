#!/usr/bin/env python3
"""Has promtool check what a server says, and a real Prometheus scrape it.

Usage: prometheus_test.py SERVER
SERVER is an example server, which is started with --metrics.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

PATIENCE = 60  # seconds, for what takes less than one on a machine with nothing else to do


def start(command, pattern, stream):
    """Starts a program and returns it, with what `pattern` finds in what it says."""
    process = subprocess.Popen(command, text=True, **{stream: subprocess.PIPE})
    lines = []
    for line in getattr(process, stream):
        lines.append(line)
        found = re.search(pattern, "".join(lines), re.DOTALL)
        if found:
            # Nobody reads the rest; a full pipe would stop the program.
            threading.Thread(target=getattr(process, stream).read, daemon=True).start()
            return process, found
    sys.exit("%s ended without saying %r:\n%s" % (command[0], pattern, "".join(lines)))


def get(url, data=None):
    request = urllib.request.Request(url, data=data)
    if data is not None:
        request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        return response.read()


def query(prometheus, expression):
    """The value of an expression with one result; None while there is none."""
    url = prometheus + "/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    result = json.loads(get(url))["data"]["result"]
    return float(result[0]["value"][1]) if result else None


def await_value(prometheus, expression, expected):
    deadline = time.monotonic() + PATIENCE
    value = None
    while time.monotonic() < deadline:
        value = query(prometheus, expression)
        if value == expected:
            print("%s = %g" % (expression, value))
            return
        time.sleep(0.1)
    sys.exit("%s is %s, not %s" % (expression, value, expected))


def main():
    for program in ("prometheus", "promtool"):
        if shutil.which(program) is None:
            sys.exit("there is no %s: tools/setup --clients installs it" % program)
    server, found = start([sys.argv[1], "--listen=127.0.0.1:0", "--metrics"],
                          r"serves at (http://127\.0\.0\.1:(\d+))", "stdout")
    url, port = found.groups()
    prometheus = None
    directory = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
    try:
        for _ in range(3):
            get(url + "/examples.monitor.v1.Monitor/Snapshot", b"{}")
        text = get(url + "/metrics")
        checked = subprocess.run(["promtool", "check", "metrics"], input=text,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if checked.returncode != 0 or checked.stdout.strip():
            sys.exit("promtool check metrics: %s" % checked.stdout.decode())
        print("promtool check metrics: nothing to say of %d lines" % text.count(b"\n"))

        config = os.path.join(directory, "prometheus.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("global: {scrape_interval: 200ms, scrape_timeout: 200ms}\n"
                       "scrape_configs:\n"
                       "  - job_name: runnel\n"
                       "    static_configs: [{targets: ['127.0.0.1:%s']}]\n" % port)
        prometheus, found = start(
            ["prometheus", "--config.file=" + config, "--web.listen-address=127.0.0.1:0",
             "--storage.tsdb.path=" + os.path.join(directory, "data"), "--log.format=json"],
            r'"address":"(127\.0\.0\.1:\d+)"[^\n]*"msg":"Listening on".*Server is ready', "stderr")
        base = "http://" + found.group(1)
        await_value(base, 'up{job="runnel"}', 1)
        await_value(base, 'grpc_server_handled_total{grpc_method="Snapshot",grpc_code="OK"}', 3)
        get(url + "/examples.monitor.v1.Monitor/Snapshot", b"{}")
        await_value(base, 'grpc_server_handled_total{grpc_method="Snapshot",grpc_code="OK"}', 4)
        await_value(base, 'grpc_server_handling_seconds_count{grpc_method="Snapshot"}', 4)
        await_value(base, 'sum(grpc_server_handling_seconds_bucket{le="+Inf"})', 4)
        await_value(base, "runnel_server_sessions", 0)
    finally:
        for process in (prometheus, server):
            if process is not None:
                process.terminate()
                process.wait()
        shutil.rmtree(directory)


main()
