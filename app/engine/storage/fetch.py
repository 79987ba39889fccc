"""From a remote source into a local file, whole or in parts, resumed where it breaks off."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from app.engine.storage.local import md5
from app.engine.storage.port import Described, Source
from app.errors import Failure
from operators.problem import Code

Tick = Callable[[int], object]
"""Called with the bytes that have arrived; may raise to stop."""
_TRIES = 3
_WAIT_S = 0.2
_WORTH_WHILE_BYTES = 64 << 10


def is_transient(error: BaseException) -> bool:
    """Whether another try at once may do; a host that says when to come back is believed."""
    return isinstance(error, Failure) and error.is_retryable and error.retry_after is None


def patiently() -> Retrying:
    """Three tries, one soon after the other."""
    return Retrying(
        retry=retry_if_exception(is_transient),
        stop=stop_after_attempt(_TRIES),
        wait=wait_random_exponential(multiplier=_WAIT_S, max=2),
        reraise=True,
    )


@dataclass(kw_only=True)
class Fetch:
    """One object on its way to `path`. What nobody needed is a hole in the file."""

    source: Source
    known: Described
    path: str
    most_bytes: int
    tick: Tick = lambda _: None
    arrived: int = 0
    """Bytes that travelled."""
    _here: list[tuple[int, int]] = field(default_factory=list)
    """What is in the file, from and to, in order and apart."""

    def __post_init__(self) -> None:
        check_size(self.known.size_bytes, self.most_bytes)
        with open(self.path, "wb") as file:
            file.truncate(self.known.size_bytes or 0)

    def whole(self) -> None:
        """Raises: Failure, OSError; whatever `tick` raises."""
        if self.known.size_bytes is not None:
            self.need(0, self.known.size_bytes)
        else:
            for attempt in patiently():
                with attempt:
                    self._copy(0, None)
        if self.known.md5 and md5(self.path) != self.known.md5:
            text = f"What {self.source.host} sent has another MD5 than it says."
            raise Failure(code=Code.INPUT_DOWNLOAD_FAILED, message=text)

    def need(self, start: int, stop: int) -> None:
        """Bring what is missing between two places. Raises: as `whole`."""
        stop = min(stop, self.known.size_bytes or stop)
        for begin, end in [*self._here, (stop, stop)]:
            if start < min(begin, stop):
                self._bring(start, min(begin, stop))
            start = max(start, end)

    def read(self, start: int, stop: int) -> bytes:
        """Bytes of the object, brought where they are missing. Raises: as `whole`."""
        self.need(start, stop)
        with open(self.path, "rb") as file:
            file.seek(start)
            return file.read(stop - start)

    def _bring(self, start: int, stop: int) -> None:
        """Tries that brought something worth while are followed by three more."""
        while start < stop:
            before = self._reach(start)
            try:
                for attempt in patiently():
                    with attempt:
                        self._copy(self._reach(start), stop)
            except Failure as failure:
                if not is_transient(failure) or self._reach(start) - before < _WORTH_WHILE_BYTES:
                    raise
            start = self._reach(start)

    def _reach(self, start: int) -> int:
        """Up to where the file is complete from `start` on."""
        return next((end for begin, end in self._here if begin <= start <= end), start)

    def _copy(self, start: int, stop: int | None) -> None:
        at, end = start, self.known.size_bytes if stop is None else stop
        is_resumable = self.known.has_ranges and self.known.version is not None
        try:
            with open(self.path, "r+b") as file:
                file.seek(start)
                # to the end: no range need be asked for
                last = None if stop == self.known.size_bytes else stop
                with self.source.read(start, last, self.known.version) as chunks:
                    for chunk in chunks:
                        file.write(chunk)
                        at += len(chunk)
                        self.arrived += len(chunk)
                        check_size(at, self.most_bytes)
                        self.tick(self.arrived)
                file.truncate(max(at, self.known.size_bytes or 0))
            if end is not None and at != end:
                raise Failure(
                    code=Code.INPUT_DOWNLOAD_FAILED,
                    message=f"{self.source.host} sent {at - start} bytes instead of {end - start}.",
                )
        finally:
            if is_resumable or at == end:
                self._here = _merged([*self._here, (start, at)])


def _merged(parts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Parts in order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted(part for part in parts if part[0] < part[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], stop))
        else:
            found.append((start, stop))
    return found


def check_size(size_bytes: int | None, most_bytes: int) -> None:
    """Raises: Failure INPUT_TOO_LARGE."""
    if size_bytes is not None and size_bytes > most_bytes:
        raise Failure(
            code=Code.INPUT_TOO_LARGE,
            message=f"The file has {size_bytes} bytes, more than the {most_bytes} that are allowed.",
        )
