"""FFmpeg's `-progress` blocks as values."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The latest block; None where FFmpeg says N/A or nothing (audio has no frames)."""

    frame: int | None = None
    fps: float | None = None
    out_time_ms: int | None = None
    speed: float | None = None
    bitrate_bps: int | None = None
    total_size_bytes: int | None = None

    @property
    def place(self) -> tuple[int | None, int | None, int | None]:
        """How far it has come. Speed and rates change also while nothing moves."""
        return self.frame, self.out_time_ms, self.total_size_bytes

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class ProgressReader:
    """Collects `key=value` lines; a block ends with `progress=`."""

    def __init__(self) -> None:
        self.progress = Progress()
        self._block: dict[str, str] = {}

    def feed(self, line: bytes) -> None:
        key, _, value = line.decode("ascii", "replace").strip().partition("=")
        if key == "progress":
            self.progress = _parse(self.progress, self._block)
            self._block = {}
        else:
            self._block[key] = value.strip()


def _parse(last: Progress, block: dict[str, str]) -> Progress:
    # out_time_ms holds microseconds too, so only out_time_us can be trusted by its name
    micros = _number(block.get("out_time_us"))
    kbits = _number(block.get("bitrate", "").removesuffix("kbits/s"))
    frame = _number(block.get("frame"))
    size = _number(block.get("total_size"))
    return replace(
        last,
        frame=last.frame if frame is None else int(frame),
        fps=_number(block.get("fps")),
        out_time_ms=last.out_time_ms if micros is None else max(0, int(micros / 1000)),
        speed=_number(block.get("speed", "").removesuffix("x")),
        bitrate_bps=None if kbits is None else round(kbits * 1000),
        total_size_bytes=last.total_size_bytes if size is None else int(size),
    )


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
