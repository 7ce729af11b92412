"""Runs `runnel` as people and scripts do: on the server of the examples, on servers that answer what a test
wants, in pipes and on pseudo-terminals. Every option and every exit code that help tells of has to
occur: the last tests count them."""

import re
import sys
import time
import unittest

from cli_harness import examples, runnel, seen_codes, used_options
from call_cases import *  # pylint: disable=wildcard-import,unused-wildcard-import
from look_cases import *  # pylint: disable=wildcard-import,unused-wildcard-import
from stream_cases import *  # pylint: disable=wildcard-import,unused-wildcard-import


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
    try:
        program = unittest.main(argv=sys.argv[:1] + sys.argv[6:], exit=False,
                                testRunner=unittest.TextTestRunner(resultclass=Timed))
    finally:
        examples.stop()
    sys.exit(0 if program.result.wasSuccessful() else 1)
