"""What the tests with real processes share: the program under test, a server, a closing line.

The environment says what is tested: GEODE (the program) and GEODE_SRCDIR (the source tree). Without
them, a build in build/ beside this tree is tried.
"""

import atexit
import itertools
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
SRCDIR = pathlib.Path(os.environ.get("GEODE_SRCDIR", HERE.parent.parent)).resolve()
GEODE = os.environ.get("GEODE", str(SRCDIR / "build" / "geode"))
SAMPLE = SRCDIR / "share" / "geode" / "sample"

# The client remembers the certificates of servers by port. What it saw behind a port in another run
# makes it connect twice, and is the user's anyway.
STATE = tempfile.mkdtemp(prefix="geode-test-state-")
atexit.register(shutil.rmtree, STATE, ignore_errors=True)
os.environ["XDG_STATE_HOME"] = STATE

START_S = 30  # until the server is ready; sanitizers are slow
STOP_S = 5  # of an idle server, by contract
COMMAND_S = 60
FIRST_PORT, PORTS, PORTS_OF_ONE_PROCESS = 10240, 20480, 16


def geode(*args, stdin="", timeout=COMMAND_S, env=None):
    """Runs the program to its end: CompletedProcess with texts."""
    return subprocess.run([GEODE, *map(str, args)], input=stdin, capture_output=True, text=True,
                          timeout=timeout, env={**os.environ, **(env or {})}, check=False)


def is_free(port, kind):
    with socket.socket(socket.AF_INET, kind) as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(given=itertools.count()):
    """A port of 127.0.0.1 that is free for UDP and TCP, as tests/support/port.h says it."""
    for _ in range(PORTS):
        port = FIRST_PORT + (os.getpid() * PORTS_OF_ONE_PROCESS + next(given)) % PORTS
        if is_free(port, socket.SOCK_DGRAM) and is_free(port, socket.SOCK_STREAM):
            return port
    raise RuntimeError("no free port")


class Server:
    """A `geode serve` of its own directory; a context manager that leaves nothing behind."""

    def __init__(self, *args, data_dir=None, port=None, wait=True, env=None):
        self.scratch = tempfile.mkdtemp(prefix="geode-test-")
        self.data_dir = pathlib.Path(data_dir or os.path.join(self.scratch, "data"))
        self.port = port or free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.log_path = os.path.join(self.scratch, "log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [GEODE, "serve", "--listen", self.address, "--data-dir", str(self.data_dir),
                 *map(str, args)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})})
        if wait:
            try:
                self.wait_ready()
            except BaseException:
                self.close()
                raise

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def wait_ready(self):
        deadline = time.monotonic() + START_S
        while "Server ready" not in self.log():
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.log()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"not ready after {START_S} s:\n{self.log()}")
            time.sleep(0.02)

    def wait_end(self, timeout=STOP_S):
        return self.process.wait(timeout)

    def stop(self, with_signal=signal.SIGTERM, timeout=STOP_S):
        self.process.send_signal(with_signal)
        return self.wait_end(timeout)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def query(self, text, **kwargs):
        """Standard output of a statement that must succeed."""
        done = geode("query", "--server", self.address, text, **kwargs)
        if done.returncode != 0:
            raise AssertionError(f"{text!r} ended with {done.returncode}: {done.stderr}\n{self.log()}")
        return done.stdout

    def number(self, text):
        """The only number in the answer of a statement with one row and one column."""
        out = self.query(text)
        numbers = re.findall(r"(?<![\w.])-?\d+(?![\w.])", "\n".join(out.splitlines()[1:]))
        if not numbers:
            raise AssertionError(f"no number in {out!r}")
        return int(numbers[0])

    def http(self, path):
        """(status, body) of the TCP side."""
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()

    def wait_metric(self, name, value):
        """Until the server counts so many."""
        deadline = time.monotonic() + COMMAND_S
        while f"\n{name} {value}\n" not in self.http("/metrics")[1]:
            if time.monotonic() > deadline:
                raise AssertionError(f"{name} is not {value}:\n{self.http('/metrics')[1]}")

    def close(self):
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


class Shell:
    """A session that stays open; a context manager."""

    def __init__(self, server):
        self.process = subprocess.Popen([GEODE, "shell", "--server", server.address],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)

    def send(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def read_until(self, pattern):
        seen = ""
        while not re.search(pattern, seen):
            line = self.process.stdout.readline()
            if line == "":
                raise AssertionError(f"the shell ended: {seen}")
            seen += line
        return seen

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.communicate()


def start(server, text, *options):
    return subprocess.Popen([GEODE, "query", "--server", server.address, *options, text],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def import_sample(*target):
    """Imports the sample graph; target is --server ADDRESS or --into DIR."""
    args = []
    for label, file in [("Person", "people"), ("City", "cities"), ("Company", "companies")]:
        args += ["--nodes", f"{label}={SAMPLE / file}.csv"]
    for kind in ("KNOWS", "LIVES_IN", "WORKS_AT"):
        args += ["--edges", f"{kind}={SAMPLE / kind.lower()}.csv"]
    return geode("import", *args, *target)


def main():
    """Runs the tests of the calling file; the last line counts them, as scripts/count-tests reads."""
    if not os.access(GEODE, os.X_OK):
        print(f"skipped: there is no program at {GEODE}; build it or set GEODE")
        sys.exit(77)
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    r = program.result
    # A test with several failed subtests failed once.
    bad = len({getattr(test, "test_case", test).id() for test, _ in r.failures + r.errors})
    sys.stderr.flush()
    print(f"{r.testsRun - bad - len(r.skipped)} passed, {bad} failed, {len(r.skipped)} skipped")
    sys.exit(1 if bad or r.testsRun == 0 else 0)
