"""Start, health, signals and log of a real server process."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import harness
from harness import Server, free_port, geode, start


class Start(unittest.TestCase):
    def test_log(self):
        with Server() as server:
            self.assertEqual(server.stop(), 0, server.log())
            lines = server.log().splitlines()
            listening = next(i for i, s in enumerate(lines) if f"Listening on {server.address}" in s)
            ready = next(i for i, s in enumerate(lines) if "Server ready" in s)
            self.assertLess(listening, ready)
            for line in lines:
                self.assertRegex(line, r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}", server.log())

    def test_health(self):
        with Server() as server:
            self.assertEqual(server.http("/live")[0], 200)
            self.assertEqual(server.http("/ready")[0], 200)
            self.assertEqual(server.http("/no/such/page")[0], 404)

    def test_tcp_connect_and_close(self):
        with Server() as server:
            for _ in range(20):
                socket.create_connection(("127.0.0.1", server.port), 5).close()
            if shutil.which("nc"):
                subprocess.run(["nc", "-z", "127.0.0.1", str(server.port)], check=True, timeout=10)
            self.assertEqual(geode("ping", "--server", server.address).returncode, 0)

    def test_one_process_of_that_name(self):
        with Server() as server:
            pid = server.process.pid
            with open(f"/proc/{pid}/comm", encoding="ascii") as f:
                self.assertEqual(f.read(), "geode\n")
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
                self.assertEqual(f.read(), "", "the server must have no child process")
            if shutil.which("pidof"):
                out = subprocess.run(["pidof", "geode"], capture_output=True, text=True, check=True)
                self.assertIn(str(pid), out.stdout.split())

    def test_address_in_use(self):
        with Server() as first:
            with Server(port=first.port, wait=False) as second:
                self.assertEqual(second.wait_end(harness.START_S), 1, second.log())
                self.assertIn(first.address, second.log())
            self.assertEqual(geode("ping", "--server", first.address).returncode, 0)

    def test_directory_in_use(self):
        with Server() as first:
            with Server(data_dir=first.data_dir, wait=False) as second:
                self.assertNotEqual(second.wait_end(harness.START_S), 0)
                self.assertIn(str(first.data_dir), second.log())
            self.assertEqual(geode("ping", "--server", first.address).returncode, 0)

    def test_directory_cannot_be_made(self):
        with Server(data_dir="/proc/no/such/place", wait=False) as server:
            self.assertNotEqual(server.wait_end(harness.START_S), 0)
            self.assertIn("/proc/no/such/place", server.log())

    def test_ping_fails_fast_without_server(self):
        began = time.monotonic()
        done = geode("ping", "--server", f"127.0.0.1:{free_port()}", timeout=30)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertLess(time.monotonic() - began, 10)
        self.assertNotEqual(done.stderr, "")

    def test_graphs_outlive_the_server(self):
        def query(server, text, *options):
            done = geode("query", "--server", server.address, "--format", "csv", *options, text)
            return done.returncode, done.stdout.split(), done.stderr

        with Server() as server:
            self.assertEqual(query(server, "CREATE GRAPH a")[0], 0)
            self.assertEqual(query(server, "INSERT (:A {x: 1})", "--graph", "a")[0], 0)
            self.assertEqual(query(server, "INSERT (:A {x: 2})", "--graph", "made")[0], 0)
            code, _, error = query(server, "USE a MATCH (n) RETURN n.x", "--graph", "made")
            self.assertEqual(code, 1)
            self.assertIn("42000", error)
            self.assertEqual(query(server, "CREATE GRAPH b")[0], 0)
            self.assertEqual(query(server, "DROP GRAPH b")[0], 0)
            self.assertEqual(server.stop(), 0, server.log())
            with Server(data_dir=server.data_dir) as again:
                self.assertEqual(query(again, "CALL system.graphs() YIELD name, nodes")[1],
                                 ["name,nodes", "default,0", "a,1", "made,1"])
                self.assertEqual(query(again, "USE made MATCH (n) RETURN n.x")[1], ["n.x", "2"])
                code, _, error = query(again, "USE mad MATCH (n) RETURN n")
                self.assertEqual(code, 1)
                self.assertIn("did you mean 'made'?", error)

    def test_many_make_the_same_graphs(self):
        """No session is told of another one's change that is on its way: it waits for it."""
        text = "".join(f"CREATE GRAPH IF NOT EXISTS g{k % 3}; DROP GRAPH IF EXISTS g{k % 3};\n"
                       f"CREATE OR REPLACE GRAPH h{k % 3};\n" for k in range(30))
        done = []

        def change(address):
            done.append(geode("shell", "--server", address, stdin=text))
            done.append(geode("query", "--server", address, "--graph", "made", "INSERT (:A)"))

        with Server("--threads", "2") as server:
            threads = [threading.Thread(target=change, args=(server.address,)) for _ in range(6)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            self.assertEqual({(d.returncode, d.stderr) for d in done}, {(0, "")})
            rows = geode("query", "--server", server.address, "--format", "csv",
                         "CALL system.graphs() YIELD name, nodes").stdout.split()
            self.assertEqual(sorted(rows),
                             ["default,0", "h0,0", "h1,0", "h2,0", "made,6", "name,nodes"])

    def test_a_session_whose_graph_is_dropped(self):
        with Server() as server:
            done = geode("shell", "--server", server.address, stdin=(
                "CREATE GRAPH g; USE g; INSERT (:A); DROP GRAPH g;\n"
                "MATCH (n) RETURN n;\nSESSION RESET; MATCH (n) RETURN count(*) AS c;\n"))
            self.assertIn("the session's graph was dropped", done.stderr)
            self.assertIn("0", done.stdout)

    def test_log_level(self):
        # The level counts from the first line on, so the start is silent too.
        with Server("--log-level", "error", wait=False) as server:
            deadline = time.monotonic() + harness.START_S
            while geode("ping", "--server", server.address).returncode != 0:
                self.assertLess(time.monotonic(), deadline, server.log())
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.log(), "")


