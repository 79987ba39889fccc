"""Which files an output writes, and where two of a job meet: for validation, planning and publishing.

Names only; what links make of them is `app.services.job_files`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from operators.problem import Code, Problem, pointer

Places = Callable[[str], frozenset[str]]
"""What a URI stands for: all names by which its file is reached."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """A file of an output: its destination itself, or one whose name is made from that."""

    output: int
    uri: str
    what: str
    """As it is called in messages: `the destination`, `picture 3`, `the index`."""


def numbered(destination: str, number: str) -> str:
    """`thumb.jpg` becomes `thumb-0001.jpg`."""
    folder, slash, name = destination.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    return f"{folder}{slash}{stem or extension}-{number}" + (f"{dot}{extension}" if stem else "")


def beside(destination: str, extension: str) -> str:
    """The same name with another extension."""
    folder, slash, name = destination.rpartition("/")
    stem = name.rpartition(".")[0] or name
    return f"{folder}{slash}{stem}.{extension}"


def written_by(
    output: int, destination: str, images: int | None, has_sidecar: bool
) -> Iterator[Written]:
    """All files of an output. `images`: of more than one, each has its number."""
    if images is not None and images > 1:
        for number in range(1, images + 1):
            uri = numbered(destination, f"{number:04d}")
            yield Written(output=output, uri=uri, what=f"picture {number}")
    else:
        yield Written(output=output, uri=destination, what="the destination")
    if has_sidecar:
        yield Written(output=output, uri=beside(destination, "vtt"), what="the index")


def collisions(
    sources: Mapping[str, str], written: Iterable[Written], read: Places, write: Places
) -> list[Problem]:
    """Files that would be read and written, or written twice: one problem for each output.

    `sources`: URIs by input id; `read` and `write`: what they stand for.
    """
    readers = {place: name for name, uri in sources.items() for place in read(uri)}
    writers: dict[str, Written] = {}
    found: dict[int, Problem] = {}
    for file in written:
        for place in write(file.uri):
            if place in readers:
                found.setdefault(file.output, _is_read(file, readers[place]))
            other = writers.setdefault(place, file)
            if other is not file:
                found.setdefault(file.output, _is_written(file, other))
    return list(found.values())


def _is_read(file: Written, reader: str) -> Problem:
    return Problem(
        code=Code.INVALID_OUTPUT,
        pointer=pointer("outputs", file.output, "destination"),
        message=f'{file.what} ({file.uri}) would replace what input "{reader}" is read from',
        suggestion="A job that is tried again needs its inputs as they were; write elsewhere.",
    )


def _is_written(file: Written, other: Written) -> Problem:
    whose = "" if other.output == file.output else f" of output {other.output}"
    return Problem(
        code=Code.INVALID_OUTPUT,
        pointer=pointer("outputs", file.output, "destination"),
        message=f"{file.what} ({file.uri}) would replace {other.what}{whose}",
        suggestion="Give every output a destination of its own.",
    )
