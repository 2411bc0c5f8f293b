"""The rows of the 25 queries of the peers' benchmark, in Cypher and in GQL, against brute force.

tests/bench/reference.c knows the same graph as the server and shares no code with it. The graph is
small and made here, with what random graphs lack; GEODE_PEERS_DATA names a folder with the peers'
nodes.csv and edges.csv, to be compared too.
"""

import collections
import json
import os
import pathlib
import random
import re
import subprocess
import tempfile
import unittest

import harness
from harness import Server, geode

BUILDDIR = pathlib.Path(os.environ.get("GEODE_BUILDDIR", harness.SRCDIR / "build"))
NODES, EDGES = 300, 2500
LONGEST = 15  # the edges that a shortest path may have
CHAIN = 20  # users in a row behind the others, with paths of LONGEST edges and of more
ADULT = 18
NOBODY = 99999999  # no user has this id
SEED, PAIRS = 20, 20
BULK_S = 600  # for whole graphs and big answers

MARK = {"mark": "end of rows"}


def expansions():
    for hops in range(1, 5):
        for suffix, where in ("", ""), ("_with_filter", " WHERE n.age >= 18"):
            match = f"MATCH (s:User {{id: $a}}){'-->()' * (hops - 1)}-->(n:User){where} RETURN "
            match += "DISTINCT " if hops > 1 else ""
            yield f"expansion_{hops}{suffix}", match + "n.id", match + "n.id AS id"


def neighbours():
    for data, n in ("", ""), ("_data", ", n"):
        for filtered, where in ("", ""), ("_filter", " WHERE n.age >= 18"):
            name = "_and".join(filter(None, (data, filtered)))
            yield ("neighbours_2" + ("_with" + name if name else ""),
                   f"MATCH (s:User {{id: $a}})-[*1..2]->(n:User){where} RETURN DISTINCT n.id{n}",
                   f"MATCH (s:User {{id: $a}})-[]->{{1,2}}(n:User){where} "
                   f"RETURN DISTINCT n.id AS id{n}")


CYCLE = "MATCH (n:User {id: $a})-[e1]->(m)-[e2]->(n) RETURN e1, m, e2"
# Name, Cypher, GQL.
READS = [
    ("single_vertex_read", *["MATCH (n:User {id: $a}) RETURN n"] * 2),
    *expansions(),
    *neighbours(),
    ("pattern_cycle", CYCLE, CYCLE),
    ("aggregate", "MATCH (n:User) RETURN n.age, COUNT(*)",
     "MATCH (n:User) RETURN n.age AS age, COUNT(*) AS c GROUP BY age"),
    ("aggregate_with_distinct", "MATCH (n:User) RETURN COUNT(DISTINCT n.age)",
     "MATCH (n:User) RETURN COUNT(DISTINCT n.age) AS c"),
    ("aggregate_with_filter", "MATCH (n:User) WHERE n.age >= 18 RETURN n.age, COUNT(*)",
     "MATCH (n:User) WHERE n.age >= 18 RETURN n.age AS age, COUNT(*) AS c GROUP BY age"),
    ("aggregate_count", "MATCH (n:User) RETURN count(n), count(n.age)",
     "MATCH (n:User) RETURN count(n) AS c, count(n.age) AS d"),
    ("min_max_avg", "MATCH (n:User) RETURN min(n.age), max(n.age), avg(n.age)",
     "MATCH (n:User) RETURN min(n.age) AS a, max(n.age) AS b, avg(n.age) AS c"),
]
CHOICES = [
    ("pattern_long", *["MATCH (n1:User {id: $a})-[e1]->(n2)-[e2]->(n3)-[e3]->(n4)<-[e4]-(n5) "
                       "RETURN n5 LIMIT 1"] * 2),
    ("pattern_short", *["MATCH (n:User {id: $a})-[e]->(m) RETURN m LIMIT 1"] * 2),
]
SHORTEST_CYPHER = ("MATCH (n:User {id: $a}), (m:User {id: $b}) WITH n, m "
                   "MATCH p=shortestPath((n)-[*..15]->(m)) RETURN [x IN nodes(p) | x.id] AS path")
