"""The text cases over the wire: starts a server and runs tests/conformance/wire against it."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

import harness  # noqa: E402  (found by the path above)

SKIPPED = 77
TIMEOUT_S = 300


def main():
    runner = pathlib.Path(os.environ.get("GEODE_BUILDDIR", ".")) / "tests" / "conformance" / "wire"
    if not runner.exists():
        print(f"skipped: {runner} is not built")
        return SKIPPED
    with harness.Server() as server:
        url = f"{server.address}?insecure_tls_skip_verify=true"
        result = subprocess.run([str(runner)], timeout=TIMEOUT_S, check=False,
                                env={**os.environ, "GEODE_URL": url})
        if result.returncode != 0:
            print(server.log())
        return result.returncode


if __name__ == "__main__":
    sys.exit(main())
