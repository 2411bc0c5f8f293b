"""Options, help and exit codes of the program, and that the manual agrees with --help."""

import pathlib
import re
import subprocess
import sys
import unittest

import harness
from harness import GEODE, SRCDIR, geode

COMMANDS = ["serve", "shell", "query", "ping", "import"]
USAGE = 2


def table(command):
    """Names of the options in the table of a command."""
    text = (SRCDIR / "tools" / "geode" / f"options_{command}.def").read_text(encoding="utf-8")
    return re.findall(r'^OPTION\("([a-z-]+)"', text, re.M)


class Cli(unittest.TestCase):
    def usage_error(self, *args, says=""):
        done = geode(*args, timeout=10)
        self.assertEqual(done.returncode, USAGE, (args, done.stderr))
        self.assertEqual(done.stdout, "", args)
        self.assertIn(says, done.stderr)
        self.assertIn("--help", done.stderr, args)

    def test_version(self):
        for args in [["--version"]] + [[c, "--version"] for c in COMMANDS]:
            done = geode(*args)
            self.assertEqual(done.returncode, 0, (args, done.stderr))
            self.assertRegex(done.stdout, r"^geode.* \d+\.\d+\.\d+\n")

    def test_help(self):
        done = geode("--help")
        self.assertEqual(done.returncode, 0)
        for command in COMMANDS:
            self.assertRegex(done.stdout, rf"(?m)^\s+{command}\b")
            done_one = geode(command, "--help")
            self.assertEqual((done_one.returncode, done_one.stderr), (0, ""))
            self.assertTrue(table(command), command)
            for name in table(command):
                self.assertRegex(done_one.stdout, rf"--{name}\b", command)

    def test_manual_has_each_option(self):
        for command in COMMANDS:
            template, = (SRCDIR / "man").glob(f"geode-{command}.*.in")
            page = subprocess.run([sys.executable, SRCDIR / "scripts" / "man-page", template, "0"],
                                  capture_output=True, text=True, check=True).stdout
            for name in table(command):
                self.assertIn("Fl \\-" + name.replace("-", r"\-"), page, command)

    def test_no_command(self):
        self.usage_error()

    def test_unknown_command(self):
        self.usage_error("serv", says="serv")

    def test_unknown_option(self):
        for command in COMMANDS:
            self.usage_error(command, "--no-such-option", says="no-such-option")

    def test_missing_value(self):
        self.usage_error("serve", "--listen", says="listen")

    def test_serve_values(self):
        for option, value in [("--log-level", "loud"), ("--max-connections", "0"),
                              ("--max-connections", "many"), ("--threads", "-1"),
                              ("--listen", "127.0.0.1:99999"), ("--memory-limit", "12Q"),
                              ("--cert", "only.pem")]:
            self.usage_error("serve", option, value)
        self.usage_error("serve", "left", "over", says="left")

    def test_query_needs_a_statement(self):
        self.usage_error("query")

    def test_import_needs_files(self):
        self.usage_error("import")
        self.usage_error("import", "--nodes", "Person", says="Person")

    def test_full_disk_of_output(self):
        if not pathlib.Path("/dev/full").exists():
            self.skipTest("no /dev/full")
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([GEODE, "--help"], stdout=full, stderr=subprocess.PIPE, text=True,
                                  timeout=10, check=False)
        self.assertNotEqual(done.returncode, 0, "a help text that could not be written is a failure")


if __name__ == "__main__":
    harness.main()
