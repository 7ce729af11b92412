"""The processes of one run: a server, what may be in front of it, and a client."""

import collections
import json
import os
import re
import signal
import subprocess
import tempfile
import threading

# Longer than any sound run takes by itself, on a machine that is busy.
GRACE_SECONDS = 30

# The programs of a peer.
Programs = collections.namedtuple("Programs", "server client")


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

    def __init__(self, program, arguments, before_exec):
        self._before_exec = before_exec
        self._stderr = tempfile.TemporaryFile(mode="w+")
        self._process = subprocess.Popen(
            [program] + arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._stderr, text=True, preexec_fn=before_exec)
        self.pid = self._process.pid

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

    def run_client(self, program, arguments, patience):
        """Runs a client on the same cores, and returns the object that it prints."""
        try:
            client = subprocess.run([program] + arguments, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                    preexec_fn=self._before_exec,
                                    timeout=patience)
        except subprocess.TimeoutExpired:
            self.check_alive()
            raise Failed("the client did not end within %d s" % patience)
        if client.returncode != 0:
            self.check_alive()
            raise Failed("the client %s: %s" %
                         (how_it_ended(client.returncode), tail(client.stderr)))
        return json.loads(client.stdout)

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


class Certificate:
    """A certificate for 127.0.0.1, which is its own authority, for the length of a `with`."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="runnel-bench-")
        self.file = os.path.join(self._folder.name, "certificate.pem")
        self.key = os.path.join(self._folder.name, "key.pem")
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.key, "-out", self.file],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if made.returncode != 0:
            raise Failed("openssl %s: %s" % (how_it_ended(made.returncode), tail(made.stdout)))
        return self

    def __exit__(self, *_):
        self._folder.cleanup()
