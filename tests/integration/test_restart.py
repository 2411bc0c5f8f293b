"""What was acknowledged is there after a stop and after a kill; a damaged log is refused."""

import pathlib
import shutil
import unittest

import harness
from harness import Server


class Restart(unittest.TestCase):
    def test_kill(self):
        with Server() as server:
            for i in range(20):
                server.query(f"CREATE (n:Row {{v: {i}}})")
            server.query("MATCH (n:Row) WHERE n.v >= 15 DELETE n")
            server.query("MATCH (n:Row {v: 3}) SET n.v = 33")
            server.kill()
            for _ in range(2):
                with Server(data_dir=server.data_dir) as again:
                    self.assertEqual(again.number("MATCH (n:Row) RETURN count(n) AS n"), 15)
                    self.assertEqual(again.number("MATCH (n:Row {v: 33}) RETURN count(n) AS n"), 1)
                    again.kill()

    def test_stop_and_start_with_index(self):
        with Server() as server:
            server.query("CREATE INDEX row_v ON Row(v)")
            server.query("CREATE (n:Row {v: 1})")
            self.assertEqual(server.stop(timeout=15), 0, server.log())
            with Server(data_dir=server.data_dir) as again:
                self.assertEqual(again.number("MATCH (n:Row {v: 1}) RETURN count(n) AS n"), 1)
                plan = again.query("EXPLAIN MATCH (n:Row {v: 1}) RETURN n.v")
                self.assertIn("row_v", plan)

    def test_copy_of_a_live_directory(self):
        with Server() as server:
            for i in range(5):
                server.query(f"CREATE (n:Row {{v: {i}}})")
            copy = pathlib.Path(server.scratch) / "copy"
            shutil.copytree(server.data_dir, copy)
            with Server(data_dir=copy) as other:
                self.assertEqual(other.number("MATCH (n:Row) RETURN count(n) AS n"), 5)

    def test_torn_tail(self):
        with Server() as server:
            for i in range(5):
                server.query(f"CREATE (n:Row {{v: {i}}})")
            server.kill()
            with open(self.newest_log(server.data_dir), "ab") as log:
                log.write(b"\x07torn")
            with Server(data_dir=server.data_dir) as again:
                self.assertGreaterEqual(again.number("MATCH (n:Row) RETURN count(n) AS n"), 5)

    @staticmethod
    def newest_log(data_dir):
        logs = sorted(p for p in data_dir.rglob("*") if p.is_file() and "wal" in str(p.relative_to(data_dir)))
        return logs[-1]


if __name__ == "__main__":
    harness.main()
