"""Captions rewritten in a process of its own: the bytes are a stranger's, and a library reads them.

It may read one file, and take a minute and a gigabyte; what it does not manage in those is refused.
"""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

import pysubs2

from app.engine import captions, process
from app.engine.outcome import Bounds
from app.engine.sandbox import Reach
from app.engine.watch import Tick
from app.errors import Failure
from operators.problem import Code

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
_LIBRARY = os.path.dirname(os.path.realpath(pysubs2.__file__))
_PATHS = [_ROOT, os.path.dirname(_LIBRARY)]
_CODE = [*(os.path.join(_ROOT, name) for name in ("app", "operators", "planner")), _LIBRARY]
_BEGIN = "import sys; sys.path[:0] = sys.argv[1].split(':'); from app.engine.captions_apart import main; main()"
_TIMEOUT_S = 60
_BOUNDS = Bounds(address_bytes=1 << 30, cpu_s=_TIMEOUT_S, file_bytes=1)
_REFUSED = 3


def rewrite(path: str, shown: Mapping[str, Any], tick: Tick) -> str:
    """`captions.rewrite` of a file; `shown` are its other arguments. Raises: Failure."""
    outcome = process.run(
        [
            sys.executable,
            "-I",
            "-B",
            "-c",
            _BEGIN,
            os.pathsep.join(_PATHS),
            path,
            json.dumps(shown),
        ],
        cwd=os.path.dirname(path),
        timeout_s=_TIMEOUT_S,
        tick=tick,
        capture=True,
        bounds=_BOUNDS,
        reach=Reach(readable=[path, *_CODE]),
    )
    if outcome.is_success:
        return outcome.stdout.decode()
    if outcome.exit_code == _REFUSED:
        said = json.loads(outcome.stdout)
        raise Failure(code=Code(said["code"]), message=said["message"])
    is_too_much = outcome.stopped or outcome.signal or "MemoryError" in "".join(outcome.stderr_tail)
    if not is_too_much:
        raise RuntimeError(f"captions were not rewritten: {outcome.stderr_tail[-3:]}")
    text = "The subtitles take more time or memory to read than they may."
    raise Failure(code=Code.RESOURCE_LIMIT_EXCEEDED, message=text)


def main() -> None:
    """In the process of its own: the file of the arguments on stdout, or why not."""
    _, _, path, shown = sys.argv
    with open(path, "rb") as file:
        raw = file.read(captions.MOST_BYTES + 1)
    try:
        text = captions.rewrite(raw, **json.loads(shown))
    except Failure as failure:
        print(json.dumps({"code": failure.code, "message": failure.message}))
        sys.exit(_REFUSED)
    sys.stdout.buffer.write(text.encode())
