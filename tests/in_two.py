"""`python -m tests.in_two ARGS`: the tests that need the real Kafka beside all others, two pytest processes at once.

The former mostly wait for brokers. What they say is shown when the others are done.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

NO_TESTS = 5


def main(arguments: list[str]) -> int:
    """The exit status of pytest: 0 when both were green and at least one had tests."""
    pytest = [sys.executable, "-m", "pytest"]
    with tempfile.TemporaryFile("w+") as said:
        kafka = subprocess.Popen([*pytest, "-m", "kafka", *arguments], stdout=said, stderr=subprocess.STDOUT)
        try:
            others = subprocess.run([*pytest, "-m", "not kafka", *arguments], check=False).returncode
            print("\nwaiting for the tests on the real Kafka ...", flush=True)
            codes = [others, kafka.wait()]
        finally:
            kafka.terminate()
        said.seek(0)
        print(said.read(), flush=True)
    if set(codes) == {NO_TESTS}:
        return NO_TESTS
    return next((code for code in codes if code not in {0, NO_TESTS}), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