SHORTEST_GQL = "MATCH p = ANY SHORTEST (n:User {id: $a})-[:FRIEND]->{1,15}(m:User {id: $b}) RETURN p"
# Name, Cypher, GQL, does it return what it wrote, how to read that, how to undo it.
WRITES = [
    ("single_vertex_property_update", *["MATCH (n:User {id: $a}) SET n.property = -1"] * 2, False,
     "MATCH (n:User) WHERE n.property IS NOT NULL RETURN n", "MATCH (n:User) REMOVE n.property"),
    ("single_vertex_write", "CREATE (n:UserTemp {id: $a}) RETURN n",
     "INSERT (n:UserTemp {id: $a}) RETURN n", True,
     "MATCH (n:UserTemp) RETURN n", "MATCH (n:UserTemp) DELETE n"),
    ("single_edge_write",
     "MATCH (n:User {id: $a}), (m:User {id: $b}) WITH n, m CREATE (n)-[e:Temp]->(m) RETURN e",
     "MATCH (n:User {id: $a}), (m:User {id: $b}) INSERT (n)-[e:Temp]->(m) RETURN e", True,
     "MATCH ()-[e:Temp]->() RETURN e", "MATCH ()-[e:Temp]->() DELETE e"),
]
# The same matches counted, and written as one edge that repeats.
COUNTS = [
    (f"{name}_{hops}", f"MATCH (s:User {{id: $a}}){'-->()' * (hops - 1)}-->(n:User) RETURN {what} AS x",
     f"MATCH (s:User {{id: $a}})-[:FRIEND]->{{{hops},{hops}}}(n:User) RETURN {what} AS x")
    for hops in (2, 3, 4) for name, what in (("matches", "count(*)"), ("ends", "count(DISTINCT n)"))
]


def columns(text):
    """The names of a statement's columns; none of ours has a comma within an expression."""
    found = re.search(r" RETURN (?:DISTINCT )?(.*?)(?: GROUP BY \w+| LIMIT \d+)?$", text)
    return [item.split(" AS ")[-1] for item in found[1].split(", ")] if found else []


def bag(rows):
    """A multiset of rows. Averages may differ in their last bits."""
    def settle(value):
        return round(value, 9) if isinstance(value, float) else value
    return collections.Counter(json.dumps([settle(v) for v in row], sort_keys=True) for row in rows)


class Reference:
    """The program that knows what is right about one graph."""

    def __init__(self, nodes, edges):
        self.command = [BUILDDIR / "tests" / "bench" / "reference", nodes, edges]

    def ask(self, name, pairs):
        """The rows of each pair."""
        requests = "".join(f"{name} {a} {b}\n" for a, b in pairs)
        out = subprocess.run(self.command, input=requests, capture_output=True, text=True,
                             timeout=BULK_S, check=True).stdout
        answers = [[]]
        for line in out.splitlines():
            if line:
                answers[-1].append(json.loads(line))
            else:
                answers.append([])
        return answers[:-1]


class Asked:
    """A server whose nodes go by their own ids instead of those which the engine gave them."""

    def __init__(self, server):
        self.server = server
        self.ids = {}
        for (node,) in self.run("MATCH (n:User) RETURN n", [(0, 0)], raw=True)[0]:
            self.ids[node["id"]] = node["properties"]["id"]

    def run(self, text, pairs, raw=False):
        """The rows of a statement for each pair, over one session."""
        script = "".join(f"\\params\n\\param a={a}\n\\param b={b}\n{text};\n"
                         f"RETURN '{MARK['mark']}' AS mark;\n" for a, b in pairs)
        done = geode("shell", "--server", self.server.address, "--format", "json", stdin=script,
                     timeout=BULK_S)
        if done.returncode != 0:
            raise AssertionError(f"{text}: {done.stderr}\n{self.server.log()}")
        answers, wanted = [[]], columns(text)
        for line in done.stdout.splitlines():
            row = json.loads(line)
            if row == MARK:
                answers.append([])
                continue
            if list(row) != wanted:
                raise AssertionError(f"{text}: columns {list(row)} instead of {wanted}")
            answers[-1].append(list(row.values()) if raw else [self.own(v) for v in row.values()])
        if len(answers) != len(pairs) + 1:
            raise AssertionError(f"{text}: {len(answers) - 1} answers to {len(pairs)} statements")
        return answers[:-1]

    def own(self, value):
        if isinstance(value, list):
            return [self.own(v) for v in value]
        if not isinstance(value, dict):
            return value
        value = {k: v for k, v in value.items() if k != "id"}
        for end in {"from", "to"} & set(value):
            value[end] = self.ids[value[end]]
        return value


