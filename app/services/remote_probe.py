"""Probe what lies elsewhere: from its beginning and its end where they tell enough, else from all of it."""

import os
import tempfile
from dataclasses import replace

from app import settings
from app.engine import probe as local_probe
from app.engine import tools, workspace
from app.engine.storage import local, outline
from app.engine.storage.fetch import Fetch, Tick, patiently
from app.engine.storage.port import Source
from app.errors import Failure
from app.services import remote
from operators.media import MediaInfo
from planner.plan.steps import MEDIA

_SMALL_BYTES = 4 << 20
"""Not worth reading in parts."""


def probe(uri: str, tenant_id: str, tick: Tick, within_s: float) -> MediaInfo:
    """MediaInfo of a remote source. Raises: Failure; whatever `tick` raises."""
    now = settings.current()
    os.makedirs(now.work_dir, mode=0o700, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=workspace.PROBE, dir=now.work_dir) as folder:
            return _probe(
                remote.open_source(uri, tenant_id, within_s), os.path.join(folder, MEDIA), tick
            )
    except OSError as error:
        raise local.write_failure(error, "A work file") from error


def _probe(source: Source, path: str, tick: Tick) -> MediaInfo:
    now = settings.current()
    for attempt in patiently():
        with attempt:
            known = source.describe()
    most = now.limit_input_bytes
    fetch = Fetch(source=source, known=known, path=path, most_bytes=most, tick=tick)
    binaries = tools.find(now)
    if known.has_ranges and (known.size_bytes or 0) > _SMALL_BYTES and outline.bring(fetch):
        try:
            info = local_probe.probe(path, binaries, is_partial=True)
            if outline.tells(info):
                return replace(info, size_bytes=known.size_bytes)
        except Failure:
            pass  # the parts do not tell enough
    fetch.whole()
    return local_probe.probe(path, binaries)
