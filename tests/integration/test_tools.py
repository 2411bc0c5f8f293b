"""query, ping and shell against a real server: answers, errors, exit codes."""

import subprocess
import unittest

import harness
from harness import GEODE, Server, geode


class Tools(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.close)
        cls.server.query("CREATE (a:Person {name: 'Ada', age: 36})-[:KNOWS {since: 1833}]->"
                         "(b:Person {name: 'Charles', age: 41})")

    def run_tool(self, command, *args, **kwargs):
        return geode(command, "--server", self.server.address, *args, **kwargs)

    def test_ping(self):
        done = self.run_tool("ping")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_query_table(self):
        out = self.server.query("MATCH (p:Person) RETURN p.name AS name, p.age AS age ORDER BY age")
        self.assertLess(out.index("name"), out.index("Ada"))
        self.assertLess(out.index("Ada"), out.index("Charles"))
        self.assertIn("36", out)

    def test_query_without_rows(self):
        self.server.query("MATCH (p:NoSuchLabel) RETURN p.name AS name")

    def test_count_with_limit(self):
        done = self.run_tool("shell", "-c", "MATCH (n) RETURN count(n) LIMIT 1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"\d")

    def test_explain(self):
        out = self.server.query("EXPLAIN MATCH (n:Person) WHERE n.name = 'Ada' RETURN n.age")
        self.assertRegex(out.lower(), "scan")

    def test_syntax_error(self):
        done = self.run_tool("query", "MATCH (n:Person RETURN n")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "")
        self.assertIn("42001", done.stderr)
        self.assertRegex(done.stderr, r"\b(line )?1\b")
        self.assertNotIn("Sanitizer", self.server.log())

    def test_bad_statements_leave_the_server(self):
        for text in ["", ";", "MATCH", "RETURN 1 +", "'", "\"", "MATCH (n) RETURN m", "(" * 100000,
                     "RETURN 1/0", "\x01", "MATCH (n:Person) RETURN n.name LIMIT -1", "🜛", "{}", "$x"]:
            done = self.run_tool("query", text)
            self.assertIn(done.returncode, (0, 1, 2), (text[:40], done.stderr))
        self.assertEqual(self.run_tool("ping").returncode, 0, self.server.log())

    def test_shell_ping(self):
        done = self.run_tool("shell", "-c", "PING")
        self.assertEqual((done.returncode, done.stdout), (0, "PONG\n"), done.stderr)

    def test_shell_reads_standard_input(self):
        done = self.run_tool("shell", stdin="PING\nMATCH (p:Person)\nRETURN count(p) AS people;\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("PONG", done.stdout)
        self.assertIn("people", done.stdout)

    def test_shell_transaction(self):
        done = self.run_tool("shell", stdin="BEGIN TRANSACTION;\nCREATE (x:Draft {v: 1});\n"
                                            "-- a comment\nROLLBACK;\n"
                                            "BEGIN TRANSACTION;\nCREATE (x:Final {v: 1});\nCOMMIT;\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.server.number("MATCH (x:Draft) RETURN count(x) AS n"), 0)
        self.assertEqual(self.server.number("MATCH (x:Final) RETURN count(x) AS n"), 1)

    def test_shell_failed_statement(self):
        done = self.run_tool("shell", "-c", "MATCH (n RETURN n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("42001", done.stderr)

    def test_shell_prompt(self):
        """On a terminal the prompt is `> `, also when nothing was typed yet."""
        script = ["script", "-qec", f"{GEODE} shell --server {self.server.address}", "/dev/null"]
        try:
            done = subprocess.run(script, input="PING\n\x04", capture_output=True, text=True,
                                  timeout=30, check=False)
        except FileNotFoundError:
            self.skipTest("script is not installed")
        self.assertIn("> ", done.stdout)
        self.assertIn("PONG", done.stdout)

    def test_many_clients_at_once(self):
        command = [GEODE, "query", "--server", self.server.address,
                   "MATCH (p:Person) RETURN count(p) AS n"]
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                   for _ in range(16)]
        for process in running:
            out, err = process.communicate(timeout=harness.COMMAND_S)
            self.assertEqual(process.returncode, 0, err)
            self.assertIn("2", out)


class Limits(unittest.TestCase):
    def test_refused_connection(self):
        """The connection over --max-connections is refused, the others go on."""
        with Server("--max-connections", 1) as server:
            shell = subprocess.Popen([GEODE, "shell", "--server", server.address],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            try:
                shell.stdin.write("PING\n")
                shell.stdin.flush()
                self.assertIn("PONG", shell.stdout.readline())
                done = geode("ping", "--server", server.address)
                self.assertEqual(done.returncode, 1)
                self.assertNotEqual(done.stderr, "")
                shell.stdin.write("PING\n")
                shell.stdin.flush()
                self.assertIn("PONG", shell.stdout.readline())
            finally:
                shell.kill()
                shell.communicate()


if __name__ == "__main__":
    harness.main()
