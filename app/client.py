"""A Python client of a server. Needs httpx and tenacity alone.

    from app.client import Client

    with Client("http://127.0.0.1:8080", api_key="mp_live_…") as media:
        job = media.wait(media.submit(spec)["job_id"])

Documents are as the API has them. What may be sent twice is: reads, cancels, and submissions, each of
which has an Idempotency-Key. So a server that restarts is waited for, and a job is made once.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_delay,
    wait_random_exponential,
)

Document = dict[str, Any]
TERMINAL = frozenset({"completed", "failed", "cancelled"})
_AWAY = frozenset({429, 502, 503, 504})
_MOST_WAIT_S = 5.0
_ASKED_WAIT_S = 60.0


class ApiError(Exception):
    """The server refused: `error` is the error object, `status` the HTTP status."""

    def __init__(self, status: int, error: Document) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.status, self.error = status, error

    @property
    def code(self) -> str | None:
        return self.error.get("code")


class ServerUnreachable(Exception):
    """No answer, or none that a media-pipeline gives."""


class JobTimeout(Exception):
    """The job has not ended in the time that its caller had for it; it goes on."""


class Client:
    """One server. `patience_s`: for so long a server that is away is asked again and again.

    Methods raise ApiError and ServerUnreachable.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        *,
        timeout_s: float = 30,
        patience_s: float = 20,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self.url, self.patience_s = url, patience_s
        try:
            self._http = httpx.Client(
                base_url=url, headers=headers, timeout=timeout_s, transport=transport
            )
        except httpx.InvalidURL as error:
            raise ServerUnreachable(f"{url} is not a URL") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def submit(self, spec: Mapping[str, Any], idempotency_key: str | None = None) -> Document:
        """Submit a JobSpec; the job. The same key with the same spec gives the same job."""
        once = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        return self.call("POST", "/v1/jobs", json=spec, headers=once)

    def job(self, job_id: str) -> Document:
        return self.call("GET", f"/v1/jobs/{job_id}")

    def jobs(self, **query: Any) -> Iterator[Document]:
        """Jobs, the newest first: `status`, `tag`, `created_after`, `created_before`."""
        return self.pages("/v1/jobs", **query)

    def wait(
        self,
        job_id: str,
        *,
        timeout_s: float | None = None,
        poll_s: float = 0.5,
        on_change: Callable[[Document], object] = lambda _: None,
    ) -> Document:
        """The job when it has ended; `on_change` sees it meanwhile. Raises: JobTimeout."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while (job := self.job(job_id))["status"] not in TERMINAL:
            on_change(job)
            if deadline is not None and time.monotonic() > deadline:
                raise JobTimeout(f"{job_id} is {job['status']} after {timeout_s:g} s")
            time.sleep(poll_s)
        return job

    def cancel(self, job_id: str) -> Document:
        return self.call("DELETE", f"/v1/jobs/{job_id}")

    def retry(self, job_id: str) -> Document:
        """Try a failed job again."""
        return self.call("POST", f"/v1/jobs/{job_id}/retry", is_repeatable=False)

    def logs(self, job_id: str, **query: Any) -> Iterator[Document]:
        """Log lines, oldest first: `stage`, `level`."""
        return self.pages(f"/v1/jobs/{job_id}/logs", **query)

    def steps(self, job_id: str) -> list[Document]:
        """A job's steps, each with all of its attempts."""
        return list(self.pages(f"/v1/jobs/{job_id}/steps"))

    def workers(self) -> list[Document]:
        """Who works, and on what. For administrators."""
        return list(self.pages("/v1/workers"))

    def plan(self, spec: Mapping[str, Any]) -> Document:
        """The plan of a spec, without running it."""
        return self.call("POST", "/v1/plans", json=spec)

    def probe(self, source: str) -> Document:
        """What a source holds."""
        return self.call("POST", "/v1/probe", json={"source": source})

    def pages(self, path: str, **query: Any) -> Iterator[Document]:
        """Every row of a list, page by page."""
        cursor: str | None = None
        while True:
            at = {"cursor": cursor} if cursor else {}
            page = self.call("GET", path, params={**query, **at})
            yield from page["data"]
            cursor = page["next_cursor"]
            if not page["has_more"]:
                return

    def call(self, method: str, path: str, is_repeatable: bool = True, **more: Any) -> Document:
        """The document that an endpoint answers with."""
        try:
            answer = self._send(method, path, is_repeatable, **more)
            document = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise ServerUnreachable(
                f"{self.url} does not answer as media-pipeline would: {error}"
            ) from error
        if not isinstance(document, dict):
            raise ServerUnreachable(f"{self.url} does not answer as media-pipeline would")
        if not answer.is_success:
            raise ApiError(answer.status_code, document)
        return document

    def _send(self, method: str, path: str, is_repeatable: bool, **more: Any) -> httpx.Response:
        if not is_repeatable:
            return self._http.request(method, path, **more)
        retrying = Retrying(
            retry=retry_if_exception_type(httpx.TransportError) | retry_if_result(_is_away),
            stop=stop_after_delay(self.patience_s),
            wait=_wait,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        found: httpx.Response = retrying(self._http.request, method, path, **more)
        return found


def _is_away(answer: httpx.Response) -> bool:
    return answer.status_code in _AWAY


_backoff = wait_random_exponential(multiplier=0.2, max=_MOST_WAIT_S)


def _wait(state: RetryCallState) -> float:
    """As long as the server asks for, else a little longer each time."""
    outcome = state.outcome
    answer = outcome.result() if outcome and not outcome.failed else None
    asked = answer.headers.get("Retry-After", "") if answer is not None else ""
    return min(float(asked), _ASKED_WAIT_S) if asked.isdigit() else _backoff(state)
