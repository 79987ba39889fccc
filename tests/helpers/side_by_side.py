"""Run pytest several times at once: what waits for servers beside what computes. `A B -- C`: `A B` beside `C`.

The last one is shown as it runs, the others when they are over; all must pass.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO

_BETWEEN = "--"


def pytest(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", "-m", "not full", *words]


def groups(words: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for word in words:
        found += [[]] if word == _BETWEEN else []
        found[-1] += [] if word == _BETWEEN else [word]
    return found


@contextmanager
def running(words: Sequence[str], output: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(pytest(words), stdout=output, stderr=subprocess.STDOUT)
    try:
        yield child
    finally:
        child.kill()


def main(words: Sequence[str]) -> int:
    *beside, shown = groups(words)
    with ExitStack() as stack:
        outputs = [stack.enter_context(tempfile.TemporaryFile()) for _ in beside]
        pairs = zip(beside, outputs, strict=True)
        children = [stack.enter_context(running(group, output)) for group, output in pairs]
        codes = [subprocess.run(pytest(shown), check=False).returncode]
        codes += [child.wait() for child in children]
        for output in outputs:
            output.seek(0)
            print(output.read().decode(errors="replace"))
    return max(map(abs, codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
