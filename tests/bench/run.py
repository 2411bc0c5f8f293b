#!/usr/bin/env python3
"""The benchmark of `make bench`: import, four reads, durable writes, memory, restart.

    run.py [--graph DIR] [--nodes N --edges N] [--seconds S] [--output FILE]

One JSON object a line, each with machine, commit and date, appended to FILE (bench.ndjson). --graph
takes a folder with nodes.csv (id,...), edges.csv (src,dst) and params.txt, as the peers' benchmark
makes it; else a graph of 100,000 nodes and 1,768,515 edges is made.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
import harness  # noqa: E402

BUILD = pathlib.Path(os.environ.get("GEODE_BUILDDIR", harness.SRCDIR / "build"))
READS = [
    ("single_vertex_read", "MATCH (n:User {id: $a}) RETURN n"),
    ("expansion_1", "MATCH (s:User {id: $a})-->(n:User) RETURN n.id AS id"),
    ("expansion_2", "MATCH (s:User {id: $a})-->()-->(n:User) RETURN DISTINCT n.id AS id"),
    ("aggregate", "MATCH (n:User) RETURN n.age AS age, COUNT(*) AS c GROUP BY age"),
]
WRITES = [
    ("single_vertex_write", "INSERT (n:UserTemp {id: $a})"),
    ("single_vertex_property_update", "MATCH (n:User {id: $a}) SET n.property = -1"),
]


def command(*args, cwd=None):
    return subprocess.run(args, capture_output=True, text=True, cwd=cwd, check=False).stdout.strip()


def peers_graph(source, folder):
    """The peers' files with the headers that our import reads."""
    for name, target, header in [("nodes.csv", "users.csv", "id:ID,age:long,gender:string,"
                                  "completion_percentage:long"),
                                 ("edges.csv", "friends.csv", ":START_ID,:END_ID")]:
        with open(source / name, encoding="utf-8") as f, \
                open(folder / target, "w", encoding="utf-8") as out:
            f.readline()
            out.write(header + "\n")
            out.writelines(f)
    (folder / "params.txt").write_text((source / "params.txt").read_text(encoding="utf-8"))


class Bench:
    def __init__(self, options):
        self.options = options
        self.common = {
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "commit": command("git", "describe", "--always", "--dirty", cwd=harness.SRCDIR) or "unknown",
            "machine": f"{platform.machine()}, {os.cpu_count()} CPUs, Linux {platform.release()}",
        }

    def record(self, **fields):
        print(json.dumps(fields), flush=True)
        with open(self.options.output, "a", encoding="utf-8") as f:
            f.write(json.dumps({**self.common, **fields}) + "\n")

    def queries(self, server, clients, statements):
        args = [x for pair in statements for x in pair]
        done = subprocess.run([BUILD / "tests" / "bench" / "bench_queries",
                               f"{server.address}?insecure_tls_skip_verify=true",
                               self.folder / "params.txt", str(self.options.seconds), str(clients),
                               *args], stdout=subprocess.PIPE, text=True, check=False)
        for line in done.stdout.splitlines():
            self.record(**json.loads(line))
        if done.returncode != 0:
            sys.exit("bench: a statement failed")

    def disk(self):
        """What the disk gives to group commit in the log's mode: the floor under writes."""
        done = subprocess.run([BUILD / "tests" / "bench" / "fsync_loop", self.folder,
                               str(self.options.seconds)], stdout=subprocess.PIPE, text=True,
                              check=True)
        for line in done.stdout.splitlines():
            self.record(what="fsync_loop", **json.loads(line))

    def run(self):
        with tempfile.TemporaryDirectory(prefix="geode-bench-") as scratch:
            self.folder = pathlib.Path(scratch)
            if self.options.graph:
                peers_graph(pathlib.Path(self.options.graph), self.folder)
            else:
                subprocess.run([BUILD / "tests" / "bench" / "make_graph", scratch,
                                str(self.options.nodes), str(self.options.edges)], check=True)
            self.measure(self.folder / "data")

    def measure(self, data):
        began = time.monotonic()
        done = harness.geode("import", "--nodes", f"User={self.folder / 'users.csv'}", "--edges",
                             f"FRIEND={self.folder / 'friends.csv'}", "--into", data, timeout=3600)
        if done.returncode != 0:
            sys.exit(f"bench: the import failed: {done.stderr}")
        self.record(what="import_offline", seconds=round(time.monotonic() - began, 3))
        with harness.Server() as empty:
            rss_empty = self.rss(empty)
        began = time.monotonic()
        with harness.Server("--log-level", "warn", data_dir=data, wait=False) as server:
            self.wait_answer(server)
            self.record(what="start_to_first_answer", seconds=round(time.monotonic() - began, 3))
            edges = server.number("MATCH ()-[r:FRIEND]->() RETURN count(r) AS n")
            nodes = server.number("MATCH (n:User) RETURN count(n) AS n")
            server.query("CREATE INDEX user_id ON User(id)")
            self.record(what="memory", nodes=nodes, edges=edges, rss_bytes=self.rss(server),
                        bytes_per_edge=round((self.rss(server) - rss_empty) / edges, 1))
            for clients in (1, 8):
                self.queries(server, clients, READS)
            self.disk()
            for clients in (1, 32):
                self.queries(server, clients, WRITES)
            before = server.number("MATCH (n:UserTemp) RETURN count(n) AS n")
            server.kill()
        began = time.monotonic()
        with harness.Server(data_dir=data, wait=False) as server:
            self.wait_answer(server)
            self.record(what="restart_after_kill", seconds=round(time.monotonic() - began, 3),
                        kept=server.number("MATCH (n:UserTemp) RETURN count(n) AS n") == before)

    @staticmethod
    def wait_answer(server):
        while harness.geode("ping", "--server", server.address).returncode != 0:
            if server.process.poll() is not None:
                sys.exit(f"bench: the server ended:\n{server.log()}")

    @staticmethod
    def rss(server):
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as f:
            return 1024 * int(next(line for line in f if line.startswith("VmRSS:")).split()[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graph", help="folder with nodes.csv, edges.csv, params.txt")
    parser.add_argument("--nodes", type=int, default=100000)
    parser.add_argument("--edges", type=int, default=1768515)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--output", default="bench.ndjson")
    Bench(parser.parse_args()).run()


if __name__ == "__main__":
    main()
