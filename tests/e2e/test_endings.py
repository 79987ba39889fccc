"""However the service is ended, all of it ends, in a time that is bounded."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.helpers.media import Media
from tests.helpers.pace import scaled, until
from tests.helpers.service import descendants, is_alive, processes_naming, running_service
from tests.helpers.specs import endless

pytestmark = pytest.mark.stack("endings")


def test_nothing_outlives_a_service_that_was_killed(tmp_path: Path, media: Media) -> None:
    with running_service(tmp_path / "data") as service:
        long = service.place(media.clip("long.mp4", seconds=10))
        job = service.submit(endless(long, service.media / "out.mp4"))
        service.wait_running(job["job_id"])
        family = descendants(service.process.pid)
        assert len(family) > 8
        service.process.kill()

        def left() -> list[str]:
            alive = [pid for pid in family if is_alive(pid)]
            return [*processes_naming(str(tmp_path)), *map(str, alive)]

        until("all have ended", lambda: not left(), 30, left)


def test_a_broker_that_hangs_does_not_keep_the_service_from_ending(tmp_path: Path) -> None:
    with running_service(tmp_path / "data") as service:
        (broker,) = service.pids("valkey-server")
        os.kill(broker, signal.SIGSTOP)
        begun = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        service.process.wait(timeout=scaled(45))
        assert time.monotonic() - begun < scaled(30)
    assert processes_naming(str(tmp_path)) == []


def test_a_worker_that_ends_in_good_order_says_so_and_is_not_lost(tmp_path: Path) -> None:
    with running_service(tmp_path / "data", METRICS_PUBLIC="true") as service:
        with service.another_worker(tmp_path / "other"):
            pass
        ended = "SELECT status FROM workers WHERE worker_id LIKE 'another@%'"
        assert service.rows(ended) == [("offline",)]
        service.await_heartbeats()
        lost = [
            line
            for line in service.client.get("/metrics").text.splitlines()
            if line.startswith("media_pipeline_workers_lost_total")
        ]
        assert all(float(line.split()[-1]) == 0 for line in lost), lost
