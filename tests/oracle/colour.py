"""Colours of decoded samples, as a player shows them (ITU-R BT.601, BT.709, BT.2020, BT.2100)."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.tools import Tools

Array = NDArray[np.floating[Any]]

# how much red and blue count in luma
_LUMA = {
    "bt709": (0.2126, 0.0722), "bt470bg": (0.299, 0.114), "smpte170m": (0.299, 0.114),
    "bt2020nc": (0.2627, 0.0593), "smpte240m": (0.212, 0.087), "fcc": (0.30, 0.11),
}  # fmt: skip
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Frames of a file. `rgb`: frames x height x width x 3, 0 to 1, in the file's own transfer;
    `alpha` the same without the last axis."""

    rgb: Array
    alpha: Array
    tags: dict[str, Any]


def pictures(binaries: Tools, path: Path) -> Pictures:
    """All frames of the first picture, through no filter."""
    (tags,) = _probed(binaries, path)["streams"]
    has_alpha = tags["codec_name"] in _ALPHA_DECODERS and (
        tags.get("tags", {}).get("alpha_mode", tags.get("tags", {}).get("ALPHA_MODE")) == "1"
    )
    form = "yuva420p" if has_alpha else tags.get("pix_fmt", "rgba64be")
    form = "rgba" if form in ("pal8", "bgra", "argb", "abgr", "gbrap") else form
    form = "rgb24" if form in ("bgr24", "gbrp", "bgr0", "0rgb") else form
    if form.startswith(("gbrp1", "gbrap1")):
        form = "rgba64le" if "gbrap" in form else "rgb48le"
    decoder = ["-c:v", _ALPHA_DECODERS[tags["codec_name"]]] if has_alpha else []
    command = [
        binaries.ffmpeg, "-v", "error", "-nostdin", *decoder, "-noautorotate", "-i", f"file:{path}",
        "-map", "0:v:0", "-fps_mode", "passthrough", "-pix_fmt", form, "-f", "rawvideo", "-",
    ]  # fmt: skip
    raw = subprocess.run(command, capture_output=True, check=True, timeout=120).stdout
    size = tags["width"], tags["height"]
    if not size[0]:  # an ffprobe without zlib
        head = path.read_bytes()[16:24]
        size = int.from_bytes(head[:4]), int.from_bytes(head[4:])
    if form.startswith("yuv"):
        return _from_yuv(raw, form, *size, tags)
    if form.startswith("gray"):
        grey = _samples(raw, form).reshape(-1, size[1], size[0]) / _most(form)
        return Pictures(rgb=np.stack([grey] * 3, -1), alpha=np.ones_like(grey), tags=tags)
    count = 4 if "a" in form else 3
    whole = _samples(raw, form).reshape(-1, size[1], size[0], count) / _most(form)
    alpha = whole[..., 3] if count == 4 else np.ones(whole.shape[:3])
    return Pictures(rgb=whole[..., :3], alpha=alpha, tags=tags)


def _probed(binaries: Tools, path: Path) -> Any:
    command = [
        binaries.ffprobe, "-v", "error", "-of", "json", "-select_streams", "v:0", "-show_streams", f"file:{path}",
    ]  # fmt: skip
    return json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)


def _depth(form: str) -> int:
    if "48" in form or "64" in form:
        return 16
    digits = form.removesuffix("le").removesuffix("be").rpartition("p")[2]
    return int(digits) if form.startswith(("yuv", "gbr")) and digits else 16 if "16" in form else 8


def _most(form: str) -> int:
    return int(2 ** _depth(form) - 1)


def _samples(raw: bytes, form: str) -> Array:
    kind = (
        np.dtype("u1") if _depth(form) == 8 else np.dtype(">u2" if form.endswith("be") else "<u2")
    )
    return np.frombuffer(raw, kind).astype(np.float32)


def _from_yuv(raw: bytes, form: str, width: int, height: int, tags: dict[str, Any]) -> Pictures:
    across = 1 if "444" in form else 2
    down = 2 if "420" in form else 1
    chroma = (-(-height // down), -(-width // across))
    sizes = [(height, width), chroma, chroma, *([(height, width)] if "yuva" in form else [])]
    flat = _samples(raw, form).reshape(-1, sum(h * w for h, w in sizes))
    planes, at = [], 0
    for h, w in sizes:
        planes.append(flat[:, at : at + h * w].reshape(-1, h, w))
        at += h * w
    scale = 2.0 ** (_depth(form) - 8)
    luma, *halves = planes[:3]
    cb, cr = (p.repeat(down, 1).repeat(across, 2)[:, :height, :width] for p in halves)
    if form.startswith("yuvj") or tags.get("color_range") == "pc":
        y, low, high = luma / _most(form), cb - 128 * scale, cr - 128 * scale
        pb, pr = low / _most(form), high / _most(form)
    else:
        y = (luma / scale - 16) / 219
        pb, pr = (cb / scale - 128) / 224, (cr / scale - 128) / 224
    rgb = _to_rgb(y, pb, pr, _matrix(tags, width, height))
    alpha = planes[3] / _most(form) if len(planes) > 3 else np.ones_like(luma)
    return Pictures(rgb=rgb, alpha=alpha, tags=tags)


def _matrix(tags: dict[str, Any], width: int, height: int) -> str:
    """The tagged one; else as players suppose."""
    if tags["codec_name"] in ("mjpeg", "webp"):
        return "bt470bg"  # whatever is said beside it: JFIF and WebP know no other
    told = tags.get("color_space")
    if told in _LUMA:
        return str(told)
    return "bt709" if max(width, height) >= 1280 or min(width, height) >= 720 else "smpte170m"


def _to_rgb(y: Array, pb: Array, pr: Array, matrix: str) -> Array:
    kr, kb = _LUMA[matrix]
    rgb = np.empty((*y.shape, 3), y.dtype)
    rgb[..., 0] = red = y + 2 * (1 - kr) * pr
    rgb[..., 2] = blue = y + 2 * (1 - kb) * pb
    rgb[..., 1] = (y - kr * red - kb * blue) / (1 - kr - kb)
    return np.clip(rgb, 0, 1, out=rgb)


def difference(one: Array, other: Array) -> float:
    """How far two colours (R'G'B', 0 to 1) are apart to the eye: CIE 1976 ΔE."""
    return float(np.linalg.norm(_lab(one) - _lab(other)))


def _lab(rgb: Array) -> Array:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = _XYZ @ linear / _XYZ.sum(1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def light(rgb: Array, transfer: str) -> Array:
    """How bright each primary of an HDR or SDR colour is shown, in cd/m² (BT.2100; SDR white 203)."""
    if transfer == "smpte2084":
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        root = rgb ** (1 / m2)
        return np.asarray(10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1))
    if transfer == "arib-std-b67":
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(rgb <= 0.5, rgb**2 / 3, (np.exp((rgb - c) / a) + b) / 12)
        luma = scene @ np.array([0.2627, 0.678, 0.0593])
        return np.asarray(1000 * luma[..., None] ** 0.2 * scene)
    return np.asarray(203 * np.where(rgb < 0.081, rgb / 4.5, ((rgb + 0.099) / 1.099) ** (1 / 0.45)))
