"""Statements that wait for another transaction, and transactions that lie idle."""

import re
import signal
import threading
import unittest

import harness
from harness import Server, Shell, geode, start


def until_waiting(server, n):
    """Until so many statements wait."""
    server.wait_metric("geode_statements_waiting", n)


class Waiting(unittest.TestCase):
    def holder(self, server):
        """A session that has changed the node :K and is still in its transaction."""
        server.query("INSERT (:K {v: 0})")
        shell = Shell(server)
        self.addCleanup(shell.__exit__)
        shell.send("BEGIN; MATCH (n:K) SET n.v = 1; MATCH (n:K) RETURN 7000 + n.v AS x;")
        shell.read_until("7001")
        return shell

    def finish(self, process):
        out, err = process.communicate(timeout=harness.COMMAND_S)
        return process.returncode, out, err

    def test_for_a_commit_and_for_a_roll_back(self):
        for end, value in (("COMMIT;", 11), ("ROLLBACK;", 10)):
            with Server("--threads", "2") as server:
                shell = self.holder(server)
                other = start(server, "MATCH (n:K) SET n.v = n.v + 10 RETURN n.v AS v")
                until_waiting(server, 1)
                shell.send(end)
                self.assertEqual(self.finish(other)[::2], (0, ""))
                self.assertEqual(server.number("MATCH (n:K) RETURN n.v AS v"), value)
                until_waiting(server, 0)

    def test_an_explicit_transaction_is_told_when_the_other_one_has_ended(self):
        for end, value in (("COMMIT;", 1), ("ROLLBACK;", 0)):
            with Server("--conflict-wait", "600000", "--threads", "2") as server:
                shell = self.holder(server)
                with Shell(server) as other:
                    other.send("BEGIN; MATCH (n:K) SET n.v = 5;")
                    until_waiting(server, 1)
                    shell.send(end)
                    other.read_until("40001")
                    # It sees what it lost to, and wins.
                    other.send("ROLLBACK; BEGIN; MATCH (n:K) SET n.v = n.v + 10;")
                    other.send("COMMIT; MATCH (n:K) RETURN 8000 + n.v AS x;")
                    other.read_until(str(8010 + value))

    def test_an_explicit_transaction_is_told_at_the_limit(self):
        for limit in ("0", "200"):
            with Server("--conflict-wait", limit) as server:
                shell = self.holder(server)
                with Shell(server) as other:
                    other.send("BEGIN; MATCH (n:K) SET n.v = 5;")
                    other.read_until("40001")
                    other.send("MATCH (n:K) RETURN n.v AS x;")
                    other.read_until("25P02|25N01|only ROLLBACK")
                    other.send("ROLLBACK; RETURN 8000 + 1 AS x;")
                    other.read_until("8001")
                shell.send("COMMIT;")
                until_waiting(server, 0)

    def test_two_that_lose_to_each_other(self):
        """Who lost has given up all it wrote before it waits, so the other one goes on."""
        with Server("--conflict-wait", "600000", "--threads", "2") as server:
            server.query("INSERT (:A {v: 0}), (:B {v: 0})")
            with Shell(server) as one, Shell(server) as two:
                one.send("BEGIN; MATCH (n:A) SET n.v = 1; RETURN 7000 + 1 AS x;")
                one.read_until("7001")
                two.send("BEGIN; MATCH (n:B) SET n.v = 2; RETURN 7000 + 2 AS x;")
                two.read_until("7002")
                one.send("MATCH (n:B) SET n.v = 1;")
                until_waiting(server, 1)
                two.send("MATCH (n:A) SET n.v = 2; COMMIT; RETURN 7000 + 3 AS x;")
                two.read_until("7003")
                one.read_until("40001")
                one.send("ROLLBACK; MATCH (a:A), (b:B) RETURN 8000 + 10 * a.v + b.v AS x;")
                one.read_until("8022")

    def test_a_constraint_waits_for_who_wrote_before(self):
        for end in ("COMMIT;", "ROLLBACK;"):
            with Server("--threads", "2") as server:
                shell = self.holder(server)
                made = start(server, "CREATE CONSTRAINT k FOR (n:K) REQUIRE n.v IS UNIQUE")
                until_waiting(server, 1)
                shell.send(end)
                self.assertEqual(self.finish(made)[::2], (0, ""))
                done = geode("query", "--server", server.address,
                             "MATCH (n:K) INSERT (:K {v: n.v})")
                self.assertIn("23505", done.stderr)

    def test_a_constraint_that_waits_too_long(self):
        with Server("--query-timeout", "300") as server:
            self.holder(server)
            made = start(server, "CREATE CONSTRAINT k FOR (n:K) REQUIRE n.v IS UNIQUE")
            code, _, error = self.finish(made)
            self.assertEqual(code, 1)
            self.assertIn("57014", error)
            gone = start(server, "CREATE CONSTRAINT k FOR (n:K) REQUIRE n.v IS UNIQUE",
                         "--timeout", "100")
            self.finish(gone)
            until_waiting(server, 0)

    def test_many_at_one_element(self):
        failed = []

        def add(server):
            done = geode("shell", "--server", server.address,
                         stdin="MATCH (n:K) SET n.v = n.v + 1;\n" * 25)
            failed.append((done.returncode, done.stderr))

        with Server("--threads", "2") as server:
            server.query("INSERT (:K {v: 0})")
            threads = [threading.Thread(target=add, args=(server,)) for _ in range(8)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            self.assertEqual(set(failed), {(0, "")})
            self.assertEqual(server.number("MATCH (n:K) RETURN n.v AS v"), 200)

    def test_until_the_time_limit(self):
        with Server("--query-timeout", "200") as server:
            self.holder(server)
            code, _, error = self.finish(start(server, "MATCH (n:K) SET n.v = 2"))
            self.assertEqual(code, 1)
            self.assertIn("40001", error)
            self.assertIn("time limit", error)
            until_waiting(server, 0)

    def test_a_client_that_goes_away(self):
        with Server() as server:
            shell = self.holder(server)
            other = start(server, "MATCH (n:K) SET n.v = 2", "--timeout", "1000")
            until_waiting(server, 1)
            self.assertNotEqual(self.finish(other)[0], 0)
            until_waiting(server, 0)
            shell.send("COMMIT; MATCH (n:K) RETURN 8000 + n.v AS x;")
            shell.read_until("8001")

    def test_a_plan_of_before(self):
        """The catalog moves while a statement waits: it is planned again."""
        with Server("--threads", "2") as server:
            shell = self.holder(server)
            other = start(server, "MATCH (n:K) SET n.v = n.v + 10")
            until_waiting(server, 1)
            server.query("CREATE GRAPH another")
            server.query("CREATE INDEX k FOR (n:K) ON (n.v)")
            shell.send("COMMIT;")
            self.assertEqual(self.finish(other)[::2], (0, ""))
            self.assertEqual(server.number("MATCH (n:K {v: 11}) RETURN count(*) AS n"), 1)

    def test_stop(self):
        """Those that wait are told as well, whatever they wait for."""
        with Server("--threads", "2", "--conflict-wait", "600000") as server:
            self.holder(server)
            others = [start(server, "MATCH (n:K) SET n.v = 2") for _ in range(3)]
            others.append(start(server, "CREATE CONSTRAINT k FOR (n:K) REQUIRE n.v IS UNIQUE"))
            with Shell(server) as told:
                told.send("BEGIN; MATCH (n:K) SET n.v = 5;")
                until_waiting(server, 5)
                self.assertEqual(server.stop(signal.SIGTERM, timeout=15), 0, server.log())
                told.read_until("40001")
            for other in others:
                self.assertIn("57P01", self.finish(other)[2])


class Idle(unittest.TestCase):
    def test_a_transaction_is_rolled_back(self):
        with Server("--idle-transaction", "300") as server:
            server.query("INSERT (:K {v: 0})")
            with Shell(server) as shell:
                shell.send("BEGIN; MATCH (n:K) SET n.v = 1;")
                shell.send("MATCH (n:K) RETURN 7000 + n.v AS x;")
                shell.read_until("7001")
                # It waits for the idle one, which has no other end than being given up.
                server.query("MATCH (n:K) SET n.v = n.v + 10")
                shell.send("MATCH (n:K) SET n.v = 2;")
                shell.read_until("25N02")
                shell.send("MATCH (n:K) RETURN 9000 + n.v AS x;")
                shell.read_until("9010")


class Long(unittest.TestCase):
    """Statements that take many slices."""

    # 3,000 to the fifth power rows: it has no end but being stopped.
    ENDLESS = ("MATCH (a:N), (b:N), (c:N), (d:N), (e:N) WHERE a.x + b.x + c.x + d.x + e.x < 0 "
               "RETURN count(*) AS n")

    def server(self, *options):
        server = Server(*options)
        self.addCleanup(server.close)
        server.query("UNWIND range(1, 3000) AS i INSERT (:N {x: i})")
        return server

    def test_others_are_answered(self):
        server = self.server("--threads", "1", "--workers", "1")
        long = [start(server, self.ENDLESS) for _ in range(3)]
        for _ in range(20):
            self.assertEqual(server.number("MATCH (n:N {x: 7}) RETURN count(*) AS n"), 1)
        self.assertEqual([p.poll() for p in long], [None] * 3)
        self.assertEqual(server.stop(timeout=15), 0, server.log())
        for p in long:
            self.assertNotEqual(p.wait(harness.COMMAND_S), 0)
            p.communicate()

    def test_time_limit_and_clients_that_go_away(self):
        server = self.server("--threads", "1", "--workers", "1", "--query-timeout", "300")
        done = geode("query", "--server", server.address, self.ENDLESS)
        self.assertIn("57014", done.stderr)
        gone = start(server, self.ENDLESS, "--timeout", "100")
        gone.communicate(timeout=harness.COMMAND_S)
        self.assertEqual(server.number("MATCH (n:N {x: 7}) RETURN count(*) AS n"), 1)

    @staticmethod
    def held(server):
        """Bytes that the server has allocated, which sanitizers do not change."""
        text = server.http("/metrics")[1]
        return sum(int(n) for n in re.findall(r"^geode_memory_bytes\{.*\} (\d+)$", text, re.M))

    def reader(self, server, text):
        """A client that has read the first line of a long result."""
        reader = start(server, text, "--format", "csv")
        self.addCleanup(reader.communicate)
        self.addCleanup(reader.kill)
        reader.stdout.readline()
        return reader

    # 9 and 1 million rows, of which a client takes what fits into a pipe.
    MANY = "MATCH (a:N), (b:N) RETURN a.x AS a, b.x AS b"
    UNWOUND = "UNWIND range(1, 1000000) AS x RETURN x"

    def test_a_client_that_stops_reading(self):
        for text in (self.MANY, self.UNWOUND):
            server = self.server("--threads", "1", "--workers", "1", "--stop-timeout", "300")
            before = self.held(server)
            self.reader(server, text)
            for _ in range(50):
                self.assertEqual(server.number("MATCH (n:N {x: 7}) RETURN count(*) AS n"), 1)
            self.assertGreater(before, 0)
            self.assertLess(self.held(server) - before, 64 << 20)
            self.assertEqual(server.stop(timeout=15), 0, server.log())

    def test_a_client_that_reads_on(self):
        """It stops while others work, and then takes every row."""
        server = self.server("--threads", "1", "--workers", "1")
        reader = self.reader(server, self.UNWOUND)
        for k in range(20):
            self.assertEqual(server.number("MATCH (n:N {x: 7}) RETURN count(*) AS n"), 1)
            for i in range(1000):
                self.assertEqual(reader.stdout.readline(), f"{1000 * k + i + 1}\n")
        out = reader.stdout.read()
        self.assertEqual((reader.wait(harness.COMMAND_S), reader.stderr.read()), (0, ""))
        self.assertEqual(out.count("\n"), 980000)
        self.assertTrue(out.endswith("\n1000000\n"))

    def test_a_client_that_is_gone(self):
        """Without a word: what it had asked for is let go of after --idle-timeout."""
        server = self.server("--threads", "1", "--workers", "1", "--idle-timeout", "1000")
        before = self.held(server)
        for text in (self.MANY, self.UNWOUND, self.ENDLESS):
            gone = start(server, text, "--format", "csv")
            self.addCleanup(gone.communicate)
            if text != self.ENDLESS:
                gone.stdout.readline()
            else:
                server.wait_metric("geode_sessions", 1)
            gone.kill()
            server.wait_metric("geode_sessions", 0)
        self.assertLess(self.held(server) - before, 8 << 20)
        self.assertEqual(server.stop(timeout=15), 0, server.log())

    def test_many_rows_and_a_long_write(self):
        server = self.server()
        rows = geode("query", "--server", server.address, "--format", "csv",
                     "MATCH (a:N), (b:N) WHERE a.x <= 100 RETURN a.x AS a, b.x AS b").stdout
        self.assertEqual(rows.count("\n"), 300001)
        server.query("UNWIND range(1, 200000) AS i INSERT (:M {x: i})")
        self.assertEqual(server.number("MATCH (n:M) RETURN sum(n.x) AS n"), 20000100000)
        self.assertIn("Scan", server.query("PROFILE MATCH (n:M) RETURN sum(n.x) AS n"))


if __name__ == "__main__":
    harness.main()
