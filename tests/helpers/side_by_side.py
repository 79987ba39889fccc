"""Run pytest twice at once: what waits for servers beside what computes. `A B -- C`: `A B` beside `C`.

The second one is shown as it runs, the first when it is over; both must pass.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence


def pytest(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", "-m", "not full", *words]


def main(words: list[str]) -> int:
    middle = words.index("--")
    first, second = words[:middle], words[middle + 1 :]
    with tempfile.TemporaryFile() as output:
        beside = subprocess.Popen(pytest(first), stdout=output, stderr=subprocess.STDOUT)
        try:
            shown = subprocess.run(pytest(second), check=False).returncode
            hidden = beside.wait()
        finally:
            beside.kill()
        output.seek(0)
        print(output.read().decode(errors="replace"))
    return shown or hidden


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
