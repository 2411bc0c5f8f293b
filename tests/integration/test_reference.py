"""Expansions of two to four hops against brute force over the same edges: matches use different edges.

GEODE_REFERENCE_DATA names a folder with users.csv, friends.csv and params.txt, as make_graph writes
them; without it a small graph is made.
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

import harness
from harness import Server, geode

BUILDDIR = pathlib.Path(os.environ.get("GEODE_BUILDDIR", harness.SRCDIR / "build"))
NODES, EDGES, STARTS, HOPS = 300, 2500, 12, 4

# Both dialects write an expansion the same way; the counts are what differs least.
TEXTS = {
    "ends": "MATCH (s:User {{id: {start}}}){hops}-->(n:User) RETURN count(DISTINCT n) AS x",
    "matches": "MATCH (s:User {{id: {start}}}){hops}-->(n:User) RETURN count(*) AS x",
    "rows": "MATCH (s:User {{id: {start}}}){hops}-->(n:User) RETURN n.id AS id",
    "distinct rows": "MATCH (s:User {{id: {start}}}){hops}-->(n:User) RETURN DISTINCT n.id AS id",
    "walked": "MATCH (s:User {{id: {start}}})-[:FRIEND]->{{{k},{k}}}(n:User) RETURN count(*) AS x",
    "walked ends": "MATCH (s:User {{id: {start}}})-[*{k}]->(n:User) RETURN count(DISTINCT n) AS x",
}


class Reference(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="geode-reference-")
        self.addCleanup(self.scratch.cleanup)
        self.data = pathlib.Path(os.environ.get("GEODE_REFERENCE_DATA", self.scratch.name))
        if "GEODE_REFERENCE_DATA" not in os.environ:
            self.run_tool("make_graph", self.data, NODES, EDGES)

    def run_tool(self, name, *args):
        tool = BUILDDIR / "tests" / "bench" / name
        return subprocess.run([tool, *map(str, args)], capture_output=True, text=True,
                              timeout=harness.COMMAND_S, check=True).stdout

    def expected(self):
        starts = [line.split()[0] for line in
                  (self.data / "params.txt").read_text().splitlines()[:STARTS]]
        for line in self.run_tool("reference", self.data / "friends.csv", HOPS, *starts).splitlines():
            start, *counts = map(int, line.split())
            for k in range(2, HOPS + 1):
                yield start, k, counts[2 * (k - 2)], counts[2 * (k - 2) + 1]

    def test_hops(self):
        directory = os.path.join(self.scratch.name, "data")
        loaded = geode("import", "--into", directory, "--nodes", f"User={self.data / 'users.csv'}",
                       "--edges", f"FRIEND={self.data / 'friends.csv'}")
        self.assertEqual(loaded.returncode, 0, loaded.stderr)
        with Server(data_dir=directory) as server:
            server.query("CREATE INDEX user_id ON User(id)")
            for start, k, ends, matches in self.expected():
                for name in TEXTS:
                    text = TEXTS[name].format(start=start, k=k, hops="-->()" * (k - 1))
                    wanted = ends if "ends" in name or "distinct" in name else matches
                    if "rows" in name:
                        out = geode("query", "--server", server.address, "--format", "csv", text)
                        self.assertEqual(out.returncode, 0, out.stderr)
                        found = len(out.stdout.splitlines()) - 1
                    else:
                        found = server.number(text)
                    self.assertEqual(found, wanted, text)


if __name__ == "__main__":
    harness.main()
