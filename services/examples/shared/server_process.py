"""A server of the examples as tests run it, and what they ask it."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

CERTIFICATES, *SERVERS = sys.argv[1:]
PROGRAMS = {program.split("/")[-2]: program for program in SERVERS}
PATIENCE = 60  # seconds, of a busy machine

used_flags = set()  # (program, flag) of servers that served


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


def environment(**variables):
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith(("RUNNEL_", "NOTIFY_", "WATCHDOG_"))}
    return {**clean, **variables}


def run(*arguments, program=None, **variables):
    """A server that ends by itself: exit code and what it has printed."""
    done = subprocess.run([program or SERVERS[0], *arguments], env=environment(**variables),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE,
                          text=True, check=False)
    return done.returncode, done.stdout


class Server:
    def __init__(self, *arguments, program=None, **variables):
        name = (program or SERVERS[0]).split("/")[-2]
        used_flags.update((name, flag.split("=")[0][2:].replace("_", "-")) for flag in arguments
                          if flag.startswith("--"))
        self.process = subprocess.Popen([program or SERVERS[0], *arguments],
                                        env=environment(**variables), stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"serves at (\S+)", line)
        if not found:
            raise AssertionError(f"no server: {line!r} {self.process.communicate()[1]!r}")
        self.url = found.group(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def connect(self, context=None):
        if self.url.startswith("unix:"):
            return UnixConnection(self.url[5:])
        authority = self.url.split("//")[1]
        if self.url.startswith("https:"):
            return http.client.HTTPSConnection(authority, timeout=PATIENCE, context=context)
        return http.client.HTTPConnection(authority, timeout=PATIENCE)

    def get(self, path, context=None, **headers):
        """Status, body and headers."""
        connection = self.connect(context)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        answer = response.status, response.read().decode(), response.headers
        connection.close()
        return answer

    def post(self, path, message, accept="application/json", context=None, **headers):
        """Status, body and headers."""
        connection = self.connect(context)
        connection.request("POST", path, json.dumps(message),
                           {"Content-Type": "application/json", "Accept": accept, **headers})
        response = connection.getresponse()
        answer = response.status, response.read().decode(), response.headers
        connection.close()
        return answer

    def stream(self, path, message, **more):
        """The data of all events, but of the last one where that is the end."""
        body = self.post(path, message, "text/event-stream", **more)[1]
        return [json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: {\"")]

    def catches_sigterm(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            caught = re.search(r"SigCgt:\s*([0-9a-f]+)", status.read()).group(1)
        return int(caught, 16) >> (signal.SIGTERM - 1) & 1 == 1

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        return self.process.wait(timeout=PATIENCE)


@contextlib.contextmanager
def issued_certificates():
    """The files of an authority, of a server's certificate and key, and of a client's."""
    issuer = subprocess.Popen([CERTIFICATES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield issuer.stdout.readline().split()
    finally:
        issuer.communicate()


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it never became true")
        time.sleep(0.02)
