"""The one place that starts processes, with real (small) processes."""

import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app.engine import process
from app.engine.outcome import Bounds, Outcome, Stop
from app.engine.progress import Progress
from tests.helpers.pace import scaled, until

PYTHON = sys.executable


def run(code: str, **options: object) -> Outcome:
    given = {"cwd": "/tmp", "timeout_s": 20.0, **options}
    return process.run([PYTHON, "-c", code], **given)  # type: ignore[arg-type]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_output_and_exit_code_are_told() -> None:
    outcome = run(
        "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", capture=True
    )
    assert (outcome.exit_code, outcome.signal, outcome.stopped) == (3, None, None)
    assert (outcome.stdout, outcome.stderr_tail) == (b"out\n", ("err",))


def test_progress_is_read_from_stdout() -> None:
    assert run("print('out_time_us=2000000\\nprogress=end')").progress == Progress(out_time_ms=2000)


def test_a_signal_is_named() -> None:
    outcome = run("import os; os.kill(os.getpid(), 9)")
    assert (outcome.exit_code, outcome.signal) == (None, "SIGKILL")


def test_a_flood_on_stderr_does_not_block_and_only_its_tail_is_kept() -> None:
    outcome = run("import sys\nfor n in range(20000): print('x' * 100, n, file=sys.stderr)")
    assert outcome.exit_code == 0
    assert outcome.stderr_tail[-1].endswith("19999")
    assert len(outcome.stderr_tail) == 60


def test_a_line_without_end_does_not_fill_memory() -> None:
    outcome = run("import sys; sys.stderr.write('y' * 5_000_000)")
    assert all(len(line) <= 2000 for line in outcome.stderr_tail)


@pytest.mark.parametrize("ignores", ["", "signal.signal(signal.SIGTERM, signal.SIG_IGN);"])
def test_the_deadline_ends_it_even_when_it_does_not_listen(ignores: str) -> None:
    began = time.monotonic()
    outcome = run(f"import signal,time; {ignores} time.sleep(60)", timeout_s=scaled(0.5))
    assert outcome.stopped is Stop.DEADLINE
    assert time.monotonic() - began < scaled(5)


def test_a_stall_ends_it() -> None:
    assert run("import time; time.sleep(60)", stall_s=0.6).stopped is Stop.STALL


def test_work_without_progress_lines_is_no_stall() -> None:
    outcome = run(
        "import time\nt=time.monotonic()\nwhile time.monotonic()-t < 1.5: pass", stall_s=0.8
    )
    assert outcome.is_success


def test_a_wish_to_stop_is_heard_and_grandchildren_go_too() -> None:
    code = "import subprocess,time; p=subprocess.Popen(['sleep','60']); print(p.pid, flush=True); time.sleep(60)"
    asked: list[float] = []

    def tick(_: Progress) -> Stop | None:
        asked.append(time.monotonic())
        return Stop.CANCELLED if len(asked) > 3 else None

    outcome = run(code, tick=tick, capture=True)
    assert outcome.stopped is Stop.CANCELLED
    pid = int(outcome.stdout)
    until("what was killed is gone", lambda: not is_alive(pid), 1)
    assert max(b - a for a, b in pairwise(asked)) < scaled(0.5)


def children() -> set[int]:
    """The processes that this one has started."""
    lists = Path("/proc/self/task").glob("*/children")
    return {int(pid) for file in lists for pid in file.read_text().split()}


def test_an_exception_in_a_tick_leaves_nothing_behind() -> None:
    others = children()
    seen: set[int] = set()

    def tick(_: Progress) -> Stop | None:
        seen.update(children() - others)
        raise SystemExit

    with pytest.raises(SystemExit):
        run("import time; time.sleep(60)", tick=tick)
    assert seen
    assert not any(is_alive(pid) for pid in seen)


def test_the_environment_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FFREPORT", "file=/tmp/leak.log")
    monkeypatch.setenv("http_proxy", "http://evil")
    outcome = run("import os; print(sorted(os.environ))", capture=True)
    assert b"FFREPORT" not in outcome.stdout
    assert b"http_proxy" not in outcome.stdout


def test_the_first_and_the_last_errors_are_kept_however_much_is_between() -> None:
    outcome = run(
        "import sys\nprint('[error] first', file=sys.stderr)\n"
        "for n in range(5000): print(f'[error] noise {n}', file=sys.stderr)\n"
        "print('[error] last', file=sys.stderr)"
    )
    assert (outcome.errors[0], outcome.errors[-1]) == ("[error] first", "[error] last")
    assert len(outcome.errors) <= 100


def test_more_memory_than_allowed_stops_it() -> None:
    code = "import time\nx = bytearray(200 << 20)\ntime.sleep(10)"
    outcome = run(code, bounds=Bounds(memory_bytes=100 << 20))
    assert outcome.stopped is Stop.MEMORY
    assert outcome.wall_s < scaled(5)


def test_a_file_larger_than_allowed_ends_it(tmp_path: Path) -> None:
    code = (
        "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
        f"open({str(tmp_path / 'f')!r}, 'wb').write(bytes(2 << 20))"
    )
    outcome = run(code, bounds=Bounds(file_bytes=1 << 20))
    assert outcome.signal == "SIGXFSZ"


class Late(subprocess.Popen[bytes]):
    """Who starts it has its next turn when it has ended."""

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)


def test_limits_hold_before_a_program_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", Late)
    outcome = process.run(
        ["/bin/sh", "-c", "ulimit -v; ulimit -t; ulimit -f"],
        cwd="/tmp",
        timeout_s=scaled(20),
        capture=True,
        bounds=Bounds(address_bytes=1 << 30, cpu_s=600, file_bytes=1 << 20),
    )
    assert outcome.stdout == b"1048576\n600\n2048\n"


def test_a_grandchild_that_holds_the_pipes_is_not_waited_for() -> None:
    code = (
        "import subprocess,sys; p=subprocess.Popen(['sleep','60']); print(p.pid, flush=True); "
        "sys.stderr.write('no line end')"
    )
    outcome = run(code, capture=True)
    assert outcome.is_success
    assert outcome.wall_s < scaled(5)
    assert outcome.stderr_tail == ("no line end",)
    pid = int(outcome.stdout)
    until("what was killed is gone", lambda: not is_alive(pid), 1)


def test_one_that_closes_its_pipes_is_waited_for() -> None:
    outcome = run("import os,sys,time\nfor n in (1, 2): os.close(n)\ntime.sleep(0.5)\nos._exit(7)")
    assert outcome.exit_code == 7
    assert outcome.wall_s >= 0.5


def test_what_it_says_when_it_is_told_to_end_is_heard() -> None:
    code = (
        "import signal,sys,time\n"
        "def end(*_):\n sys.stderr.write('x' * 300_000 + '\\nlast words\\n'); sys.exit(5)\n"
        "signal.signal(signal.SIGTERM, end)\ntime.sleep(60)"
    )
    outcome = run(code, timeout_s=scaled(1))
    assert (outcome.stopped, outcome.exit_code) == (Stop.DEADLINE, 5)
    assert outcome.stderr_tail[-1] == "last words"
