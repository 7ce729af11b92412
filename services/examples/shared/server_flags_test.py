#!/usr/bin/env python3
"""Every flag that the examples' servers have in common, given to real servers.

Usage: server_flags_test.py CERTIFICATES SERVER...
The flags are tried on the first server; all of them have to know the same.
"""

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

CERTIFICATES, *SERVERS = sys.argv[1:]
COMMON = ["listen", "allow-plaintext", "tls-cert", "tls-key", "tls-client-ca", "auth",
          "allow-origin", "console", "drain-delay", "drain-grace"]
SNAPSHOT = "/examples.monitor.v1.Monitor/Snapshot"
WATCH = "/examples.monitor.v1.Monitor/Watch"
PATIENCE = 60  # seconds, of a busy machine


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

    def catches_sigterm(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            caught = re.search(r"SigCgt:\s*([0-9a-f]+)", status.read()).group(1)
        return int(caught, 16) >> (signal.SIGTERM - 1) & 1 == 1

    def terminate(self):
        # It says where it serves a moment before it waits for signals.
        until(self.catches_sigterm)
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        return self.process.wait(timeout=PATIENCE)


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it never became true")
        time.sleep(0.02)


class ServerFlagsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(dir="/tmp")  # Unix sockets want short paths

    def tearDown(self):
        self.folder.cleanup()

    def file(self, name, text=None):
        path = os.path.join(self.folder.name, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
        return path

    def test_help_of_every_server_has_its_own_flags_only(self):
        for program in SERVERS:
            code, text = run("--help", program=program)
            self.assertEqual(code, 0, program)
            for flag in COMMON:
                self.assertRegex(text, rf"(?m)^  --{flag}(=|$)", program)
            self.assertNotIn("flagfile", text)
            self.assertIn("RUNNEL_LISTEN", text)
            self.assertEqual(run("-h", program=program), (code, text))

    def test_every_server_listens_and_tells_its_services(self):
        for program in SERVERS:
            with Server("--listen=127.0.0.1:0", program=program) as server:
                listed = json.loads(server.get("/runnel.v1.Descriptors/ListServices")[1])
                self.assertIn("grpc.health.v1.Health", listed["services"])
                self.assertEqual(server.get("/readyz")[:2], (200, "ready\n"))

    def test_wrong_flags_are_named(self):
        for arguments, what in [
                (["--lisen=x"], "lisen"), (["--drain-grace=soon"], "drain_grace"), (["x"], '"x"'),
                (["--console=here"], "--console"), (["--listen=here"], "here"),
                (["--auth=/nowhere/tokens"], "/nowhere/tokens"),
                (["--tls-cert=c.pem"], "--tls-key"), (["--tls-key=k.pem"], "--tls-cert"),
                (["--tls-client-ca=c.pem"], "--tls-client-ca"),
                (["--tls-cert=/nowhere/c.pem", "--tls-key=k.pem"], "/nowhere/c.pem")]:
            code, text = run(*arguments)
            self.assertIn(code, (1, 2), arguments)
            self.assertIn(what, text)

    def test_environment_is_the_default(self):
        socket_file = self.file("a.sock")
        with Server(RUNNEL_LISTEN=f"unix:{socket_file}") as server:
            self.assertEqual(server.url, f"unix:{socket_file}")
        with Server("--listen=127.0.0.1:0", RUNNEL_LISTEN="nonsense") as server:
            self.assertRegex(server.url, "^http://127.0.0.1:")
        with Server("--listen=127.0.0.1:0", RUNNEL_AUTH="") as server:
            self.assertEqual(server.get(SNAPSHOT)[0], 200)

    def test_allow_plaintext(self):
        code, text = run("--listen=0.0.0.0:0")
        self.assertEqual(code, 1)
        self.assertIn("allow_plaintext", text)
        with Server("--listen=0.0.0.0:0", "--allow-plaintext"):
            pass

    def test_tls(self):
        issuer = subprocess.Popen([CERTIFICATES], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True)
        ca, certificate, key, client, client_key = issuer.stdout.readline().split()
        try:
            trusting = ssl.create_default_context(cafile=ca)
            for spelling in [("--tls-cert", "--tls-key"), ("--tls_cert", "--tls_key")]:
                with Server("--listen=127.0.0.1:0", f"{spelling[0]}={certificate}",
                            f"{spelling[1]}={key}") as server:
                    self.assertEqual(server.get("/healthz", trusting)[:2], (200, "alive\n"))
            with Server("--listen=127.0.0.1:0", "--tls-cert", certificate, "--tls-key", key,
                        f"--tls-client-ca={ca}") as server:
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    server.get("/healthz", trusting)
                known = ssl.create_default_context(cafile=ca)
                known.load_cert_chain(client, client_key)
                self.assertEqual(server.get("/healthz", known)[0], 200)
        finally:
            issuer.communicate()

    def test_auth(self):
        tokens = self.file("tokens", "ada plain:s3cret-one\n")
        with Server("--listen=127.0.0.1:0", f"--auth={tokens}") as server:
            status, body, headers = server.get(SNAPSHOT)
            self.assertEqual((status, headers["WWW-Authenticate"]), (401, "Bearer"))
            self.assertIn("Authorization: Bearer TOKEN", json.loads(body)["message"])
            self.assertEqual(server.get(SNAPSHOT, Authorization="Bearer s3cret-one")[0], 200)
            status, body, _ = server.get(SNAPSHOT, Authorization="Bearer s3cret-two")
            self.assertEqual(status, 401)
            self.assertNotIn("s3cret", body)
            self.assertEqual(server.get("/readyz")[0], 200)  # probes have no token
            self.file("tokens", "ada plain:s3cret-two\n")
            until(lambda: server.get(SNAPSHOT, Authorization="Bearer s3cret-two")[0] == 200)
            self.assertEqual(server.get(SNAPSHOT, Authorization="Bearer s3cret-one")[0], 401)
            self.file("tokens", "ada s3cret-three\n")
            said = []
            reader = threading.Thread(target=lambda: said.append(server.process.stderr.readline()))
            reader.start()
            # It is looked at when somebody calls, and the tokens stay.
            until(lambda: server.get(SNAPSHOT, Authorization="Bearer s3cret-two")[0] == 200
                  and not reader.is_alive())
            said = said[0]
            self.assertIn(f"{tokens}:1:", said)
            self.assertNotIn("s3cret", said)

    def test_allow_origin(self):
        with Server("--listen=127.0.0.1:0", "--allow-origin=https://app.example.com") as server:
            headers = server.get(SNAPSHOT, Origin="https://app.example.com")[2]
            self.assertEqual(headers["Access-Control-Allow-Origin"], "https://app.example.com")
            self.assertEqual(server.get(SNAPSHOT, Origin="https://else.example.com")[0], 403)

    def test_console(self):
        with Server("--listen=127.0.0.1:0", "--console=loopback") as server:
            self.assertEqual(server.get("/console/")[0], 200)
        with Server("--listen=127.0.0.1:0", "--console=off") as server:
            self.assertEqual(server.get("/console/")[0], 404)

    def test_unix_socket(self):
        path = self.file("http.sock")
        with Server(f"--listen=unix:{path}") as server:
            self.assertEqual(server.get("/healthz")[:2], (200, "alive\n"))
            asked = subprocess.run(["curl", "-sS", "--unix-socket", path, f"http://any.name{SNAPSHOT}"],
                                   stdout=subprocess.PIPE, timeout=PATIENCE, check=True)
            self.assertIn("cpu", json.loads(asked.stdout))
            code, text = run(f"--listen=unix:{path}")
            self.assertEqual(code, 1)
            self.assertIn("another process does", text)
            server.process.kill()
            server.wait()
        self.assertTrue(os.path.exists(path))
        with Server(f"--listen=unix://{path}") as server:  # what was left behind is replaced
            self.assertEqual(server.get("/healthz")[0], 200)
            server.terminate()
            self.assertEqual(server.wait(), 0)
        self.assertFalse(os.path.exists(path))
        code, text = run(f"--listen=unix:{self.file('plain', 'text')}")
        self.assertEqual(code, 1)
        self.assertIn("no socket", text)

    def test_drain(self):
        with Server("--listen=127.0.0.1:0", "--drain-delay=1h") as server:
            server.terminate()
            until(lambda: server.get("/readyz")[0] == 503)
            self.assertEqual(server.get(SNAPSHOT)[0], 200)
            # Who asks twice does not want to wait.
            until(lambda: not server.catches_sigterm())
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait(), -signal.SIGTERM)
        with Server("--listen=127.0.0.1:0", "--drain-grace=10ms") as server:
            connection = server.connect()
            connection.request("GET", WATCH, headers={"Accept": "text/event-stream"})
            response = connection.getresponse()
            server.terminate()
            self.assertIn(b'"code":"unavailable"', response.read())
            connection.close()
            self.assertEqual(server.wait(), 0)

    def notified(self, address, name):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.settimeout(PATIENCE)
            manager.bind(address)
            with Server("--listen=127.0.0.1:0", NOTIFY_SOCKET=name, WATCHDOG_USEC="20000") as server:
                self.assertRegex(manager.recv(4096).decode(), r"^READY=1\nSTATUS=serving at http:")
                for _ in range(3):
                    self.assertEqual(manager.recv(4096), b"WATCHDOG=1")
                server.terminate()
                said = b"WATCHDOG=1"
                while said == b"WATCHDOG=1":
                    said = manager.recv(4096)
                self.assertRegex(said.decode(), r"^STOPPING=1\n(.*\n)*EXTEND_TIMEOUT_USEC=\d+$")
                self.assertEqual(server.wait(), 0)

    def test_service_manager_is_told(self):
        path = self.file("notify")
        self.notified(path, path)
        self.notified(f"\0runnel-{os.getpid()}", f"@runnel-{os.getpid()}")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