class Stop(unittest.TestCase):
    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Server() as server:
                self.assertEqual(server.stop(number), 0, server.log())

    def test_open_transaction_is_rolled_back(self):
        with Server() as server:
            server.query("CREATE (n:Kept {v: 1})")
            shell = subprocess.Popen([harness.GEODE, "shell", "--server", server.address],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            try:
                shell.stdin.write("BEGIN TRANSACTION;\nCREATE (n:Kept {v: 2});\n"
                                  "MATCH (n:Kept) RETURN count(n) AS mine;\n")
                shell.stdin.flush()
                seen = ""
                while not re.search(r"\b2\b", seen):
                    line = shell.stdout.readline()
                    self.assertNotEqual(line, "", f"the shell ended: {seen}")
                    seen += line
                self.assertEqual(server.number("MATCH (n:Kept) RETURN count(n) AS n"), 1)
                self.assertEqual(server.stop(timeout=15), 0, server.log())
            finally:
                shell.kill()
                shell.communicate()
            with Server(data_dir=server.data_dir) as again:
                self.assertEqual(again.number("MATCH (n:Kept) RETURN count(n) AS n"), 1)

    # 3,000 to the fifth power rows: it has no end but being stopped.
    ENDLESS = ("MATCH (a:N), (b:N), (c:N), (d:N), (e:N) WHERE a.x + b.x + c.x + d.x + e.x < 0 "
               "RETURN count(*) AS n")

    def test_a_running_statement_is_told(self):
        """Always: the close of the connection does not overtake the answer."""
        with Server("--threads", "2", "--workers", "2") as first:
            first.query("UNWIND range(1, 3000) AS i INSERT (:N {x: i})")
            self.assertEqual(first.stop(timeout=15), 0, first.log())
            for _ in range(50):
                with Server("--threads", "2", "--workers", "2", "--no-snapshot",
                            data_dir=first.data_dir) as server:
                    clients = [start(server, self.ENDLESS) for _ in range(3)]
                    server.wait_metric("geode_statements_total", 3)
                    self.assertEqual(server.stop(timeout=15), 0, server.log())
                    for client in clients:
                        self.assertIn("57P01", client.communicate(timeout=harness.COMMAND_S)[1])

    def test_a_commit_on_its_way_is_answered(self):
        """What is there after the stop is what was acknowledged, to the last one."""
        lines = "".join(f"INSERT (n:C {{v: {10000 + i}}}) RETURN n.v AS v;\n" for i in range(5000))
        with Server("--threads", "2") as server:
            shells = []
            for k in range(4):
                shell = subprocess.Popen([harness.GEODE, "shell", "--server", server.address],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True)
                self.addCleanup(shell.kill)
                shells.append(shell)
            done = []
            threads = [threading.Thread(target=lambda s=s: done.append(s.communicate(lines)[0]))
                       for s in shells]
            for t in threads:
                t.start()
            deadline = time.monotonic() + harness.COMMAND_S
            while server.number("MATCH (n:C) RETURN count(*) AS n") < 100:
                self.assertLess(time.monotonic(), deadline)
            self.assertEqual(server.stop(timeout=15), 0, server.log())
            for t in threads:
                t.join()
            told = sum(len(re.findall(r"\b1\d{4}\b", text)) for text in done)
            for text in done:
                self.assertRegex(text, "57P01|08000")
            with Server(data_dir=server.data_dir) as again:
                self.assertEqual(again.number("MATCH (n:C) RETURN count(*) AS n"), told)

    def test_a_client_that_never_reads(self):
        """It takes no byte any more; the server waits for it as long as it was told to."""
        with Server("--threads", "1", "--stop-timeout", "300") as server:
            server.query("UNWIND range(1, 3000) AS i INSERT (:N {x: i})")
            client = start(server, "MATCH (a:N), (b:N) RETURN a.x AS a, b.x AS b",
                           "--format", "csv")
            self.addCleanup(client.communicate)
            self.addCleanup(client.kill)
            client.stdout.readline()
            client.send_signal(signal.SIGSTOP)
            self.assertEqual(server.stop(timeout=15), 0, server.log())

    def test_raised_again_while_stopping(self):
        with Server() as server:
            server.process.send_signal(signal.SIGTERM)
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait_end(), 0, server.log())


