"""What users of the API do, for locust: submit, read, list, follow events, in the proportions of a backend
that watches its jobs. Configured by MP_KEY and MP_SOURCE."""

import os
import random
from typing import Any

from locust import HttpUser, between, task

_HEADERS = {"Authorization": f"Bearer {os.environ['MP_KEY']}"}
_SOURCE = os.environ["MP_SOURCE"]


def _spec(number: int) -> dict[str, Any]:
    folder = _SOURCE.rpartition("/")[0]
    return {
        "inputs": [{"id": "src", "source": _SOURCE}],
        "operations": [
            {"op": "scale", "input": "src", "output": "s", "params": {"width": 320, "height": -2}}
        ],
        "outputs": [{"id": "s", "destination": f"{folder}/load/{number}.mp4"}],
    }


class Backend(HttpUser):
    """One backend process with its jobs."""

    wait_time = between(0.2, 0.8)

    def on_start(self) -> None:
        self.client.headers.update(_HEADERS)
        self.jobs: list[str] = []
        self.submit()

    @task(2)
    def submit(self) -> None:
        answer = self.client.post("/v1/jobs", json=_spec(random.getrandbits(48)))
        if answer.status_code == 201:
            self.jobs.append(answer.json()["job_id"])

    @task(10)
    def read(self) -> None:
        job_id = random.choice(self.jobs[-20:])
        self.client.get(f"/v1/jobs/{job_id}", name="/v1/jobs/{id}")

    @task(4)
    def browse(self) -> None:
        self.client.get("/v1/jobs?limit=20", name="/v1/jobs?limit=20")

    @task(1)
    def follow(self) -> None:
        """Until the first event of the latest job."""
        with self.client.get(
            f"/v1/jobs/{self.jobs[-1]}/events",
            name="/v1/jobs/{id}/events (first event)", stream=True, catch_response=True,
        ) as answer:  # fmt: skip
            next(answer.iter_lines(), None)
