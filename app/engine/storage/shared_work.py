"""Work files on S3, for workers that share no disk: a prefix a job, an object a file."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from app.engine.storage.fetch import Fetch
from app.engine.storage.s3 import S3Object, S3Publication, S3Source, removing
from app.errors import Failure
from operators.problem import Code
from planner.uri import parse_uri

Tick = Callable[[int], object]


@dataclass(frozen=True, kw_only=True)
class SharedWork:
    """Below `uri`: `<job>/<step>/<attempt>/<file>`."""

    uri: str
    endpoint: str

    def keep(
        self, folder: str, key: tuple[str, str, int], names: Iterable[str], tick: Tick
    ) -> None:
        """Store files of a folder. Whoever ends in between leaves what is removed with the job.

        Raises: Failure; whatever `tick` raises.
        """
        for name in names:
            target = S3Object(uri=f"{self._at(key)}/{name}", endpoint=self.endpoint)
            publication = S3Publication(target=target)
            try:
                publication.stage(os.path.join(folder, name), lambda _: None, tick)
                publication.reveal()
            except BaseException:
                publication.discard()
                raise

    def bring(self, folder: str, key: tuple[str, str, int], tick: Tick) -> None:
        """Make a folder what it was where it was kept; it appears at once. Raises: Failure, OSError."""
        parent = os.path.dirname(folder)
        os.makedirs(parent, mode=0o700, exist_ok=True)
        made = tempfile.mkdtemp(prefix="bring-", dir=parent)
        try:
            names = self._names(key)
            if not names:  # an empty folder would be taken for what was kept
                raise Failure(
                    code=Code.STORAGE_ERROR, message=f"Work files of step {key[1]} are gone."
                )
            for name in names:
                self._fetch(f"{self._at(key)}/{name}", os.path.join(made, name), tick)
            os.rename(made, folder)
        except OSError:
            if not os.path.isdir(folder):  # else somebody else was faster
                raise
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def _fetch(self, uri: str, path: str, tick: Tick) -> None:
        source = S3Source(uri=uri, endpoint=self.endpoint)
        known = source.describe()
        most = known.size_bytes or 0
        Fetch(source=source, known=known, path=path, most_bytes=most, tick=tick).whole()

    def jobs(self) -> list[str]:
        """The ids of the jobs that have files here. Raises: Failure."""
        bucket, prefix = self._where
        with removing(self.uri):
            pages = self._pages(Bucket=bucket, Prefix=f"{prefix}job_", Delimiter="/")
            found = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", ())]
        return [text.rstrip("/").rpartition("/")[2] for text in found]

    def remove(self, job_id: str) -> None:
        """Everything that a job left here. Raises: Failure."""
        bucket, prefix = self._where
        with removing(self.uri):
            for page in self._pages(Bucket=bucket, Prefix=f"{prefix}{job_id}/"):
                for entry in page.get("Contents", ()):
                    self._api.delete_object(Bucket=bucket, Key=entry["Key"])
            # what a worker had begun when it died does not show among the objects
            uploads = self._api.list_multipart_uploads(Bucket=bucket, Prefix=f"{prefix}{job_id}/")
            for begun in uploads.get("Uploads", ()):
                self._api.abort_multipart_upload(
                    Bucket=bucket, Key=begun["Key"], UploadId=begun["UploadId"]
                )

    def _names(self, key: tuple[str, str, int]) -> list[str]:
        bucket, prefix = self._where
        begin = prefix + "/".join(map(str, key)) + "/"
        with removing(self.uri):
            pages = self._pages(Bucket=bucket, Prefix=begin)
            return [
                e["Key"].removeprefix(begin) for page in pages for e in page.get("Contents", ())
            ]

    def _at(self, key: tuple[str, str, int]) -> str:
        bucket, prefix = self._where
        return f"s3://{bucket}/{prefix}" + "/".join(map(str, key))

    @property
    def _where(self) -> tuple[str, str]:
        found = parse_uri(self.uri.rstrip("/") + "/x")
        return found.host, found.path[1:-1]

    @property
    def _api(self) -> Any:
        return S3Object(uri=self.uri, endpoint=self.endpoint).api

    def _pages(self, **which: str) -> Any:
        return self._api.get_paginator("list_objects_v2").paginate(**which)
