"""`make load`: drive the API for a while as backends do, and print percentiles and errors.

Without --url a whole service is started here, its FFmpeg encoding what is submitted.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app import settings
from app.engine import tools
from tests.helpers.half_sent import half_sent
from tests.helpers.media import Media
from tests.helpers.service import running_service

_COLUMNS = (
    "Request Count",
    "Failure Count",
    "Requests/s",
    "50%",
    "95%",
    "99%",
    "Max Response Time",
)


@contextmanager
def _service(given: argparse.Namespace) -> Iterator[tuple[str, str, str]]:
    """URL, key and source of the service that is to be driven."""
    if given.url:
        yield given.url, given.key, given.source
        return
    with tempfile.TemporaryDirectory(prefix="mp-load-") as folder:
        media = Media(binaries=tools.find(settings.load(os.environ)), folder=Path(folder))
        with running_service(Path(folder, "data"), LIMIT_CONCURRENT_JOBS="100") as service:
            clip = service.media / "clip.mp4"
            clip.write_bytes(media.clip().read_bytes())
            yield str(service.client.base_url), service.key, f"file://{clip}"
            ended = service.client.get("/v1/jobs?status=completed&limit=1").json()["data"]
            failed = service.client.get("/v1/jobs?status=failed&limit=1").json()["data"]
            said = (service.data_dir / "logs" / "api.log").read_text().splitlines()
            for line in [text for text in said if "status=2" not in text][-60:]:
                print("api:", line, file=sys.stderr)
            print(f"jobs were encoded meanwhile: {'yes' if ended else 'no'}; failed: {len(failed)}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make load ARGS=…", description=__doc__)
    parser.add_argument("--url", help="a running service; else one is started")
    parser.add_argument("--key", default=os.environ.get("MEDIA_PIPELINE_API_KEY", ""))
    parser.add_argument("--source", default="file:///media/clip.mp4", help="what jobs read")
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument(
        "--slowloris", type=int, default=0, help="so many half-sent requests beside"
    )
    given = parser.parse_args()
    with (
        _service(given) as (url, key, source),
        half_sent(url, given.slowloris),
        tempfile.TemporaryDirectory() as folder,
    ):
        env = {**os.environ, "MP_KEY": key, "MP_SOURCE": source}
        done = subprocess.run(
            [
                sys.executable, "-m", "locust", "-f", str(Path(__file__).parent / "locustfile.py"),
                "--headless", "--host", url, "--users", str(given.users), "--spawn-rate", "10",
                "--run-time", f"{min(given.seconds, 3600)}s", "--csv", f"{folder}/load", "--only-summary",
                "--stop-timeout", "5", "--logfile", f"{folder}/log",
            ],
            env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        _show(Path(folder, "load_stats.csv"))
        for line in Path(folder, "load_failures.csv").read_text().splitlines()[1:]:
            print("error:", line)
        if done.returncode:
            print(Path(folder, "log").read_text()[-3000:], file=sys.stderr)
    return done.returncode


def _show(stats: Path) -> None:
    print(f"{'ms':42}{'count':>8}{'errors':>8}{'per s':>8}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}")
    with stats.open() as file:
        for row in csv.DictReader(file):
            # N/A where nothing was answered in time
            numbers = [float(row[column].replace("N/A", "nan")) for column in _COLUMNS]
            name = f"{row['Type']} {row['Name']}".strip()
            print(f"{name:42}" + "".join(f"{number:8.0f}" for number in numbers))


if __name__ == "__main__":
    sys.exit(main())
