"""The table of the zoo: one row a file."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "6", "-g", "12")
BFRAMES = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "6", "-g", "12", "-bf", "2")
MPEG4 = ("-c:v", "mpeg4", "-q:v", "2")
AAC = ("-c:a", "aac", "-b:a", "192k")


@dataclass(frozen=True, kw_only=True)
class Track:
    """A track of sound: channel n has the seed `seed + n`."""

    channels: int = 2
    layout: str | None = None
    rate: int = 48_000
    seconds: Fraction = Fraction(1)
    late: Fraction = Fraction(0)
    """How much later than the file it begins."""
    seed: int = 1
    hole: tuple[Fraction, Fraction] | None = None
    """From when to when its packets are missing."""
    words: tuple[str, ...] = AAC


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """A file. `times`: when each frame is shown, in milliseconds, where they keep no rate."""

    name: str
    traits: tuple[str, ...]
    size: tuple[int, int] = (192, 144)
    rate: Fraction | None = Fraction(25)
    frames: int = 25
    times: tuple[int, ...] = ()
    late: Fraction = Fraction(0)
    pixels: str = "yuv420p"
    matrix: str = "bt601"
    is_full: bool = False
    tags: tuple[str, str, str] | None = None
    """Matrix, primaries, transfer, as FFmpeg names them."""
    sar: Fraction = Fraction(1)
    rotation: int = 0
    """Degrees clockwise that a player turns it."""
    field_order: str | None = None
    picture: tuple[str, ...] | None = H264
    tracks: tuple[Track, ...] = (Track(),)
    words: tuple[str, ...] = ()
    """Of the output: container options."""
    has_colours: bool = True
    """Whether decoded colours are those of the drawing (not of HDR, not of few colours)."""
    is_still: bool = False
    is_mirrored: bool = False
    extras: tuple[str, ...] = ()
    """What is in the file besides: `cover`, `captions`, `picture captions`, `second picture`, and
    `unknown sound`, which nothing decodes."""
    first: int = 0
    """The number of its first frame."""
    then: tuple[int, int] | None = None
    """From the middle on, the size of its frames."""
    lies: bool = False
    """Whether its header tells another length."""

    @property
    def is_lossy(self) -> bool:
        """Whether its sound is."""
        kept = ("pcm", "flac", "alac")
        return not all(any(word.startswith(kept) for word in t.words) for t in self.tracks)

    @property
    def has_picture(self) -> bool:
        return self.picture is not None


def _s(name: str, *traits: str, **given: Any) -> Specimen:
    return Specimen(name=name, traits=traits, **given)


def _only(name: str, *traits: str, words: tuple[str, ...] = AAC, out: tuple[str, ...] = (), **given: Any) -> Specimen:  # fmt: skip
    """A file of sound."""
    track = Track(words=words, **given)
    return Specimen(name=name, traits=("sound alone", *traits), picture=None, rate=None, frames=0, tracks=(track,), words=out)  # fmt: skip


_VFR = (0, 40, 80, 200, 240, 300, 400, 433, 466, 500, 620, 700, 740, 800, 900, 960)
_GAPS = (*range(0, 320, 40), *range(640, 1000, 40))
_709 = ("bt709", "bt709", "bt709")
_601 = ("smpte170m", "smpte170m", "smpte170m")
_FFV1 = ("-c:v", "ffv1", "-level", "3")
_PCM = ("-c:a", "pcm_s16le")
_MP2 = ("-c:a", "mp2", "-b:a", "256k")

CONTAINERS = (
    _s("plain.mp4", "mp4", "constant rate", "stereo", "8 bits", picture=H264),
    _s("bframes.mp4", "mp4", "b-frames", "edit list", picture=BFRAMES),
    _s("fragmented.mp4", "mp4", "fragments", words=("-movflags", "frag_keyframe+delay_moov")),
    _s("plain.mov", "mov", "pcm beside picture", tracks=(Track(words=_PCM),)),
    _s("timecode.mov", "mov", "data track", words=("-timecode", "01:00:00:00")),
    _s("plain.mkv", "mkv", "milliseconds", picture=BFRAMES),
    _s("plain.webm", "webm", "milliseconds", picture=("-c:v", "libvpx-vp9", "-crf", "8", "-b:v", "0", "-cpu-used", "8"), tracks=(Track(words=("-c:a", "libopus", "-b:a", "160k")),)),
    _s("vp8.webm", "webm", "vp8", picture=("-c:v", "libvpx", "-crf", "4", "-b:v", "8M", "-cpu-used", "8"), tracks=(Track(words=("-c:a", "libvorbis", "-q:a", "7")),)),
    _s("plain.ts", "ts", "start not 0", "b-frames", picture=BFRAMES, tracks=(Track(words=_MP2),)),
    _s("wrap.ts", "ts", "pts wrap", picture=BFRAMES, words=("-output_ts_offset", "95442.9"), tracks=(Track(words=_MP2),)),
    _s("mpeg2.mpg", "ps", "mpeg2", picture=("-c:v", "mpeg2video", "-q:v", "2", "-bf", "2"), tracks=(Track(words=_MP2),)),
    _s("bframes.avi", "avi", "b-frames", "no times", picture=(*MPEG4, "-bf", "2"), tracks=(Track(words=_PCM),)),
    _s("h264.avi", "avi", "b-frames", "no times", picture=BFRAMES, tracks=(Track(words=_PCM),)),
    _s("mjpeg.avi", "avi", "mjpeg", "full range", picture=("-c:v", "mjpeg", "-q:v", "2"), pixels="yuvj420p", is_full=True, tracks=(Track(words=_PCM),)),
    _s("plain.flv", "flv", "milliseconds", picture=BFRAMES, tracks=(Track(rate=44_100),)),
    _s("plain.3gp", "mp4", "mpeg4", picture=MPEG4, size=(176, 144), words=("-f", "3gp")),
    _s("plain.mxf", "mxf", "mpeg2", "timecode", picture=("-c:v", "mpeg2video", "-q:v", "2"), tracks=(Track(words=_PCM),), words=("-timecode", "10:00:00:00")),
    _s("wmv2.asf", "asf", "milliseconds", picture=("-c:v", "wmv2", "-q:v", "2"), tracks=(Track(words=("-c:a", "wmav2", "-b:a", "192k"), rate=44_100),)),
    _s("hevc.mp4", "mp4", "hevc", picture=("-c:v", "libx265", "-crf", "8", "-preset", "ultrafast", "-x265-params", "log-level=error")),
    _s("av1.mkv", "mkv", "av1", picture=("-c:v", "libaom-av1", "-crf", "10", "-cpu-used", "8", "-lag-in-frames", "0")),
    _s("prores.mov", "mov", "prores", "4:2:2", "10 bits", pixels="yuv422p10le", picture=("-c:v", "prores_ks"), tracks=(Track(words=("-c:a", "pcm_s24le")),)),
    _s("opengop.mp4", "mp4", "open gop", picture=(*BFRAMES, "-x264-params", "open-gop=1")),
    _s("onekey.mp4", "mp4", "one keyframe", picture=(*BFRAMES, "-g", "250"), frames=50, tracks=(Track(seconds=Fraction(2)),)),
)  # fmt: skip

RATES = (
    _s("ntsc_film.mkv", "mkv", "23.976", rate=Fraction(24_000, 1001), frames=24),
    _s("ntsc.mp4", "mp4", "29.97", rate=Fraction(30_000, 1001), frames=30),
    _s("fast.mp4", "mp4", "60", rate=Fraction(60), frames=60),
    _s("slow.mp4", "mp4", "10", rate=Fraction(10), frames=10),
    _s("webcam.mkv", "mkv", "15", rate=Fraction(15), frames=15),
    _s("vfr.mkv", "mkv", "variable rate", rate=None, times=_VFR),
    _s("vfr.mp4", "mp4", "variable rate", rate=None, times=_VFR),
    _s("vfr.webm", "webm", "variable rate", rate=None, times=_VFR, picture=("-c:v", "libvpx", "-crf", "4", "-b:v", "8M", "-cpu-used", "8", "-auto-alt-ref", "0"), tracks=(Track(words=("-c:a", "libopus", "-b:a", "160k")),)),
    _s("gaps.mkv", "mkv", "gaps", rate=None, times=_GAPS),
    _s("gaps.mp4", "mp4", "gaps", rate=None, times=_GAPS, picture=BFRAMES),
)  # fmt: skip

SOUNDS = (
    _s("longer.mp4", "mp4", "sound longer", tracks=(Track(seconds=Fraction(3, 2)),)),
    _s("shorter.mp4", "mp4", "sound shorter", tracks=(Track(seconds=Fraction(3, 5)),)),
    _s("late.mp4", "mp4", "sound late", tracks=(Track(late=Fraction(3, 10), seconds=Fraction(895, 1000)),)),
    _s("late.mkv", "mkv", "sound late", tracks=(Track(late=Fraction(3, 10), seconds=Fraction(895, 1000)),)),
    _s("late_picture.mp4", "mp4", "picture late", late=Fraction(2, 5), tracks=(Track(seconds=Fraction(7, 5)),)),
    _s("late_picture.mkv", "mkv", "picture late", late=Fraction(2, 5), tracks=(Track(seconds=Fraction(7, 5)),)),
    _s("start5.mkv", "mkv", "start not 0", words=("-output_ts_offset", "5")),
    _s("mono.mp4", "mp4", "mono", tracks=(Track(channels=1),)),
    _s("surround.mp4", "mp4", "5.1", tracks=(Track(channels=6, layout="5.1", words=("-c:a", "flac", "-sample_fmt:a", "s16")),), words=("-strict", "-2")),
    _s("side.mkv", "mkv", "5.1(side)", tracks=(Track(channels=6, layout="5.1(side)", words=("-c:a", "flac")),)),
    _s("seven.mkv", "mkv", "7.1", tracks=(Track(channels=8, layout="7.1", words=("-c:a", "flac")),)),
    _s("three.mkv", "mkv", "three tracks", tracks=tuple(Track(channels=1, seed=s, words=("-c:a", "flac")) for s in (1, 11, 21))),
    _s("two.mp4", "mp4", "two tracks", tracks=(Track(), Track(seed=31))),
    _s("cd.mkv", "mkv", "44.1 kHz", tracks=(Track(rate=44_100, words=("-c:a", "flac")),)),
    _s("phone.mov", "mov", "8 kHz", tracks=(Track(rate=8_000, channels=1, words=_PCM),)),
    _s("high.mkv", "mkv", "96 kHz", tracks=(Track(rate=96_000, words=("-c:a", "pcm_s24le")),)),
    _s("silent.mp4", "mp4", "no sound", tracks=()),
)  # fmt: skip

ALONE = (
    _only("s16.wav", "wav", words=_PCM),
    _only("s24.wav", "wav", "24 bits", words=("-c:a", "pcm_s24le")),
    _only("s32.wav", "wav", "32 bits", words=("-c:a", "pcm_s32le")),
    _only("float.wav", "wav", "float", words=("-c:a", "pcm_f32le")),
    _only("plain.flac", "flac", words=("-c:a", "flac")),
    _only("plain.mp3", "mp3", words=("-c:a", "libmp3lame", "-b:a", "192k")),
    _only("noxing.mp3", "mp3", "length guessed", words=("-c:a", "libmp3lame", "-q:a", "2"), out=("-write_xing", "0")),
    _only("adts.aac", "adts", "length guessed"),
    _only("plain.m4a", "m4a", "edit list"),
    _only("alac.m4a", "m4a", "lossless", words=("-c:a", "alac")),
    _only("plain.ogg", "ogg", words=("-c:a", "libvorbis", "-q:a", "6")),
    _only("plain.opus", "ogg", "opus", words=("-c:a", "libopus", "-b:a", "160k")),
    _only("surround.opus", "ogg", "opus", "5.1", words=("-c:a", "libopus", "-b:a", "448k"), channels=6, layout="5.1"),
    _only("plain.aiff", "aiff", words=("-c:a", "pcm_s16be")),
    _only("plain.caf", "caf", words=_PCM),
    _only("plain.w64", "w64", words=_PCM),
    _only("mono.mka", "mkv", "mono", words=("-c:a", "flac"), channels=1, rate=22_050),
)  # fmt: skip

COLOURS = (
    _s("untagged_hd.mp4", "mp4", "bt.709", "untagged", size=(1280, 96), matrix="bt709"),
    _s("tagged_709.mp4", "mp4", "bt.709", "tagged", matrix="bt709", tags=_709),
    _s("tagged_601.mkv", "mkv", "bt.601", "tagged", tags=_601),
    _s("full.mp4", "mp4", "full range", pixels="yuvj420p", matrix="bt709", is_full=True, tags=_709),
    _s("deep.mp4", "mp4", "10 bits", pixels="yuv420p10le", matrix="bt709", tags=_709),
    _s("deeper.mkv", "mkv", "12 bits", "4:2:2", pixels="yuv422p12le", matrix="bt709", tags=_709, picture=_FFV1),
    _s("chroma422.mp4", "mp4", "4:2:2", pixels="yuv422p"),
    _s("chroma444.mp4", "mp4", "4:4:4", pixels="yuv444p"),
    _s("rgb.mkv", "mkv", "rgb", pixels="rgb24", picture=_FFV1),
    _s("pq.mp4", "mp4", "pq", "10 bits", pixels="yuv420p10le", matrix="bt2020", tags=("bt2020nc", "bt2020", "smpte2084"), has_colours=False),
    _s("hlg.mp4", "mp4", "hlg", "10 bits", pixels="yuv420p10le", matrix="bt2020", tags=("bt2020nc", "bt2020", "arib-std-b67"), has_colours=False),
    _s("animated.gif", "gif", "palette", pixels="rgb24", picture=("-filter_complex", "[0:v]split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none"), tracks=(), has_colours=False),
)  # fmt: skip

SHAPES = (
    _s("tff.ts", "ts", "interlaced", field_order="tff", picture=(*H264, "-flags", "+ildct+ilme", "-x264-params", "tff=1")),
    _s("bff.mkv", "mkv", "interlaced", field_order="bff", picture=(*_FFV1, "-flags", "+ildct")),
    _s("odd.webm", "webm", "odd size", size=(161, 121), picture=("-c:v", "libvpx", "-crf", "4", "-b:v", "8M", "-cpu-used", "8"), tracks=(Track(words=("-c:a", "libopus", "-b:a", "160k")),)),
    _s("anamorphic.mp4", "mp4", "sar", sar=Fraction(4, 3)),
    _s("narrow.mkv", "mkv", "sar", sar=Fraction(9, 10)),
    _s("turned90.mp4", "mp4", "rotation", rotation=90),
    _s("turned180.mov", "mov", "rotation", rotation=180),
    _s("turned270.mp4", "mp4", "rotation", rotation=270, tracks=()),
    _s("upright.mp4", "mp4", "upright", size=(144, 192)),
    _s("still.png", "png", "still", is_still=True, frames=1, tracks=(), pixels="rgb24", picture=("-c:v", "png")),
    _s("still.jpg", "jpg", "still", "full range", is_still=True, frames=1, tracks=(), pixels="yuvj444p", is_full=True, picture=("-c:v", "mjpeg", "-q:v", "1")),
    _s("still.webp", "webp", "still", is_still=True, frames=1, tracks=(), pixels="yuv420p", picture=("-c:v", "libwebp", "-quality", "95")),
    _s("still.bmp", "bmp", "still", is_still=True, frames=1, tracks=(), pixels="rgb24", picture=("-c:v", "bmp", "-pix_fmt", "bgr24")),
)  # fmt: skip


_HOLE = Track(hole=(Fraction(2, 5), Fraction(3, 5)))

ODDITIES = (
    _s("hole.mkv", "mkv", "sound with a hole", tracks=(_HOLE,)),
    _s("hole.mp4", "mp4", "sound with a hole", tracks=(_HOLE,)),
    _s("hole.ts", "ts", "sound with a hole", "start not 0", tracks=(replace(_HOLE, words=_MP2),)),
    _s("mirror.mp4", "mp4", "mirror", is_mirrored=True),
    _s("cover.mp4", "mp4", "cover", extras=("cover",)),
    _s("cover.mkv", "mkv", "cover", extras=("cover",)),
    _s("captions.mp4", "mp4", "text subtitles", extras=("captions",)),
    _s("captions.mkv", "mkv", "text subtitles", extras=("captions",)),
    _s("programmes.ts", "ts", "two programmes", "start not 0", extras=("second picture",), tracks=(Track(words=_MP2), Track(seed=31, words=_MP2)), words=("-program", "title=one:st=0:st=1", "-program", "title=two:st=3:st=2")),
    _s("signs.mkv", "mkv", "picture subtitles", extras=("picture captions",)),
    _s("unknown.mkv", "mkv", "undecodable track", extras=("unknown sound",)),
    _s("sizes.ts", "ts", "size changes", "start not 0", then=(160, 120), tracks=(Track(words=_MP2),)),
    _s("long.mkv", "mkv", "lying length", lies=True),
    _s("long.flv", "flv", "lying length", lies=True, tracks=(Track(rate=44_100),)),
)  # fmt: skip

# what the others are joined and mixed with
OTHERS = (
    _s("other.mp4", "mp4", tracks=(Track(seed=41),), frames=20, size=(160, 120)),
    _only("other.wav", "wav", words=_PCM, seed=51, seconds=Fraction(4, 5)),
)

ZOO: dict[str, Specimen] = {
    row.name: row
    for row in (*CONTAINERS, *RATES, *SOUNDS, *ALONE, *COLOURS, *SHAPES, *ODDITIES, *OTHERS)
}


def lasting(row: Specimen) -> Fraction:
    """How long its picture is; 0 without."""
    if not row.has_picture or row.is_still:
        return Fraction(0)
    if row.times:
        return Fraction(row.times[-1] + 40, 1000)
    assert row.rate is not None
    return row.frames / row.rate
