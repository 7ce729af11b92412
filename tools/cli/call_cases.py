"""Calls of `runnel`: requests, responses, connections, exit codes."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import time
import unittest
import urllib.request

from cli_harness import (Examples, Fake, METHODS, ORDER, RUNNEL, SHOP, empty, environment, examples,
                         make_certificates, note, on_terminal, path_of, reply, runnel)

CODES = ["canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists",
         "permission_denied", "resource_exhausted", "failed_precondition", "aborted", "out_of_range",
         "unimplemented", "internal", "unavailable", "data_loss", "unauthenticated"]


class Calls(unittest.TestCase):
    def test_calls_every_method_of_the_examples(self):
        listed = {f"{line['service'].split('.')[-1]}/{line['method']}" for line in runnel("list").json()
                  if line["service"].startswith("examples.")}
        self.assertEqual(listed, set(METHODS))
        for method, words in METHODS.items():
            result = runnel("call", method, *words)
            self.assertEqual((result.code, result.err), (0, ""), method)
            self.assertTrue(result.json(), method)

    def test_calls_by_each_way(self):
        for way in ("--direct", "--channel", "--connect"):
            result = runnel("call", way, "Monitor/Watch", "interval=0.05s", "count=3")
            self.assertEqual((result.code, len(result.lines)), (0, 3), result.err)
            result = runnel("call", way, "Ingest/Upload", *METHODS["Ingest/Upload"])
            self.assertEqual(result.json()[0]["csv"]["rows"], "2")

    def test_goes_the_way_that_is_asked_for(self):
        with Fake(lambda handler, _: reply(handler, "no", 501, "text/plain")) as fake:
            for way, method, path, kind in [
                    ([], "Order", "/shop.v1.Shop/Order", "application/json"),
                    (["--channel"], "Order", "/runnel.v1.Channel/Open", "application/json"),
                    ([], "Track", "/runnel.v1.Channel/Open", "application/json"),
                    (["--direct"], "Track", "/shop.v1.Shop/Track", "application/json"),
                    (["--connect"], "Track", "/shop.v1.Shop/Track", "application/connect+json")]:
                runnel("call", fake.url, "--proto", SHOP, *way, method, "-t", "1s")
                asked, headers, _ = fake.requests[-1]
                self.assertEqual((asked, headers["content-type"]), (path, kind), way)
        self.assertEqual(runnel("call", "--direct", "--channel", *ORDER).code, 64)

    def test_calls_over_unix_sockets(self):
        folder = tempfile.mkdtemp(dir="/tmp")  # such paths are short
        server = Examples(f"unix:{folder}/http.sock")
        try:
            for address in (f"unix:{folder}/http.sock", f"unix://{folder}/http.sock"):
                for way in ("--direct", "--channel", "--connect"):
                    result = runnel("call", address, way, "Ingest/Upload", *METHODS["Ingest/Upload"])
                    self.assertEqual((result.code, result.json()[0]["csv"]["rows"]), (0, "2"), result.err)
                own = environment(RUNNEL_SERVER=address)
                self.assertIn("Snapshot", runnel("list", "Monitor", env=own).out)
                self.assertEqual(len(runnel("call", "Monitor/Watch", "interval=0.05s", "count=2",
                                            env=own).lines), 2)
            self.assertEqual(runnel("bench", address, "Chat/ListRooms", "-n", "0.1").code, 0)
        finally:
            server.stop()
            shutil.rmtree(folder)
        result = runnel("list", f"unix:{folder}/http.sock")
        self.assertEqual(result.code, 14)
        self.assertIn(f"unix:{folder}/http.sock", result.err)
        nowhere = runnel("list", "unix:")
        self.assertEqual(nowhere.code, 64)
        self.assertIn('write "unix:/run/x.sock"', nowhere.err)

    def test_takes_requests_from_json_files_and_standard_input(self):
        wanted = runnel("call", "Jobs/HashTree", "path=tree").json()[-1]["result"]["sha256"]
        path_of("request.json", '{\n  "path": "tree"\n}\n')
        for words, text in [(['{"path": "tree"}'], ""), (["@request.json"], ""),
                            (["-"], '{"path": "tree"}\n'), (["@-"], '{"path": "tree"}')]:
            result = runnel("call", "Jobs/HashTree", *words, input=text)
            self.assertEqual(result.json()[-1]["result"]["sha256"], wanted, words)

    def test_streams_json_lines_both_ways(self):
        lines = '{"join": {"room": "r", "name": "bo"}}\n{"say": {"text": "hi"}}\n'
        result = runnel("call", "Chat/Converse", input=lines)
        self.assertEqual([list(event)[1] for event in result.json()], ["welcome", "said"])

    def test_prints_responses_as_they_come(self):
        process = subprocess.Popen([RUNNEL, "call", "Monitor/Watch", "interval=0.05s"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=environment(RUNNEL_SERVER=examples.url))
        self.assertIn("time", json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGINT)  # and ends well
        process.stdout.read()
        self.assertIn(b"CANCELLED", process.stderr.read())
        self.assertEqual(process.wait(timeout=30), 1)
        process.stdout.close()
        process.stderr.close()
        note([], 1)

    def test_keeps_the_order_of_what_is_typed_and_answered(self):
        process = subprocess.Popen([RUNNEL, "call", "Chat/Converse"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, env=environment(RUNNEL_SERVER=examples.url))
        process.stdin.write(b'{"join": {"room": "typed", "name": "cy"}}\n')
        process.stdin.flush()
        self.assertIn("welcome", json.loads(process.stdout.readline()))
        process.stdin.write(b'{"say": {"text": "now"}}\n')
        process.stdin.flush()
        self.assertIn("said", json.loads(process.stdout.readline()))
        process.stdin.close()
        self.assertEqual(process.stdout.read(), b"")
        self.assertEqual(process.wait(timeout=30), 0)
        process.stdout.close()

    def test_resumes_behind_an_event(self):
        first = runnel("call", "Tail/Follow", "path=app.log", "max_lines=1").json()[0]
        rest = runnel("call", "--last-event-id", first["id"], "Tail/Follow", "path=app.log",
                      "stop_at_end=true")
        self.assertEqual([line["text"] for line in rest.json()], ["two", "three"])

    def test_ends_at_its_timeout(self):
        result = runnel("call", "--timeout=0.3", "Monitor/Watch", "interval=1h")
        self.assertEqual(result.code, 4)
        self.assertIn("--timeout TIME gives it longer", result.err)

    def test_waits_for_a_server(self):
        result = runnel("call", "--wait", "-t", "200ms", "127.0.0.1:1", *ORDER)
        self.assertEqual(result.code, 4)

    def test_shows_what_travels_beside_messages(self):
        with Fake(lambda handler, _: reply(handler, "{}", x_answer="7", trailer_x_after="8")) as fake:
            result = runnel("call", "-v", fake.url, *ORDER, "-H", "x-question: 6", "--header=y-bin:b")
            for line in ("> x-question: 6", "< x-answer: 7", "< trailer x-after: 8", "* OK: 1 request"):
                self.assertIn(line, result.err)
            self.assertEqual(fake.requests[0][1]["x-question"], "6")
            self.assertEqual(runnel("call", fake.url, *ORDER, "-H", "x").code, 64)

    def test_sends_a_token_that_is_on_no_command_line(self):
        token = path_of("token", "from-file\n")
        with Fake(empty) as fake:
            runnel("call", fake.url, "--token-file", token, *ORDER)
            runnel("call", fake.url, *ORDER, env=environment(RUNNEL_TOKEN="from-env"))
            shown = runnel("call", "--verbose", fake.url, "--token-file", token, *ORDER)
            self.assertEqual([request[1]["authorization"] for request in fake.requests],
                             ["Bearer from-file", "Bearer from-env", "Bearer from-file"])
            self.assertNotIn("from-file", shown.err)
        self.assertEqual(runnel("call", "--token-file", "/none", *ORDER).code, 64)
        self.assertIn("unencrypted", runnel("call", "--token-file", token, "-t", "0.1",
                                            "http://192.0.2.1:1", *ORDER).err)

    def test_speaks_tls_and_shows_a_certificate(self):
        make_certificates()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path_of("server.pem"), path_of("server.key"))
        context.load_verify_locations(path_of("ca.pem"))
        context.verify_mode = ssl.CERT_REQUIRED
        mine = ["--cert", path_of("client.pem"), "--key", path_of("client.key")]
        with Fake(empty, context) as fake:
            ours = ["call", fake.url, "--ca", path_of("ca.pem"), "--server-name", "shop.example"]
            self.assertEqual(runnel(*ours, *mine, *ORDER).out, "{}\n")
            without = runnel(*ours, *ORDER)
            self.assertEqual(without.code, 16)
            self.assertIn("--cert FILE --key FILE", without.err)
            wrong = runnel("call", fake.url, *mine, *ORDER)
            self.assertEqual(wrong.code, 14)
            self.assertIn("--ca FILE", wrong.err)
            plain = runnel("call", fake.url.replace("https", "http"), *ORDER)
            self.assertEqual(plain.code, 14)
            self.assertIn("try https://", plain.err)
        result = runnel("list", examples.url.replace("http", "https"))
        self.assertEqual(result.code, 14)
        self.assertIn("try http://", result.err)

    def test_says_what_to_do_where_there_is_no_server(self):
        result = runnel("list", "127.0.0.1:1")
        self.assertEqual(result.code, 14)
        self.assertIn("Nothing listens at 127.0.0.1:1", result.err)

    def test_says_what_to_do_where_a_server_does_not_tell_its_types(self):
        with Fake(lambda handler, _: reply(handler, "<html>", 404, "text/html")) as fake:
            result = runnel("list", fake.url)
            self.assertEqual(result.code, 12)
            self.assertIn("--proto FILE or --descriptors FILE", result.err)

    def test_asks_grpcs_reflection_where_there_is_nothing_else(self):
        def without_descriptors(handler, body):
            """The examples' server, as it would be without runnel.v1.Descriptors."""
            if handler.path.startswith("/runnel.v1.Descriptors/"):
                return reply(handler, '{"code": "unimplemented"}', 404)
            headers = {name: handler.headers[name] for name in ("content-type", "accept")
                       if name in handler.headers}
            request = urllib.request.Request(examples.url + handler.path, body, headers)
            with urllib.request.urlopen(request, timeout=60) as response:
                return reply(handler, response.read(), 200, response.headers["content-type"])

        with Fake(without_descriptors) as fake:
            self.assertEqual(runnel("list", fake.url).out, runnel("list").out)
            for method in ("Tail/Follow", "Ingest/Upload"):
                result = runnel("call", "--direct", fake.url, method, *METHODS[method])
                self.assertEqual((result.code, result.err), (0, ""), method)
            self.assertIn("stop_at_end", runnel("describe", fake.url, "Tail/Follow").out)

    def test_takes_types_from_files(self):
        with Fake(empty) as fake:
            path_of("own/own.proto", 'syntax = "proto3"; package own; import "part/part.proto";\n'
                    "service Own { rpc Do(part.Part) returns (part.Part); }")
            path_of("parts/part/part.proto",
                    'syntax = "proto3"; package part; message Part { string name = 1; }')
            own = ["--proto", "own/own.proto", "-I", "own", "--import", "parts"]
            self.assertEqual(runnel("call", fake.url, *own, "Do", "name=x").out, "{}\n")
            missing = runnel("list", "--proto", "own/own.proto")
            self.assertEqual(missing.code, 64)
            self.assertIn("-I", missing.err)
        path_of("bad.proto", 'syntax = "proto3";\nmessage M { string }\n')
        self.assertIn("bad.proto:2:20", runnel("list", "--proto", "bad.proto").err)
        self.assertIn("own.Own", runnel("list", *own).out)
        subprocess.run(["protoc", "--include_imports", "--descriptor_set_out=" + path_of("shop.set"),
                        "-I" + os.path.dirname(SHOP), SHOP], check=True)
        self.assertIn("Order", runnel("list", "--descriptors", "shop.set").out)
        self.assertEqual(runnel("list", "--descriptors", "a.csv").code, 64)
        self.assertEqual(runnel("list", "--descriptors", "none.set").code, 64)

    def test_refuses_what_is_wrong_before_it_is_sent(self):
        with Fake(empty) as fake:
            for words in (["nonsense"], ["custommer=x"], ['{"customer": "x"'], ["number=ten"], ["@none"]):
                self.assertEqual(runnel("call", fake.url, *ORDER, *words).code, 64, words)
            self.assertEqual(fake.requests, [])
        result = runnel("call", "Chat/Converse", input='{"join":{"room":"q","name":"n"}}\n{"sai":1}\n')
        self.assertEqual(result.code, 64)
        self.assertIn("standard input, line 2: there is no field sai; did you mean say?", result.err)

    def test_exits_with_each_status(self):
        for number, code in enumerate(CODES, 1):
            body = json.dumps({"code": code, "message": f"as told \x1b[31m"})
            with Fake(lambda handler, _: reply(handler, body, 400)) as fake:
                result = runnel("call", fake.url, *ORDER)
                self.assertEqual(result.code, number, code)
                self.assertIn("as told \\u001b[31m", result.err)

    def test_exits_when_the_output_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            self.assertEqual(runnel("list", stdout=full).code, 74)
        reading, writing = os.pipe()
        os.close(reading)
        result = runnel("call", "Monitor/Watch", "interval=0.01s", stdout=writing)
        os.close(writing)
        self.assertEqual((result.code, result.err), (141, ""))

    def test_indents_and_colors_an_answer_on_a_terminal(self):
        shown = on_terminal(["call", "Chat/ListRooms"])
        self.assertEqual(shown.out, "{}\n")
        shown = on_terminal(["call", "Monitor/Snapshot"])
        self.assertIn('{\n  \x1b[1m"time"\x1b[0m: \x1b[32m"', shown.out)
        lines = on_terminal(["call", "Monitor/Watch", "interval=0.05s", "count=2"], NO_COLOR=1).lines
        self.assertEqual(len([json.loads(line) for line in lines]), 2)

    def test_shows_how_far_a_long_upload_is(self):
        def slowly(handler, _):
            taken = b""
            while not taken.endswith(b"0\r\n\r\n"):  # the end of a chunked body
                taken = taken[-5:] + handler.rfile.read1(65536)
                time.sleep(0.02)
            messages = [(0, b"{}"), (2, b"{}")]
            body = b"".join(bytes([flags]) + struct.pack(">I", len(json)) + json for flags, json in messages)
            reply(handler, body.decode(), 200, "application/connect+json")

        path_of("big", "x" * 4_000_000)
        with Fake(slowly, unread=True) as fake:
            # What the system would take of it at once says nothing.
            fake.server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
            shown = on_terminal(["call", fake.url, "--direct", "--proto", SHOP, "Deliver", "name=big", ",",
                                 "content=@big"], columns=60, NO_COLOR=1)
        self.assertEqual(shown.code, 0, shown.out[-500:])
        self.assertRegex(shown.out, r"\r\x1b\[K\[[█░]+\] +\d+ % [\d.]+ MB of 4.0 MB")
        self.assertEqual(shown.out.split("\x1b[K")[-1], "{}\n")
