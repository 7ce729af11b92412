"""What the tests of `runnel` share: running it as people and scripts do, in pipes and on
pseudo-terminals, the server of the examples, and servers that answer what a test wants."""

import fcntl
import http.server
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading

RUNNEL, SERVER, SHOP, README, MANUAL = (os.path.abspath(path) for path in sys.argv[1:6])
WORK = tempfile.mkdtemp(prefix="runnel-cli.", dir=os.environ.get("TEST_TMPDIR"))
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
    """Remembers which options a run had that was not a mistake, by their long names."""
    letters = {"H": "header", "t": "timeout", "v": "verbose", "I": "import", "o": "output", "d": "data",
               "r": "rate", "c": "concurrency", "h": "help"}
    if arguments:
        letters["n"] = "duration" if arguments[0] == "bench" else "count"
    seen_codes.add(code)
    for argument in arguments if code != 64 else []:
        if re.match(r"--[a-z]", argument):
            used_options.add(argument[2:].split("=")[0])
        elif re.match(r"-[A-Za-z]$", argument):
            used_options.add(letters.get(argument[1], argument[1]))


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

    def __init__(self, listen="127.0.0.1:0"):
        path_of("root/app.log", "one\ntwo\nthree\n")
        path_of("root/tree/file", "content")
        path_of("a.csv", "name,size\na,1\nb,2\n")
        self.process = subprocess.Popen(
            [SERVER, "--listen=" + listen, "--root=" + path_of("root")], stdout=subprocess.PIPE,
            text=True)
        self.url = re.search(r"(http|unix):\S+", self.process.stdout.readline()).group()

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Fake:
    """A server that does as `answer(handler, body)` says; `requests` are (path, headers, body).
    With `unread`, chunked bodies are for `answer` to read."""

    def __init__(self, answer, context=None, unread=False):
        fake = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                if self.headers.get("transfer-encoding") == "chunked" and not unread:
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size + 2)[:-2]
                    self.rfile.readline()
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
    data = body if isinstance(body, bytes) else body.encode()
    handler.send_response(status)
    handler.send_header("content-type", kind)
    handler.send_header("content-length", str(len(data)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(data)


def empty(handler, _):
    reply(handler, "{}")


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


ORDER = ["--proto", SHOP, "Order"]
examples = Examples()
