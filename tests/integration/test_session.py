"""What a session keeps, and what it says, when a statement does not go the usual way."""

import unittest

import harness
from harness import Server, Shell, start


ENDLESS = ("RETURN reduce(s = 0, x IN range(1, 10000000) | "
           "s + reduce(t = 0, y IN range(1, 10000000) | t + y)) AS n")


class Transaction(unittest.TestCase):
    def test_profile_inside(self):
        with Server() as server:
            with Shell(server) as shell:
                shell.send("BEGIN; PROFILE INSERT (:P {v: 1});")
                shell.send("MATCH (n:P) RETURN 7000 + count(*) AS x;")
                self.assertIn("Insert", shell.read_until("7001"))
                shell.send("PROFILE MATCH (n:P) RETURN n.v AS v; INSERT (:P {v: 2});")
                shell.send("COMMIT; RETURN 8000 + 1 AS x;")
                self.assertIn("NodeScan", shell.read_until("8001"))
            self.assertEqual(server.number("MATCH (n:P) RETURN sum(n.v) AS n"), 3)

    def test_profile_of_a_write_rolled_back(self):
        with Server() as server:
            with Shell(server) as shell:
                shell.send("BEGIN; PROFILE INSERT (:P {v: 1}); ROLLBACK; RETURN 8000 + 1 AS x;")
                self.assertIn("Insert", shell.read_until("8001"))
            self.assertEqual(server.number("MATCH (n:P) RETURN count(*) AS n"), 0)

    def test_a_commit_that_fails(self):
        """Only the commit can find out that the graph is gone."""
        with Server() as server:
            server.query("CREATE GRAPH g")
            with Shell(server) as shell:
                shell.send("USE g; BEGIN; INSERT (:Q {v: 1}); RETURN 7000 + 1 AS x;")
                shell.read_until("7001")
                server.query("DROP GRAPH g")
                server.query("CREATE GRAPH g")
                shell.send("COMMIT;")
                shell.read_until("40001")
                shell.send("USE g; INSERT (:Q {v: 2}); MATCH (n:Q) RETURN 8000 + n.v AS x;")
                shell.read_until("8002")


class LongExpression(unittest.TestCase):
    """One expression that takes longer than a slice of an I/O thread."""

    SUM = "reduce(s = 0, x IN range(1, 3000000) | s + x)"

    def test_others_are_served(self):
        """One I/O thread: it answers although the other statement would never end."""
        with Server("--threads", "1") as server:
            endless = start(server, ENDLESS)
            self.addCleanup(endless.communicate)
            self.addCleanup(endless.kill)
            with Shell(server) as shell:
                for i in range(20):
                    shell.send(f"RETURN {7000 + i} + 0 AS x;")
                    shell.read_until(str(7000 + i))
            self.assertIsNone(endless.poll())

    def test_writes_once(self):
        with Server() as server:
            server.query(f"INSERT (:P {{v: 1}}) INSERT (:P {{v: {self.SUM}}})")
            with Shell(server) as shell:
                shell.send("BEGIN; INSERT (:P {v: 2});")
                shell.send(f"INSERT (:P {{v: 3}}) INSERT (:P {{v: {self.SUM}}});")
                shell.send("COMMIT; MATCH (n:P) RETURN 7000 + count(*) AS x;")
                shell.read_until("7005")

    def test_time_limit(self):
        with Server("--query-timeout", "300") as server:
            done = harness.geode("query", "--server", server.address, ENDLESS)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("57014", done.stderr)


class AutoCommit(unittest.TestCase):
    def test_a_unique_value_given_twice(self):
        """The second row of a statement loses: the first is undone with it."""
        with Server() as server:
            server.query("CREATE CONSTRAINT u FOR (n:U) REQUIRE n.k IS UNIQUE")
            with Shell(server) as shell:
                shell.send("UNWIND [1, 2, 1] AS k INSERT (:U {k: k});")
                shell.read_until("23505")
                shell.send("MATCH (n:U) RETURN 7000 + count(*) AS x;")
                shell.read_until("7000")
                shell.send("INSERT (:U {k: 1}); MATCH (n:U) RETURN 8000 + count(*) AS x;")
                shell.read_until("8001")

    def test_a_write_whose_rows_are_half_read(self):
        """Its rows leave when it holds: a reader that goes away after the first changes nothing."""
        with Server("--threads", "1") as server:
            reader = start(server, "UNWIND range(1, 200000) AS i INSERT (n:M {x: i}) RETURN i AS x",
                           "--format", "csv")
            self.addCleanup(reader.communicate)
            self.addCleanup(reader.kill)
            self.assertEqual(reader.stdout.readline(), "x\n")
            self.assertEqual(reader.stdout.readline(), "1\n")
            self.assertEqual(server.number("MATCH (n:M) RETURN count(*) AS n"), 200000)
            reader.kill()
            reader.wait()
            self.assertEqual(server.number("MATCH (n:M) RETURN sum(n.x) AS n"), 20000100000)


if __name__ == "__main__":
    harness.main()
