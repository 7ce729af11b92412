"""Runs `runnel` as people and scripts do: on the server of the examples, on servers that answer what a test
wants, in pipes and on pseudo-terminals. Every option and every exit code that help tells of has to
occur: the last tests count them."""

import fcntl
import http.server
import json
import os
import pty
import re
import select
import signal
import ssl
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

RUNNEL, SERVER, SHOP, README, MANUAL = (os.path.abspath(path) for path in sys.argv[1:6])
WORK = tempfile.mkdtemp(prefix="runnel-cli.", dir=os.environ.get("TEST_TMPDIR"))
CODES = ["canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists",
         "permission_denied", "resource_exhausted", "failed_precondition", "aborted", "out_of_range",
         "unimplemented", "internal", "unavailable", "data_loss", "unauthenticated"]
METHODS = {  # of the examples: how a newcomer calls each
    "Monitor/Snapshot": [],
    "Monitor/Watch": ["interval=0.05s", "count=2"],
    "Tail/Follow": ["path=app.log", "stop_at_end=true"],
    "Ingest/Upload": ["header.name=a.csv", "header.format=csv", ",", "chunk=@a.csv"],
    "Chat/Converse": ["join.room=lobby", "join.name=ada", ",", "say.text=Hello"],
    "Chat/ListRooms": [],
    "Jobs/HashTree": ["path=tree"],
    "Overview/Watch": ["interval=0.05s", "samples=1"],
}

used_options = set()
seen_codes = set()


def path_of(name, text=None):
    path = os.path.join(WORK, name)
    if text is not None:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
    return path


def environment(**more):
    env = {"PATH": os.path.dirname(RUNNEL) + ":/usr/bin:/bin", "TERM": "xterm", "LC_ALL": "C.UTF-8",
           "HOME": WORK}
    env.update({key: str(value) for key, value in more.items()})
    return env


def note(arguments, code):
    """Remembers which options a run had, by their long names."""
    letters = {"H": "header", "t": "timeout", "v": "verbose", "I": "import", "o": "output", "d": "data",
               "r": "rate", "c": "concurrency", "h": "help"}
    if arguments:
        letters["n"] = "duration" if arguments[0] == "bench" else "count"
    for argument in arguments:
        if re.match(r"--[a-z]", argument):
            used_options.add(argument[2:].split("=")[0])
        elif re.match(r"-[A-Za-z]$", argument):
            used_options.add(letters.get(argument[1], argument[1]))
    seen_codes.add(code)


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err
        self.lines = out.splitlines()

    def json(self):
        return [json.loads(line) for line in self.lines]


def runnel(*arguments, input="", env=None, stdout=subprocess.PIPE):
    process = subprocess.run([RUNNEL, *arguments], input=input, stdout=stdout, stderr=subprocess.PIPE,
                             text=True, env=env or environment(RUNNEL_SERVER=examples.url), cwd=WORK,
                             timeout=60)
    note(arguments, process.returncode)
    return Result(process.returncode, process.stdout or "", process.stderr)


def on_terminal(command, columns=80, typed=None, **more):
    """What a command shows on a terminal of its own: a list of arguments, or a line for bash."""
    if isinstance(command, str):
        arguments = ["/bin/bash", "-c", command]
    else:
        arguments = [RUNNEL, *command]
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(WORK)
        os.execve(arguments[0], arguments, environment(RUNNEL_SERVER=examples.url, **more))
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    if typed:
        os.write(fd, typed)
    shown = b""
    while True:
        ready, _, _ = select.select([fd], [], [], 60)
        if not ready:
            os.kill(pid, signal.SIGKILL)
            raise AssertionError(f"{arguments} does not end; it has shown {shown!r}")
        try:
            piece = os.read(fd, 65536)
        except OSError:
            piece = b""
        if not piece:
            break
        shown += piece
    os.close(fd)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if not isinstance(command, str):
        note(command, code)
    return Result(code, shown.decode().replace("\r\n", "\n"), "")


