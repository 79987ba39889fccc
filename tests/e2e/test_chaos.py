"""The short form of `make chaos`: a few jobs, faults of many kinds, nothing lost."""

import random
from pathlib import Path

import pytest

from tests.helpers.chaos import SETTINGS, Chaos
from tests.helpers.service import processes_naming, running_service

pytestmark = pytest.mark.stack("chaos")


@pytest.mark.parametrize(
    ("jobs", "faults", "limit_s"),
    [
        pytest.param(14, 8, 120),
        pytest.param(200, 65, 1500, marks=[pytest.mark.full, pytest.mark.timeout(1800)]),
    ],
)
def test_nothing_is_lost_whatever_dies(
    jobs: int, faults: int, limit_s: float, tmp_path: Path
) -> None:
    with running_service(tmp_path / "data", "--workers", "2", **SETTINGS) as service:
        chaos = Chaos(service=service, chance=random.Random(3), frozen_s=4.5, preset="medium")
        report = chaos.run(jobs, faults, (0.2, 1.5), limit_s)
        logs = service.logs()
    assert not report.wrong, "\n".join([*report.wrong, logs])
    assert sum(report.faults.values()) >= 6
    assert processes_naming(str(tmp_path)) == []