class Peers:
    """The tests; a class that has them says what graph they are on."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="geode-reference-")
        cls.addClassCleanup(scratch.cleanup)
        folder = pathlib.Path(scratch.name)
        users, friends, directory = (folder / name for name in ("users.csv", "friends.csv", "data"))
        cls.pairs = cls.make_graph(users, friends)
        loaded = geode("import", "--into", directory, "--nodes", f"User={users}",
                       "--edges", f"FRIEND={friends}", timeout=BULK_S)
        if loaded.returncode != 0:
            raise AssertionError(loaded.stderr)
        server = Server(data_dir=directory)
        cls.addClassCleanup(server.close)
        server.query("CREATE INDEX user_id ON User(id)", timeout=BULK_S)
        cls.reference = Reference(users, friends)
        cls.asked = Asked(server)
        cls.edges = set(map(tuple, cls.reference.ask("all_edges", [(0, 0)])[0]))

    def in_both(self, queries, compare):
        """Compares what each query must find with what it finds, for each dialect and pair."""
        for name, *texts in queries:
            expected = self.reference.ask(name, self.pairs)
            self.assertTrue(any(expected), f"{name} finds nothing here")
            for text in dict.fromkeys(texts):
                with self.subTest(name=name, text=text):
                    found = self.asked.run(text, self.pairs)
                    for pair, want, got in zip(self.pairs, expected, found):
                        compare(got, want, f"{text} of {pair}")

    def same_rows(self, found, expected, about):
        found, expected = bag(found), bag(expected)
        if found != expected:
            self.fail(f"{about}\nmissing: {list((expected - found).items())[:5]}"
                      f"\ntoo many: {list((found - expected).items())[:5]}")

    def test_reads(self):
        self.in_both(READS + COUNTS, self.same_rows)

    def test_cycles_of_parallel_edges(self):
        """Rows that look alike are of different edges."""
        for pair, rows in zip(self.pairs, self.asked.run(CYCLE, self.pairs, raw=True)):
            edges = [(e1["id"], e2["id"]) for e1, _, e2 in rows]
            self.assertEqual(len(set(edges)), len(edges), pair)
            self.assertTrue(all(e1 != e2 for e1, e2 in edges), pair)

    def one_of(self, found, possible, about):
        self.assertEqual(len(found), min(len(possible), 1), about)
        if found:
            self.assertIn(found[0], possible, about)

    def test_choices(self):
        self.in_both(CHOICES, self.one_of)

    def check_path(self, ids, pair, length, about):
        self.assertEqual((ids[0], ids[-1]), pair, about)
        self.assertEqual(len(ids) - 1, length, about)
        for edge in zip(ids, ids[1:]):
            self.assertIn(edge, self.edges, about)

    def test_shortest_cypher(self):
        """Not from a user to the same: what shortestPath does there is not agreed upon."""
        pairs = [(a, b) for a, b in self.pairs if a != b]
        lengths = self.reference.ask("shortest_path", pairs)
        for pair, length, found in zip(pairs, lengths, self.asked.run(SHORTEST_CYPHER, pairs)):
            self.assertEqual(len(found), len(length), pair)
            for row in found:
                self.check_path(row[0], pair, length[0][0], f"{SHORTEST_CYPHER} of {pair}: {row}")

    def test_shortest_gql(self):
        users = {row[0]["properties"]["id"]: row[0]
                 for row in self.reference.ask("all_users", [(0, 0)])[0]}
        lengths = self.reference.ask("shortest_path", self.pairs)
        for pair, length, found in zip(self.pairs, lengths,
                                       self.asked.run(SHORTEST_GQL, self.pairs)):
            self.assertEqual(len(found), len(length), pair)
            for (path,) in found:
                about = f"{SHORTEST_GQL} of {pair}: {path}"
                ids = [node["properties"]["id"] for node in path[::2]]
                self.check_path(ids, pair, length[0][0], about)
                self.assertEqual(path[::2], [users[i] for i in ids], about)
                self.assertEqual(path[1::2], [
                    {"from": a, "to": b, "type": "FRIEND", "properties": {}}
                    for a, b in zip(ids, ids[1:])], about)

    def test_writes(self):
        pairs = list({a: (a, b) for a, b in self.pairs}.values())
        for name, cypher, gql, returns, read, undo in WRITES:
            expected = self.reference.ask(name, pairs)
            for text in dict.fromkeys((cypher, gql)):
                with self.subTest(name=name, text=text):
                    found = self.asked.run(text, pairs)
                    for pair, want, got in zip(pairs, expected, found):
                        self.same_rows(got, want if returns else [], f"{text} of {pair}")
                    self.same_rows(self.asked.run(read, [(0, 0)])[0], sum(expected, []), read)
                    self.asked.run(undo, [(0, 0)])
        for name, text in (("all_users", "MATCH (n) RETURN n"),
                           ("all_edges", "MATCH (a)-[]->(b) RETURN a.id, b.id")):
            self.same_rows(self.asked.run(text, [(0, 0)])[0],
                           self.reference.ask(name, [(0, 0)])[0], text)


class Small(Peers, unittest.TestCase):
    """A graph with loops, parallel edges, users without an age, a dead end and long ways.

    Beside it one user who is their own friend, and two who have only each other: from them
    nothing but an edge that is used again goes on.
    """

    @staticmethod
    def make_graph(users, friends):
        subprocess.run([BUILDDIR / "tests" / "bench" / "make_graph", users.parent, str(NODES),
                        str(EDGES)], timeout=harness.COMMAND_S, check=True)
        header, *lines = users.read_text().splitlines()
        lines = [re.sub(r",\d+,", ",,", line, count=1) if i % 9 == 0 else line
                 for i, line in enumerate(lines)]
        lines += [f"{NODES + i},{10 + i},woman,{i}" for i in range(1, CHAIN + 1)]
        users.write_text("\n".join([header, *lines, ""]))
        header, *lines = friends.read_text().splitlines()
        lines += lines[:200] + ["1,1", "1,1", "2,2"]
        lines += [f"{NODES + i},{NODES + i + 1}" for i in range(CHAIN)]
        friends.write_text("\n".join([header, *lines, ""]))
        first, last = NODES + 1, NODES + CHAIN
        alone, one, other = range(last + 1, last + 4)
        with open(users, "a", encoding="utf-8") as f:
            f.writelines(f"{i},{ADULT},man,50\n" for i in (alone, one, other))
        with open(friends, "a", encoding="utf-8") as f:
            f.write(f"{alone},{alone}\n{one},{other}\n{other},{one}\n")
        dice = random.Random(SEED)
        return [(1, 1), (2, 2), (3, 3), (first, first + LONGEST), (first, first + LONGEST + 1),
                (last, 1), (alone, one), (one, other), (NOBODY, 1), (1, NOBODY),
                *((dice.randint(1, NODES), dice.randint(1, NODES)) for _ in range(PAIRS))]


@unittest.skipUnless("GEODE_PEERS_DATA" in os.environ,
                     "GEODE_PEERS_DATA names no folder with the peers' nodes.csv and edges.csv")
class OfThePeers(Peers, unittest.TestCase):
    """The graph of the benchmark itself."""

    @staticmethod
    def make_graph(users, friends):
        data = pathlib.Path(os.environ["GEODE_PEERS_DATA"])
        nodes = (data / "nodes.csv").read_text().split("\n", 1)[1]
        edges = (data / "edges.csv").read_text().split("\n", 1)[1]
        users.write_text("id:ID,age:long,gender:string,completion_percentage:long\n" + nodes)
        friends.write_text(":START_ID,:END_ID\n" + edges)
        ids = range(1, nodes.count("\n") + 1)
        dice = random.Random(SEED)
        return [(NOBODY, 1), *(tuple(dice.sample(ids, 2)) for _ in range(PAIRS))]


if __name__ == "__main__":
    harness.main()
