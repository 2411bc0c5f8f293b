"""The sample graph and bad files, into a running server and into a new directory."""

import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import harness
from harness import SAMPLE, SRCDIR, Server, geode, import_sample

COUNTS = [
    ("MATCH (n) RETURN count(n) AS n", 1640),
    ("MATCH (n:Person) RETURN count(n) AS n", 1500),
    ("MATCH (n:City) RETURN count(n) AS n", 40),
    ("MATCH (n:Company) RETURN count(n) AS n", 100),
    ("MATCH (a)-[r:KNOWS]->(b) RETURN count(r) AS n", 5200),
    ("MATCH (a:Person)-[r:LIVES_IN]->(b:City) RETURN count(r) AS n", 1500),
    ("MATCH (a:Person)-[r:WORKS_AT]->(b:Company) RETURN count(r) AS n", 1267),
    ("MATCH (p:Person) WHERE p.age > 60 RETURN count(p) AS n", None),
]


class Import(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="geode-import-")
        self.addCleanup(shutil.rmtree, self.dir)

    def file(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write(text)
        return path

    def check_counts(self, server):
        for text, expected in COUNTS:
            if expected is not None:
                self.assertEqual(server.number(text), expected, text)
        with open(SAMPLE / "people.csv", encoding="utf-8") as f:
            old = sum(int(line.split(",")[2]) > 60 for line in list(f)[1:])
        self.assertEqual(server.number(COUNTS[-1][0]), old)

    def test_sample_is_what_the_script_makes(self):
        subprocess.run([sys.executable, SRCDIR / "scripts" / "make-sample", self.dir], check=True)
        names = [f for f in os.listdir(SAMPLE) if f.endswith(".csv")]
        self.assertEqual(filecmp.cmpfiles(self.dir, SAMPLE, names, shallow=False), (names, [], []))

    def test_online(self):
        with Server() as server:
            done = import_sample("--server", server.address)
            self.assertEqual(done.returncode, 0, done.stderr + server.log())
            self.check_counts(server)
            self.assertEqual(server.stop(timeout=15), 0, server.log())
            with Server(data_dir=server.data_dir) as again:
                self.check_counts(again)

    def test_offline(self):
        into = os.path.join(self.dir, "data")
        done = import_sample("--into", into)
        self.assertEqual(done.returncode, 0, done.stderr)
        with Server(data_dir=into) as server:
            self.check_counts(server)

    def test_offline_into_a_graph_of_its_own(self):
        into = os.path.join(self.dir, "data")
        done = import_sample("--into", into, "--graph", "social")
        self.assertEqual(done.returncode, 0, done.stderr)
        with Server(data_dir=into) as server:
            self.assertEqual(server.number("MATCH (n) RETURN count(*) AS n"), 0)
            self.assertNotEqual(server.number("USE social MATCH (n) RETURN count(*) AS n"), 0)

    def test_offline_refuses_what_is_there(self):
        into = os.path.join(self.dir, "data")
        self.assertEqual(import_sample("--into", into).returncode, 0)
        done = import_sample("--into", into)
        self.assertEqual(done.returncode, 1)
        self.assertIn(into, done.stderr)

    def test_values(self):
        nodes = self.file("n.csv", 'id:ID,name:string,age:long,ok:boolean,x:double,:LABEL\n'
                                   '1,"Mühl, ""die"" Große",36,true,1.5,A;B\n'
                                   '2,,,,,\n')
        edges = self.file("e.csv", ":START_ID,:END_ID,w:long\n1,2,7\n")
        into = os.path.join(self.dir, "data")
        done = geode("import", "--nodes", f"N={nodes}", "--edges", f"E={edges}", "--into", into)
        self.assertEqual(done.returncode, 0, done.stderr)
        with Server(data_dir=into) as server:
            self.assertIn('Mühl, "die" Große',
                          server.query("MATCH (n:A) WHERE n.age = 36 AND n.ok RETURN n.name AS s"))
            self.assertEqual(server.number("MATCH (n:B) WHERE n.x = 1.5 RETURN count(n) AS n"), 1)
            self.assertEqual(server.number("MATCH (n:N) WHERE n.name IS NULL RETURN count(n) AS n"), 1)
            self.assertEqual(server.number("MATCH (:N)-[e:E]->(:N) RETURN e.w AS w"), 7)

    def test_bad_files(self):
        good = self.file("good.csv", "id:ID,age:long\n1,2\n")
        cases = [
            ("number", ["--nodes", "N={}"], "id:ID,age:long\n1,2\n2,old\n", ":3"),
            ("fields", ["--nodes", "N={}"], "id:ID,age:long\n1,2,3\n", ":2"),
            ("twice", ["--nodes", "N={}"], "id:ID\n1\n1\n", ":3"),
            ("quote", ["--nodes", "N={}"], 'id:ID,s\n1,"open\n', ":2"),
            ("type", ["--nodes", "N={}"], "id:ID,s:matrix\n1,2\n", ":1"),
            ("no id", ["--nodes", "N={}"], "name\nx\n", ":1"),
            ("empty", ["--nodes", "N={}"], "", ""),
            ("utf-8", ["--nodes", "N={}"], None, ":2"),
            ("end", ["--nodes", f"N={good}", "--edges", "E={}"], ":START_ID,:END_ID\n1,9\n", ":2"),
            ("start", ["--nodes", f"N={good}", "--edges", "E={}"], ":END_ID\n1\n", ":1"),
        ]
        for what, args, text, place in cases:
            path = os.path.join(self.dir, "bad.csv")
            with open(path, "wb") as f:
                f.write(b"id:ID,s\n1,\xff\xfe\n" if text is None else text.encode())
            into = os.path.join(self.dir, "data")
            with self.subTest(what):
                done = geode("import", *[a.format(path) for a in args], "--into", into)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(path + place, done.stderr)
                self.assertFalse(os.path.exists(into) and os.listdir(into), "something stayed behind")
            shutil.rmtree(into, ignore_errors=True)

    def test_missing_file(self):
        done = geode("import", "--nodes", "N=/no/such/file.csv", "--into", os.path.join(self.dir, "d"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("/no/such/file.csv", done.stderr)


if __name__ == "__main__":
    harness.main()
