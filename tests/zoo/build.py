"""Rendering the table: frames and samples of our own, given to FFmpeg's encoders and muxers."""

import hashlib
import struct
import subprocess
import tempfile
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from tests.helpers.media import cache_folder, keep
from tests.helpers.presentation import presentation
from tests.zoo import content
from tests.zoo.table import ZOO, Specimen, Track

_MP2_LEAD_IN = Fraction(481, 48_000)
"""By how much all of a file begins later because the encoder of MP2 begins before 0."""


@cache
def _ffmpeg() -> str:
    """The newest, whatever is tested: what is true of a file must not depend on that."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def specimen(name: str) -> Path:
    """A file of the zoo, rendered once per machine."""
    row = ZOO[name]
    told = repr(row) + Path(content.__file__).read_text() + Path(__file__).read_text() + _ffmpeg()
    kept = cache_folder() / "zoo" / hashlib.sha256(told.encode()).hexdigest()[:24] / name
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            fresh = Path(folder, name)
            (_one_after_the_other if row.then else _render)(row, fresh, Path(folder))
            keep(fresh, kept)
    return kept


def _render(row: Specimen, path: Path, folder: Path) -> None:
    inputs: list[str] = []
    maps: list[str] = []
    options: list[str] = list(row.picture or ())
    count = 0
    if row.has_picture:
        raw = folder / "picture.raw"
        raw.write_bytes(
            b"".join(_frame(row, row.first + n) for n in range(len(row.times) or row.frames))
        )
        inputs += [
            *(("-display_rotation", str(-row.rotation)) if row.rotation else ()),
            *(("-display_hflip",) if row.is_mirrored else ()),
            "-f", "rawvideo", "-pix_fmt", row.pixels, "-s", f"{row.size[0]}x{row.size[1]}",
            "-r", str(row.rate or 25), "-i", str(raw),
        ]  # fmt: skip
        maps += [] if "-filter_complex" in options else ["-map", "0:v", *_filters(row)]
        options += _look(row)
        count = 1
    for n, track in enumerate(row.tracks):
        raw = folder / f"sound{n}.raw"
        raw.write_bytes(_samples(track))
        layout = ("-channel_layout", track.layout) if track.layout else ()
        inputs += [
            "-f", "f32le", "-ar", str(track.rate), "-ac", str(track.channels), *layout, "-i", str(raw),
        ]  # fmt: skip
        maps += ["-map", f"{count + n}:a"]
        if track.hole:
            begin, end = map(float, track.hole)
            options += [f"-bsf:a:{n}", rf"noise=drop=gte(pts*tb\,{begin})*lt(pts*tb\,{end})"]
        if track.late:
            maps += [f"-filter:a:{n}", f"asetpts=PTS+{float(track.late)}/TB"]
        options += [f"{word}:{n}" if word.startswith("-") else word for word in track.words]
    count += len(row.tracks)
    for extra in row.extras:
        opened, picked = _extra(extra, row, count, folder)
        inputs, maps, options = [*inputs, *opened], [*maps, *picked[:2]], [*options, *picked[2:]]
    command = [
        _ffmpeg(), "-v", "error", "-nostdin", "-y", *inputs, *maps, *options, *row.words, str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    if row.lies:
        path.write_bytes(_with_another_length(path.read_bytes()))


def _one_after_the_other(row: Specimen, path: Path, folder: Path) -> None:
    """Two transport streams, the second with pictures alone."""
    assert row.then
    assert row.rate
    half = row.frames // 2
    offset = ("-output_ts_offset", f"{float(half / row.rate + _MP2_LEAD_IN)}")
    begin = replace(row, then=None, frames=half)
    rest = replace(
        row, then=None, size=row.then, first=half, frames=row.frames - half, tracks=(), words=offset
    )
    body = b""
    for part in (begin, rest):
        _render(part, path, folder)
        body += path.read_bytes()
    path.write_bytes(body)


def _extra(name: str, row: Specimen, count: int, folder: Path) -> tuple[list[str], list[str]]:
    """What is opened besides, and which of it goes into the file how."""
    if name == "cover":
        cover = ["-map", f"{count}:v", "-c:v:1", "copy", "-disposition:v:1", "attached_pic"]
        return ["-i", str(specimen("still.png"))], cover
    if name == "captions":
        text = folder / "captions.srt"
        text.write_text("1\n00:00:00,100 --> 00:00:00,800\nA line\n")
        kind = "mov_text" if row.name.endswith("mp4") else "srt"
        return ["-i", str(text)], ["-map", f"{count}:s", "-c:s", kind]
    if name == "picture captions":
        signs = folder / "signs.sup"
        signs.write_bytes(presentation())
        return ["-i", str(signs)], ["-map", f"{count}:s", "-c:s", "copy"]
    if name == "unknown sound":
        return [], ["-map", f"{count - 1}:a", f"-c:a:{len(row.tracks)}", "truehd", "-strict", "-2"]
    return [], ["-map", "0:v"]


def _with_another_length(body: bytes) -> bytes:
    """Seven times as long, in the header of Matroska or FLV: a double behind its name."""
    mark = b"\x44\x89\x88" if body.startswith(b"\x1a\x45\xdf\xa3") else b"duration\x00"
    at = body.index(mark) + len(mark)
    (told,) = struct.unpack(">d", body[at : at + 8])
    return body[:at] + struct.pack(">d", 7 * told) + body[at + 8 :]


def _filters(row: Specimen) -> list[str]:
    chain = []
    words: list[str] = []
    if row.times:
        moments = "+".join(f"eq(N,{n})*{at}" for n, at in enumerate(row.times))
        chain.append(f"settb=1/90000,setpts='({moments})*90'")
        words = ["-fps_mode", "passthrough", "-enc_time_base", "1/90000"]
    if row.late:
        chain.append(f"setpts=PTS+{float(row.late)}/TB")
        words = ["-fps_mode", "passthrough"]
    if row.field_order:
        chain.append(f"setfield={row.field_order}")
    if row.sar != 1:
        chain.append(f"setsar={row.sar}")
    if row.tags:
        space, primaries, transfer = row.tags
        spread = "pc" if row.is_full else "tv"
        chain.append(f"setparams=colorspace={space}:color_primaries={primaries}:color_trc={transfer}:range={spread}")  # fmt: skip
    return ["-vf", ",".join(chain), *words] if chain else words


def _look(row: Specimen) -> list[str]:
    if row.is_still:
        return ["-frames:v", "1"]
    if not row.tags:
        return []
    space, primaries, transfer = row.tags
    spread = "pc" if row.is_full else "tv"
    return ["-colorspace", space, "-color_primaries", primaries, "-color_trc", transfer, "-color_range", spread]  # fmt: skip


def _frame(row: Specimen, number: int) -> bytes:
    rgb = content.picture(number, *row.size)
    if row.pixels == "rgb24":
        return np.round(rgb * 255).astype("u1").tobytes()
    chroma = row.pixels.removeprefix("yuvj").removeprefix("yuv")[:3]
    depth = int(row.pixels.removesuffix("le").rpartition("p")[2] or 8)
    return content.in_yuv(rgb, row.matrix, chroma, depth, is_full=row.is_full)


def _samples(track: Track) -> bytes:
    times = np.arange(int(track.seconds * track.rate)) / track.rate
    channels = [content.sound(track.seed + n, times) for n in range(track.channels)]
    return np.stack(channels, 1).astype("<f4").tobytes()