class Certificates(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="geode-cert-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.cert, self.key = os.path.join(self.dir, "cert.pem"), os.path.join(self.dir, "key.pem")

    def test_given(self):
        if not shutil.which("openssl"):
            self.skipTest("openssl is not installed")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:4096", "-keyout", self.key, "-out",
                        self.cert, "-days", "365", "-nodes", "-subj", "/CN=localhost"],
                       check=True, capture_output=True)
        with Server("--cert", self.cert, "--key", self.key) as server:
            self.assertEqual(geode("ping", "--server", server.address).returncode, 0, server.log())

    def test_missing_file(self):
        with Server("--cert", self.cert, "--key", self.key, wait=False) as server:
            self.assertNotEqual(server.wait_end(harness.START_S), 0)
            self.assertIn(self.cert, server.log())

    def test_not_a_certificate(self):
        for path in (self.cert, self.key):
            with open(path, "w", encoding="ascii") as f:
                f.write("no PEM\n")
        with Server("--cert", self.cert, "--key", self.key, wait=False) as server:
            self.assertNotEqual(server.wait_end(harness.START_S), 0)
            self.assertIn(self.cert, server.log())

    def test_own_is_kept(self):
        """The certificate of the first start is that of the second, and only its owner reads the key."""
        with Server() as server:
            server.stop()
            found = self.keys(server)
            self.assertTrue(found, "no key beside the data directory")
            for path in found:
                self.assertEqual(os.stat(path).st_mode & 0o077, 0, path)
            before = [pathlib.Path(p).read_bytes() for p in found]
            with Server(data_dir=server.data_dir) as again:
                again.stop()
            self.assertEqual(before, [pathlib.Path(p).read_bytes() for p in found])

    @staticmethod
    def keys(server):
        found = []
        for folder, _, files in os.walk(server.data_dir.parent):
            for name in files:
                path = os.path.join(folder, name)
                with open(path, "rb") as f:
                    if b"PRIVATE KEY-----" in f.read(65536):
                        found.append(path)
        return found


class Views(unittest.TestCase):
    def test_an_old_view_is_given_up(self):
        with Server("--max-view-age", "50") as server:
            server.query("UNWIND range(1, 3000) AS i INSERT (:N {x: i})")
            done = geode("query", "--server", server.address,
                         "MATCH (a:N), (b:N), (c:N) WHERE a.x + b.x + c.x < 0 RETURN count(*) AS n",
                         timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("40N02", done.stderr)
            server.query("RETURN 1 AS x")
            self.assertIn("geode_views_given_up_total 1", server.http("/metrics")[1])


if __name__ == "__main__":
    harness.main()