class Examples:
    """The server of all examples, with some files to read."""

    def __init__(self):
        path_of("root/app.log", "one\ntwo\nthree\n")
        path_of("root/tree/file", "content")
        path_of("a.csv", "name,size\na,1\nb,2\n")
        self.process = subprocess.Popen(
            [SERVER, "--listen=127.0.0.1:0", "--root=" + path_of("root")], stdout=subprocess.PIPE,
            text=True)
        self.url = re.search(r"http\S+", self.process.stdout.readline()).group()

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Fake:
    """A server that does as `answer(handler, body)` says; `requests` are (path, headers, body)."""

    def __init__(self, answer, context=None):
        fake = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                fake.requests.append((self.path, self.headers, body))
                answer(self, body)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # clients that go away

        self.server = Server(("127.0.0.1", 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()
        scheme = "https" if context else "http"
        self.url = f"{scheme}://localhost:{self.server.server_address[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def reply(handler, body, status=200, kind="application/json", **headers):
    data = body.encode()
    handler.send_response(status)
    handler.send_header("content-type", kind)
    handler.send_header("content-length", str(len(data)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(data)


def empty(handler, _):
    reply(handler, "{}")


ORDER = ["--proto", SHOP, "Order"]


class ListAndDescribe(unittest.TestCase):
    def test_lists_each_method_as_json_in_a_pipe(self):
        methods = {f"{line['service'].split('.')[-1]}/{line['method']}" for line in runnel("list").json()}
        self.assertGreaterEqual(methods, set(METHODS))

    def test_lists_one_service_at_an_address(self):
        result = runnel("list", examples.url, "Chat", "-o", "json")
        self.assertEqual([line["kind"] for line in result.json()], ["bidi stream", "unary"])

    def test_shows_a_table_on_a_terminal_that_fits(self):
        for columns in (40, 80, 120):
            table = on_terminal(["list"], columns, NO_COLOR=1)
            self.assertIn("\nexamples.chat.v1.Chat\n", "\n" + table.out)
            self.assertLessEqual(max(map(len, table.lines)), columns)

    def test_colors_terminals_only_and_only_where_nobody_objects(self):
        self.assertIn("\x1b[", on_terminal(["list"]).out)
        self.assertNotIn("\x1b[", on_terminal(["list"], NO_COLOR=1).out)
        self.assertNotIn("\x1b[", on_terminal(["list"], TERM="dumb").out)
        self.assertNotIn("\x1b[", runnel("list", "--output", "table").out)

    def test_describes_every_method_with_its_comments_and_a_call(self):
        for method in METHODS:
            result = runnel("describe", method)
            self.assertEqual(result.code, 0, result.err)
            self.assertIn("\nrpc " + method.split("/")[1] + "(", result.out)
            self.assertRegex(result.out, r"(?m)^// \w")
            self.assertIn("# runnel call " + method, result.out)
            self.assertNotIn("json_name", result.out)

    def test_describes_services_messages_and_enums(self):
        self.assertIn("service Chat {", runnel("describe", "Chat").out)
        self.assertIn("// Without its line end.", runnel("describe", "examples.tail.v1.Line").out)
        self.assertIn("FORMAT_CSV = 2;", runnel("describe", "Format").out)
        everything = runnel("describe")
        self.assertIn("service Monitor {", everything.out)
        self.assertIn("service Tail {", everything.out)

    def test_says_what_was_perhaps_meant(self):
        for words, hint in [(["describe", "Moniter"], "did you mean"),
                            (["list", "Chatt"], "did you mean"),
                            (["call", "Monitor/Wacth"], "did you mean Watch?"),
                            (["call", "Monitor"], "call Monitor/Snapshot"),
                            (["call", "Watch"], "examples.monitor.v1.Monitor.Watch or"),
                            (["call"], "wants a method")]:
            result = runnel(*words)
            self.assertEqual(result.code, 64, words)
            self.assertIn(hint, result.err)


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
        with Fake(slowly) as fake:
            shown = on_terminal(["call", fake.url, "--direct", "--proto", SHOP, "Deliver", "name=big", ",",
                                 "content=@big"], columns=60, NO_COLOR=1)
        self.assertEqual(shown.code, 0, shown.out[-500:])
        self.assertRegex(shown.out, r"\r\x1b\[K\[[█░]+\] +\d+ % [\d.]+ MB of 4.0 MB")
        self.assertEqual(shown.out.split("\x1b[K")[-1], "{}\n")


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
                        "0.5").json()[0]
        self.assertGreater(result["messages"], result["latencyMs"]["count"])
        self.assertLess(result["firstMessageMs"]["p50"], result["latencyMs"]["p50"])

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


class Help(unittest.TestCase):
    def test_help_fits_a_screen_and_leads_on(self):
        for words in ([], ["--help"], ["help"], ["call", "--help"], ["watch", "-h"], ["help", "requests"]):
            result = runnel(*words)
            self.assertEqual(result.code, 0)
            self.assertLessEqual(len(result.lines), 24, words)
        self.assertIn("runnel call Monitor/Watch", runnel().out)
        self.assertRegex(runnel("--version").out, r"^runnel \d+\.\d+\.\d+\n$")

    def test_completes_commands_options_methods_and_fields(self):
        def complete(line):
            script = (f'source <(runnel completion bash); COMP_LINE="{line}"; COMP_POINT=${{#COMP_LINE}}; '
                      '_runnel 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"')
            process = subprocess.run(["/bin/bash", "-c", script], stdout=subprocess.PIPE, text=True,
                                     env=environment(RUNNEL_SERVER=examples.url))
            return process.stdout.split()

        self.assertEqual(complete("runnel l"), ["list"])
        self.assertEqual(complete("runnel call --tim"), ["--timeout"])
        self.assertEqual(complete("runnel call Chat/"), ["Chat/Converse", "Chat/ListRooms"])
        self.assertEqual(complete("runnel call -v Monitor/Watch "), ["count=", "interval="])
        self.assertEqual(complete("runnel completion "), ["bash", "zsh"])
        self.assertIn("requests", complete("runnel help "))
        self.assertEqual(complete("runnel call 127.0.0.1:1 Mo"), [])
        self.assertIn("#compdef runnel", runnel("completion", "zsh").out)
        self.assertEqual(runnel("completion", "fish").code, 64)

    def test_the_manual_page_says_what_help_says(self):
        man = subprocess.run(["/bin/cat", MANUAL], stdout=subprocess.PIPE, text=True).stdout
        plain = man.replace("\\-", "-").replace("\\e", "\\").replace("\\&", "")
        for option in re.findall(r"--[a-z-]+", runnel("help", "options").out):
            self.assertIn(option, plain)
        for page in ("requests", "exit-codes", "environment"):
            for line in runnel("help", page).lines[1:]:
                self.assertIn(line, plain)

    def test_the_tour_of_the_readme(self):
        with open(README) as file:
            tour = re.search(r"```console\n(.*?)```", file.read(), re.S).group(1)
        commands = re.split(r"(?m)^\$ ", tour)[1:]
        self.assertGreater(len(commands), 5)
        code = 0
        for command in commands:
            line, _, wanted = command.partition("\n")
            shown = on_terminal(f"(exit {code}); {line}", NO_COLOR=1)
            code = shown.code
            pattern = ".*".join(map(re.escape, wanted.split("…")))
            self.assertRegex(shown.out.split("\x1b[K")[-1], f"(?s)^{pattern}$", line)


class ZEverythingDocumented(unittest.TestCase):
    """Last: the names of classes decide."""

    def test_every_option_was_used(self):
        documented = set()
        for page in ("options", "call", "watch", "bench", "list", "describe"):
            documented |= set(re.findall(r"--([a-z-]+)", runnel("help", page).out))
        documented -= {"include", "descriptor"}  # protoc's
        self.assertEqual({name for name in documented if name not in used_options
                          and not name.startswith(("include_", "descriptor_"))}, set())

    def test_every_exit_code_was_seen(self):
        text = runnel("help", "exit-codes").out
        documented = {int(code) for code in re.findall(r"(?:^|\s)(\d+)  \S", text)}
        self.assertGreaterEqual(len(documented), 20)
        self.assertEqual(documented - seen_codes, set())


def make_certificates():
    """An authority, and certificates of shop.example and of a client by it."""
    def openssl(*words):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", *words],
                       check=True, stderr=subprocess.DEVNULL, cwd=WORK)

    openssl("-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
    for name, host in (("server", "shop.example"), ("client", "me.example")):
        openssl("-subj", "/CN=" + host, "-addext", "subjectAltName=DNS:" + host, "-addext",
                "basicConstraints=critical,CA:FALSE", "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout",
                name + ".key", "-out", name + ".pem")


class Timed(unittest.TextTestResult):
    """Says how long what took that took long."""

    def startTest(self, test):
        self.started = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        took = time.monotonic() - self.started
        if took > 1:
            print(f"{test.id()}: {took:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    examples = Examples()
    try:
        program = unittest.main(argv=sys.argv[:1] + sys.argv[6:], exit=False,
                                testRunner=unittest.TextTestRunner(resultclass=Timed))
    finally:
        examples.stop()
    sys.exit(0 if program.result.wasSuccessful() else 1)
