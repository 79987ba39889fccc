"""Off, tracing loads nothing; on, without its package, it says so."""

import os
import subprocess
import sys

from app import tracing


def _python(code: str, **env: str) -> "subprocess.CompletedProcess[str]":
    plain = {key: text for key, text in os.environ.items() if not key.startswith("OTEL_")}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**plain, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_off_it_loads_nothing() -> None:
    code = (
        "import sys, app.factory\nfrom app import tracing\napp.factory.create_app()\n"
        "with tracing.span('x', '00-1-1-01', a=1) as span: span.set_attributes({'b': 2})\n"
        "assert tracing.traceparent() is None and tracing.ids() == {}\n"
        # redis-py loads the API by itself where it is installed
        "print([name for name in sys.modules if name.startswith('opentelemetry.instrumentation')"
        " or name.startswith('opentelemetry.exporter') or name == 'opentelemetry.sdk.trace'])"
    )
    done = _python(code)
    assert done.stdout.strip() == "[]", done.stderr


def test_without_its_package_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['opentelemetry.sdk'] = None\nfrom app import tracing; tracing.start()"
    done = _python(code, OTEL_TRACES_EXPORTER="console")
    assert "install media-pipeline[tracing]" in done.stderr


def test_a_span_of_a_caller_is_continued_and_its_ids_are_known() -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    code = (
        "from app import tracing\n"
        f"with tracing.span('outer', {parent!r}, job_id='j', nothing=None):\n"
        "    with tracing.span('inner'): print(tracing.traceparent(), tracing.ids()['trace_id'])\n"
    )
    done = _python(code, OTEL_TRACES_EXPORTER="console")
    assert done.returncode == 0, done.stderr
    traceparent, trace_id = done.stdout.split()
    assert traceparent.startswith(f"00-{trace_id}-")
    assert trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert done.stderr.count('"parent_id": "0x') == 2
    assert '"job_id": "j"' in done.stderr
    assert "nothing" not in done.stderr


def test_here_it_is_off() -> None:
    assert not tracing.is_on()
