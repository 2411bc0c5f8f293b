"""The published Python client, unmodified, against our server.

Installed from PyPI into a virtual environment that is kept between runs (GEODE_TEST_CACHE, or below
the build directory). Skipped, with the reason, where it cannot be installed.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import harness

PACKAGE = "geode-client==0.5.0"

# Runs inside the virtual environment: prints a line for each thing that holds.
PROBE = r"""
import asyncio, sys
from geode_client import Client, QueryError

async def main():
    client = Client("127.0.0.1", int(sys.argv[1]), skip_verify=True, username="geode", password="x")
    async with client.connection() as c:
        await c.execute("CREATE (a:Person {name: 'Ada', age: 36})")
        print("create")

        page, _ = await c.query("MATCH (p:Person) WHERE p.name = $name RETURN p.age AS age",
                                params={"name": "Ada"})
        assert [col.name for col in page.columns] == ["age"], page.columns
        assert [row["age"].as_int for row in page.rows] == [36], page.rows
        assert page.final
        print("parameters")

        page, _ = await c.query("MATCH (p:Person {name: 'Nobody'}) RETURN p.age AS age")
        assert page.rows == [] and page.final
        print("no rows")

        try:
            await c.query("MATCH (p:Person RETURN p")
            raise AssertionError("a syntax error was accepted")
        except QueryError as e:
            assert e.code and e.code.startswith("42"), e.code
        page, _ = await c.query("MATCH (p:Person) RETURN count(p) AS n")
        assert page.rows[0]["n"].as_int == 1
        print("error, then on")

        await c.begin()
        await c.execute("CREATE (b:Person {name: 'Ben'})")
        page, _ = await c.query("MATCH (p:Person) RETURN count(p) AS n")
        assert page.rows[0]["n"].as_int == 2
        async with client.connection() as other:
            page, _ = await other.query("MATCH (p:Person) RETURN count(p) AS n")
            assert page.rows[0]["n"].as_int == 1, "an uncommitted change was seen"
        await c.rollback()
        page, _ = await c.query("MATCH (p:Person) RETURN count(p) AS n")
        assert page.rows[0]["n"].as_int == 1
        print("rollback, isolation")

        await c.begin()
        for i in range(2500):
            await c.execute("CREATE (r:Row {v: $v})", params={"v": i})
        await c.commit()
        print("commit")

        page, pager = await c.query("MATCH (r:Row) RETURN r.v AS v ORDER BY v", page_size=1000)
        values = [row["v"].as_int for row in page.rows]
        if not page.final:
            async for more in pager():
                values += [row["v"].as_int for row in more.rows]
        assert values == list(range(2500)), (len(values), values[:3])
        print("pages")

asyncio.run(main())
print("all")
"""
HELD = ["create", "parameters", "no rows", "error, then on", "rollback, isolation", "commit", "pages"]


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def interpreter():
    """A Python that has the client; makes the virtual environment when there is none yet."""
    cache = pathlib.Path(os.environ.get("GEODE_TEST_CACHE", pathlib.Path.cwd() / "tests" / "cache"))
    venv = cache / "geode-client"
    python = venv / "bin" / "python"
    if not (venv / "complete").exists():
        for command in ([sys.executable, "-m", "venv", "--clear", str(venv)],
                        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                         PACKAGE]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                lines = (done.stdout + done.stderr).strip().splitlines() or [""]
                skip(f"{PACKAGE} cannot be installed here: {lines[-1]}")
        (venv / "complete").touch()
    return str(python)


def main():
    if not os.access(harness.GEODE, os.X_OK):
        skip(f"there is no program at {harness.GEODE}")
    python = interpreter()
    with harness.Server() as server, tempfile.NamedTemporaryFile("w", suffix=".py") as probe:
        probe.write(PROBE)
        probe.flush()
        done = subprocess.run([python, "-W", "ignore", probe.name, str(server.port)],
                              capture_output=True, text=True, timeout=300, check=False)
        held = [line for line in done.stdout.splitlines() if line in HELD]
        print(done.stdout + done.stderr)
        if done.returncode != 0:
            print(server.log())
        bad = len(HELD) - len(held)
        print(f"{len(held)} passed, {bad} failed, 0 skipped")
        sys.exit(1 if bad or done.returncode else 0)


if __name__ == "__main__":
    main()
