"""What `runnel` tells of servers and of itself: list, describe, help, completion."""

import os
import re
import subprocess
import unittest

from cli_harness import (MANUAL, METHODS, README, environment, examples, on_terminal, runnel)


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

    def test_takes_the_width_from_the_environment_where_there_is_no_terminal(self):
        for columns in (45, 100):
            own = environment(RUNNEL_SERVER=examples.url, COLUMNS=columns)
            table = runnel("list", "-o", "table", env=own)
            self.assertLessEqual(max(map(len, table.lines)), columns)
            self.assertGreater(max(map(len, table.lines)), columns - 30)

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
        self.assertEqual(complete("runnel call Ingest/Upload h"), ["header."])
        self.assertEqual(complete("runnel call Ingest/Upload header.na"), ["header.name="])
        self.assertEqual(complete("runnel call Ingest/Upload none.na"), [])
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
