#!/usr/bin/env python3
"""Every flag of the examples' servers, given to real ones.

Usage: server_flags_test.py CERTIFICATES SERVER...
The flags that all have are tried on the first server; all of them have to know the same.
"""

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
import unittest

sys.dont_write_bytecode = True  # its folder is a source tree
from server_process import (PATIENCE, PROGRAMS, SERVERS, Server, issued_certificates, run, until,
                            used_flags)

COMMON = {"listen", "allow-plaintext", "tls-cert", "tls-key", "tls-client-ca", "auth",
          "allow-origin", "console", "drain-delay", "drain-grace", "metrics", "log", "log-file",
          "log-spans", "debug", "principals"}
OWN = {"all": {"root", "upstreams"}, "tail": {"root"}, "jobs": {"root"}, "overview": {"upstreams"},
       "completions": {"key", "pause", "break-after"}, "messages": {"key", "pause", "break-after"}}
SNAPSHOT = "/examples.monitor.v1.Monitor/Snapshot"
WATCH = "/examples.monitor.v1.Monitor/Watch"


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
        for name, program in PROGRAMS.items():
            code, text = run("--help", program=program)
            self.assertEqual(code, 0, program)
            flags = set(re.findall(r"(?m)^  --([a-z-]+)(?:=|$)", text))
            self.assertEqual(flags, COMMON | OWN.get(name, set()), program)
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
                (["--tls-client-ca=c.pem"], "--tls-client-ca"), (["--metrics=9090"], "metrics"),
                (["--metrics", "9090"], '"9090"'), (["--log=xml"], "not xml"),
                (["--log", "loud"], "not loud"), (["--log-file=x"], "--log"),
                (["--log-spans"], "--log"), (["--principals"], "--log"),
                (["--log", "--log-file=/nowhere/log"], "/nowhere/log"),
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
        with issued_certificates() as (ca, certificate, key, client, client_key):
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

    def test_metrics(self):
        with Server("--listen=127.0.0.1:0") as server:
            self.assertEqual(server.get("/metrics")[0], 404)
        with Server("--listen=127.0.0.1:0", "--metrics") as server:
            self.assertEqual(server.get(SNAPSHOT)[0], 200)
            counted = ('grpc_server_handled_total{grpc_type="unary",grpc_service='
                       '"examples.monitor.v1.Monitor",grpc_method="Snapshot",grpc_code="OK"} 1\n')
            self.assertIn(counted, server.get("/metrics")[1])

    def test_debug(self):
        with Server("--listen=127.0.0.1:0") as server:
            self.assertEqual(server.post("/runnel.v1.Debug/GetServer", {})[0], 404)
        with Server("--listen=127.0.0.1:0", "--debug") as server:
            state = json.loads(server.post("/runnel.v1.Debug/GetServer", {})[1])
            self.assertEqual(state["calls"], "1")

    def test_log(self):
        for words in (["--log"], ["--log=text"], ["--log", "text"], ["--log=json"], ["--log", "json"]):
            with Server("--listen=127.0.0.1:0", *words) as server:
                server.get(SNAPSHOT)
                server.terminate()
                self.assertEqual(server.wait(), 0)
                [line] = server.process.stderr.read().splitlines()
            if "json" in words[-1]:
                said = json.loads(line)
            else:
                said = dict(field.split("=", 1) for field in line.split(" "))
            self.assertEqual((said["event"], said["method"], said["code"]), ("call", SNAPSHOT, "ok"))
        with Server("--listen=127.0.0.1:0", "--log=off") as server:
            server.get(SNAPSHOT)
            server.terminate()
            self.assertEqual((server.wait(), server.process.stderr.read()), (0, ""))

    def test_log_file_and_spans(self):
        log = self.file("log", "before\n")
        with Server("--listen=127.0.0.1:0", "--log=json", f"--log-file={log}", "--log-spans") as server:
            trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            server.get(SNAPSHOT, traceparent=trace)
            server.terminate()
            self.assertEqual((server.wait(), server.process.stderr.read()), (0, ""))
        with open(log, encoding="utf-8") as text:
            before, *lines = text.read().splitlines()
        self.assertEqual(before, "before")  # it is appended to
        call, span = sorted(map(json.loads, lines), key=lambda line: line["event"])
        self.assertEqual((call["event"], span["event"]), ("call", "span"))
        self.assertIn(span["trace_id"], trace)
        self.assertIn(span["parent_id"], trace)

    def test_principals(self):
        tokens = self.file("tokens", "charles plain:s3cret\n")
        bearer = {"Authorization": "Bearer s3cret"}
        for wanted in ([], ["--principals"]):
            with Server("--listen=127.0.0.1:0", f"--auth={tokens}", "--metrics", "--log", "--debug",
                        *wanted) as server:
                calls = server.post("/runnel.v1.Debug/ListCalls", {}, **bearer)[1]
                metrics = server.get("/metrics", **bearer)[1]
                server.terminate()
                self.assertEqual(server.wait(), 0)
                for told in (calls, metrics, server.process.stderr.read()):
                    self.assertEqual("charles" in told, bool(wanted), told)

    def test_root(self):
        self.file("inside.txt", "a line\n")
        for name, path, file, more in (
                ("tail", "examples.tail.v1.Tail/Follow", "inside.txt", {"stopAtEnd": True}),
                ("jobs", "examples.jobs.v1.Jobs/HashTree", ".", {})):
            for program in (name, "all"):
                with Server("--listen=127.0.0.1:0", f"--root={self.folder.name}",
                            program=PROGRAMS[program]) as server:
                    self.assertTrue(server.stream("/" + path, {"path": file, **more}))
                    status, body, _ = server.post("/" + path, {"path": "../../etc", **more},
                                                  "text/event-stream")
                    self.assertIn(status, (400, 403, 404), body)
            code, text = run("--root=/nowhere/at/all", program=PROGRAMS[name])
            self.assertEqual(code, 1)
            self.assertIn("/nowhere/at/all", text)

    OVERVIEW = "/examples.overview.v1.Overview/Watch"

    def test_upstreams(self):
        with Server("--listen=127.0.0.1:0") as watched:
            for name in ("overview", "all"):
                with Server("--listen=127.0.0.1:0", f"--upstreams={watched.url}",
                            program=PROGRAMS[name]) as server:
                    events = server.stream(self.OVERVIEW, {"samples": 1, "interval": "0.02s"})
                    self.assertEqual({event["server"] for event in events}, {watched.url})
                    self.assertIn("sample", events[0])
                    status, body, _ = server.post(self.OVERVIEW, {"servers": ["http://127.0.0.1:1"]},
                                                  "text/event-stream")
                    self.assertEqual(status, 403, body)

    def test_a_guarded_server_watches_itself(self):
        tokens = self.file("tokens", "charles plain:s3cret\n")
        with Server("--listen=127.0.0.1:0", f"--auth={tokens}", program=PROGRAMS["all"]) as server:
            self.assertEqual(server.post(self.OVERVIEW, {}, "text/event-stream")[0], 401)
            events = server.stream(self.OVERVIEW, {"samples": 1, "interval": "0.02s"},
                                   Authorization="Bearer s3cret")
            self.assertEqual(events[0]["server"], server.url)
            self.assertIn("sample", events[0])
        with issued_certificates() as (ca, certificate, key, *_):
            with Server("--listen=127.0.0.1:0", f"--tls-cert={certificate}", f"--tls-key={key}",
                        program=PROGRAMS["all"]) as server:
                events = server.stream(self.OVERVIEW, {"samples": 1, "interval": "0.02s"},
                                       context=ssl.create_default_context(cafile=ca))
                self.assertIn("sample", events[0])

    def test_answers(self):
        for name, path, header in (
                ("completions", "/v1/chat/completions", ("Authorization", "Bearer s3cret")),
                ("messages", "/v1/messages", ("X-Api-Key", "s3cret"))):
            ask = {"model": "markov-alice", "max_tokens": 6, "stream": True,
                   "messages": [{"role": "user", "content": "Who are you?"}]}
            with Server("--listen=127.0.0.1:0", "--key=s3cret", "--pause=1ms", "--break-after=3",
                        program=PROGRAMS[name]) as server:
                self.assertEqual(server.post(path, ask)[0], 401)
                broken = server.stream(path, ask, **dict([header]))[-1]
                self.assertEqual(broken["error"]["message"], "this server breaks streams after 3 words")
            tokens = self.file("tokens", "charles plain:s3cret\n")
            code, text = run("--key=x", f"--auth={tokens}", program=PROGRAMS[name])
            self.assertEqual(code, 1)
            self.assertIn("--key and --auth", text)

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

    def test_zz_every_flag_was_given_to_a_server(self):
        monitor = {flag for name, flag in used_flags if name == "monitor"}
        self.assertEqual(COMMON - monitor, set())
        for name, flags in OWN.items():
            self.assertEqual(flags - {flag for one, flag in used_flags if one == name}, set(), name)

    def test_service_manager_is_told(self):
        path = self.file("notify")
        self.notified(path, path)
        self.notified(f"\0runnel-{os.getpid()}", f"@runnel-{os.getpid()}")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
