"""S3 servers for tests: moto for what S3 means, nanio for credentials, speed and sudden ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from tests.helpers import kinds
from tests.helpers.pace import scaled, until
from tests.helpers.service import free_port

KEYS = {
    "AWS_ACCESS_KEY_ID": "test-key",
    "AWS_SECRET_ACCESS_KEY": "test-secret-of-the-tests",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True, kw_only=True)
class S3Server:
    """A running server, with a bucket `media`."""

    endpoint: str
    kind: str

    @property
    def api(self) -> Any:
        return boto3.client(
            "s3", endpoint_url=self.endpoint,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"], aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
            region_name="us-east-1",
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )  # fmt: skip

    def put(self, key: str, body: bytes) -> str:
        """An object; its URI."""
        self.api.put_object(Bucket="media", Key=key, Body=body)
        return f"s3://media/{key}"

    def get(self, key: str) -> bytes:
        found: bytes = self.api.get_object(Bucket="media", Key=key)["Body"].read()
        return found

    def media_type(self, key: str) -> str:
        return str(self.api.head_object(Bucket="media", Key=key)["ContentType"])

    def keys(self, prefix: str = "") -> list[str]:
        found = self.api.list_objects_v2(Bucket="media", Prefix=prefix)
        return [entry["Key"] for entry in found.get("Contents", ())]

    def uploads(self) -> list[str]:
        """Keys with uploads that were begun and not ended."""
        found = self.api.list_multipart_uploads(Bucket="media")
        return [entry["Key"] for entry in found.get("Uploads", ())]

    def presigned(self, key: str, seconds: int = 600) -> str:
        where = {"Bucket": "media", "Key": key}
        url: str = self.api.generate_presigned_url("get_object", Params=where, ExpiresIn=seconds)
        return url

    @property
    def settings(self) -> dict[str, str]:
        """What the service must be told."""
        return {**KEYS, "S3_ENDPOINT_URL": self.endpoint, "S3_ALLOWED_PREFIXES": "media"}


@contextmanager
def s3_server(kind: str, folder: Path) -> Iterator[S3Server]:
    """`moto` or `nanio`, as a process of its own."""
    kinds.require("server")
    port = free_port()
    commands = {
        "moto": ["-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        "nanio": [
            "-m", "nanio", "serve", "--host", "127.0.0.1", "--port", str(port), "--data-dir", str(folder / "s3"),
            "--log-level", "error", "--no-access-log",
        ],
    }  # fmt: skip
    keys = {
        "NANIO_ACCESS_KEY": KEYS["AWS_ACCESS_KEY_ID"],
        "NANIO_SECRET_KEY": KEYS["AWS_SECRET_ACCESS_KEY"],
    }
    process = subprocess.Popen(
        [sys.executable, *commands[kind]], env={**os.environ, **keys},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        server = S3Server(endpoint=f"http://127.0.0.1:{port}", kind=kind)
        _await(server, process)
        server.api.create_bucket(Bucket="media")
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=scaled(10))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(server: S3Server, process: "subprocess.Popen[bytes]") -> None:
    def answers() -> bool:
        assert process.poll() is None, f"{server.kind} does not start"
        try:
            httpx.get(server.endpoint, timeout=scaled(2))
        except httpx.TransportError:
            return False
        return True

    until(f"{server.kind} answers", answers, 30)
