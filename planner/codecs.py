"""What can be encoded and what each container holds: tables, no logic.

Names are FFmpeg's: a codec (`h264`) as ffprobe reports it, an encoder (`libx264`) as `-c:v` takes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from operators.media import Kind


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """One encoder: its codec, the options that we always set (with the reason), its ranges."""

    name: str
    codec: str
    kind: Kind
    crf_max: int | None = None
    default_crf: int | None = None
    presets: tuple[str, ...] = ()
    preset_option: str = "-preset"
    preset_values: Mapping[str, str] | None = None
    """Where the encoder's own presets are numbers: our preset word -> its number."""
    pixel_formats: tuple[str, ...] = ()
    """The first is used when the source's own is not among them."""
    profiles: tuple[str, ...] = ()
    profile_formats: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The pixel formats of the profiles that do not take all of them."""
    fixed: tuple[str, ...] = ()
    sample_rates: tuple[int, ...] = ()
    """Empty: any. Otherwise other rates become the next higher one."""
    max_channels: int = 64
    sample_bits: int | None = None
    """Of a lossless one: the most that it keeps of a sample."""
    is_float: bool = False
    """Whether it keeps samples above full scale."""
    needs_plain_layout: bool = False
    """Refuses surround layouts other than the usual one of each channel count."""
    crf_ceiling: str | None = None
    """The `-b:v` without which the encoder does not honour crf alone."""
    time_base: str | None = "1/90000"
    """Fine enough for irregular frames; None where the codec has its own."""
    max_frame_rate: int | None = None
    decoded_format: str | None = None
    """What its decoder calls the pixel format, where that is another word."""
    is_paletted: bool = False
    """Whether it wants a palette made of the pictures themselves."""
    is_image: bool = False
    needs_even: bool = False
    """Whether it refuses odd sizes of pictures whose colours are halved."""
    full_format: str | None = None
    """The pixel format for full-range pictures: FFmpeg 5 knows the range by the format's name."""
    matrix: str | None = None
    """The one matrix in which its pictures are read, whatever a file says."""
    clear_options: tuple[str, ...] = ()
    """What it needs beside a pixel format with transparency."""
    field_options: tuple[str, ...] = ()
    """With which it keeps fields apart; empty: it knows whole frames only."""
    decoded_rate: int | None = None
    """At which rate decoders hand samples over, where that is always the same."""
    keeps_range: bool = False
    """Whether it says that luma runs from end to end, of deep samples too."""
    cpu_factor: float = 1.0
    """Seconds of CPU for a second of 720p (video) or stereo (audio), first estimate."""

    def formats_of(self, profile: str | None) -> tuple[str, ...]:
        """The pixel formats that a profile (None: any) can be written with."""
        return self.profile_formats.get(profile or "", self.pixel_formats)


_X26X = (
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow",
)  # fmt: skip
_WORDS_TO_VPX = {"ultrafast": "8", "superfast": "7", "veryfast": "6", "faster": "5", "fast": "4",
                 "medium": "2", "slow": "1", "slower": "1", "veryslow": "0"}  # fmt: skip
_WORDS_TO_SVT = {"ultrafast": "12", "superfast": "11", "veryfast": "10", "faster": "9", "fast": "8",
                 "medium": "7", "slow": "5", "slower": "4", "veryslow": "2"}  # fmt: skip

_FIELDS = ("-flags:v:{n}", "+ildct+ilme")

ENCODERS: tuple[Encoder, ...] = (
    Encoder(
        name="libx264", codec="h264", kind=Kind.VIDEO, crf_max=51, default_crf=23, presets=_X26X,
        pixel_formats=("yuv420p", "yuv420p10le", "yuv422p", "yuv422p10le", "yuv444p", "yuv444p10le"),
        profiles=("baseline", "main", "high", "high10", "high422", "high444"), cpu_factor=0.5,
        full_format="yuvj420p", needs_even=True, keeps_range=True, field_options=(*_FIELDS, "-x264-params:v:{n}", "{order}=1"),
        profile_formats={
            "baseline": ("yuv420p",), "main": ("yuv420p",), "high": ("yuv420p",),
            "high10": ("yuv420p", "yuv420p10le"),
            "high422": ("yuv420p", "yuv420p10le", "yuv422p", "yuv422p10le"),
        },
    ),
    Encoder(
        name="libx265", codec="hevc", kind=Kind.VIDEO, crf_max=51, default_crf=28, presets=_X26X,
        pixel_formats=("yuv420p", "yuv420p10le", "yuv420p12le", "yuv422p10le", "yuv444p", "yuv444p10le"),
        profiles=("main", "main10", "main12", "main422-10", "main444-8", "main444-10"),
        fixed=("-x265-params", "log-level=warning"), cpu_factor=1.8,
        full_format="yuvj420p", needs_even=True, keeps_range=True,
        profile_formats={
            "main": ("yuv420p",), "main10": ("yuv420p10le",), "main12": ("yuv420p12le",), "main422-10": ("yuv422p10le",),
            "main444-8": ("yuv444p",), "main444-10": ("yuv444p10le",),
        },
    ),
    Encoder(
        name="libsvtav1", codec="av1", kind=Kind.VIDEO, crf_max=63, default_crf=35, presets=_X26X,
        preset_values=_WORDS_TO_SVT, pixel_formats=("yuv420p", "yuv420p10le"), cpu_factor=1.0,
        keeps_range=True, needs_even=True,  # the SVT-AV1 beside FFmpeg 5 does
    ),
    Encoder(
        name="libvpx-vp9", codec="vp9", crf_ceiling="0", kind=Kind.VIDEO, crf_max=63, default_crf=32, presets=_X26X,
        preset_option="-cpu-used", preset_values=_WORDS_TO_VPX,
        pixel_formats=("yuv420p", "yuva420p", "yuv420p10le", "yuv420p12le", "yuv422p", "yuv444p"),
        keeps_range=True,
        # row-mt: rows in parallel, the only threading that helps below 4K
        fixed=("-deadline", "good", "-row-mt", "1"), cpu_factor=2.0,
    ),
    Encoder(
        name="libvpx", codec="vp8", crf_ceiling="100M", kind=Kind.VIDEO, crf_max=63, default_crf=10, presets=_X26X,
        preset_option="-cpu-used", preset_values=_WORDS_TO_VPX, pixel_formats=("yuv420p", "yuva420p"),
        fixed=("-deadline", "good"), cpu_factor=1.0,
        clear_options=("-auto-alt-ref:v:{n}", "0"),  # frames that are not shown have no transparency
    ),
    Encoder(
        name="mpeg4", codec="mpeg4", kind=Kind.VIDEO, pixel_formats=("yuv420p",), cpu_factor=0.15,
        field_options=_FIELDS, time_base="1/60000",  # its denominator has 16 bits
    ),
    Encoder(
        name="prores_ks", codec="prores", kind=Kind.VIDEO, cpu_factor=0.6, field_options=_FIELDS,
        pixel_formats=("yuv422p10le", "yuv444p10le", "yuva444p10le"), profiles=("proxy", "lt", "standard", "hq"),
        profile_formats=dict.fromkeys(("proxy", "lt", "standard", "hq"), ("yuv422p10le",)),
    ),
    Encoder(name="ffv1", codec="ffv1", kind=Kind.VIDEO, cpu_factor=0.2, field_options=_FIELDS),
    Encoder(
        name="gif", codec="gif", kind=Kind.VIDEO, pixel_formats=("pal8",), cpu_factor=0.3, is_paletted=True,
        time_base=None, decoded_format="bgra", max_frame_rate=50,  # delays are hundredths of a second; browsers slow down 0.01
    ),
    Encoder(
        name="mjpeg", codec="mjpeg", kind=Kind.VIDEO, pixel_formats=("yuvj420p",), cpu_factor=0.02,
        is_image=True, matrix="bt470bg", fixed=("-q:v:{n}", "3"), time_base=None,  # 2 is best, 31 worst
    ),
    Encoder(
        name="png", codec="png", kind=Kind.VIDEO, pixel_formats=("rgb24", "rgba", "rgb48be", "rgba64be"), cpu_factor=0.05,
        is_image=True, time_base=None,
    ),
    Encoder(
        name="libwebp", codec="webp", kind=Kind.VIDEO, pixel_formats=("yuv420p", "yuva420p"), cpu_factor=0.05,
        is_image=True, matrix="bt470bg", fixed=("-quality:v:{n}", "85"), time_base=None,
    ),
    Encoder(
        name="aac", codec="aac", kind=Kind.AUDIO, max_channels=8, cpu_factor=0.02,
        sample_rates=(8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000),
    ),
    Encoder(
        name="libmp3lame", codec="mp3", kind=Kind.AUDIO, max_channels=2, cpu_factor=0.02,
        sample_rates=(8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
    ),
    Encoder(
        name="libopus", codec="opus", kind=Kind.AUDIO, max_channels=8, needs_plain_layout=True, cpu_factor=0.02,
        sample_rates=(8000, 12000, 16000, 24000, 48000), decoded_rate=48000,
    ),
    Encoder(name="libvorbis", codec="vorbis", kind=Kind.AUDIO, max_channels=8, cpu_factor=0.02),
    # named, or the first frame's length becomes that of all, and less than 16 samples is refused
    Encoder(
        name="flac", codec="flac", kind=Kind.AUDIO, max_channels=8, sample_bits=24, cpu_factor=0.01,
        fixed=("-frame_size:a:{n}", "4608"),
    ),
    Encoder(name="alac", codec="alac", kind=Kind.AUDIO, max_channels=8, sample_bits=24, cpu_factor=0.01),
    Encoder(
        name="ac3", codec="ac3", kind=Kind.AUDIO, max_channels=6, cpu_factor=0.02,
        sample_rates=(32000, 44100, 48000),
    ),
    Encoder(name="pcm_s16le", codec="pcm_s16le", kind=Kind.AUDIO, sample_bits=16, cpu_factor=0.001),
    Encoder(name="pcm_s24le", codec="pcm_s24le", kind=Kind.AUDIO, sample_bits=24, cpu_factor=0.001),
    Encoder(name="pcm_s32le", codec="pcm_s32le", kind=Kind.AUDIO, sample_bits=32, cpu_factor=0.001),
    Encoder(name="pcm_f32le", codec="pcm_f32le", kind=Kind.AUDIO, sample_bits=32, is_float=True, cpu_factor=0.001),
    Encoder(name="pcm_f64le", codec="pcm_f64le", kind=Kind.AUDIO, sample_bits=64, is_float=True, cpu_factor=0.001),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Container:
    """One output format: FFmpeg's muxer, what it holds (the first is the default), its flags."""

    name: str
    muxer: str
    extensions: tuple[str, ...]
    video: tuple[str, ...] = ()
    audio: tuple[str, ...] = ()
    max_audio_tracks: int | None = None
    keeps_start: bool = True
    """Whether a stream can begin later than the file."""
    time_base: str | None = None
    """Where its clock is coarser than encoders': FFmpeg 5 does not convert the first times from one to
    the other behind a bitstream filter."""
    keeps_offset: bool = False
    """Whether what is copied keeps its distance from 0, although the file begins there."""
    flags: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    """The name by which players know a codec here, where FFmpeg's choice is another one."""
    is_image: bool = False
    is_opaque: bool = False
    """Whether what codecs keep of transparency is lost in it."""

    def codecs(self, kind: Kind) -> tuple[str, ...]:
        return self.video if kind is Kind.VIDEO else self.audio


# faststart: the index in front, so that players start before the whole file is there
FASTSTART = ("-movflags", "+faststart")
# hev1, FFmpeg's choice, is refused by QuickTime and Safari
_APPLE_TAGS = {"hevc": "hvc1"}
# above 4 GiB a header of 64 bits; below, the same file as without
_RF64 = ("-rf64", "auto")
_PCM = ("pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le")

CONTAINERS: tuple[Container, ...] = (
    Container(
        name="mp4", muxer="mp4", extensions=("mp4", "m4v"), flags=FASTSTART, tags=_APPLE_TAGS, is_opaque=True,
        video=("h264", "hevc", "av1", "vp9", "mpeg4"),
        audio=("aac", "mp3", "opus", "flac", "alac", "ac3"),
    ),
    Container(
        name="mov", muxer="mov", extensions=("mov",), flags=FASTSTART, tags=_APPLE_TAGS,
        video=("h264", "hevc", "prores", "mpeg4"), audio=("aac", "mp3", "alac", "ac3", *_PCM),
    ),
    Container(
        name="mkv", muxer="matroska", extensions=("mkv",), time_base="1/1000",
        video=("h264", "hevc", "av1", "vp9", "vp8", "mpeg4", "prores", "ffv1"),
        audio=("aac", "opus", "mp3", "vorbis", "flac", "ac3", "alac", *_PCM),
    ),
    Container(
        name="webm", muxer="webm", extensions=("webm",), time_base="1/1000", video=("vp9", "av1", "vp8"),
        audio=("opus", "vorbis"),
    ),
    Container(name="mp3", muxer="mp3", keeps_start=False, extensions=("mp3",), audio=("mp3",), max_audio_tracks=1),
    Container(
        name="m4a", muxer="ipod", extensions=("m4a",), audio=("aac", "alac"), flags=FASTSTART,
    ),
    Container(name="wav", muxer="wav", keeps_start=False, extensions=("wav",), audio=_PCM, max_audio_tracks=1, flags=_RF64),
    Container(name="flac", muxer="flac", keeps_start=False, extensions=("flac",), audio=("flac",), max_audio_tracks=1),
    Container(name="ogg", muxer="ogg", keeps_start=False, keeps_offset=True, extensions=("ogg", "oga"), audio=("opus", "vorbis", "flac")),
    Container(name="opus", muxer="opus", keeps_start=False, keeps_offset=True, extensions=("opus",), audio=("opus",), max_audio_tracks=1),
    Container(name="jpg", muxer="image2", keeps_start=False, extensions=("jpg", "jpeg"), video=("mjpeg",), is_image=True),
    Container(name="png", muxer="image2", keeps_start=False, extensions=("png",), video=("png",), is_image=True),
    Container(name="webp", muxer="image2", keeps_start=False, extensions=("webp",), video=("webp",), is_image=True),
    Container(name="gif", muxer="gif", keeps_start=False, extensions=("gif",), video=("gif",)),
)  # fmt: skip

_BY_NAME = {encoder.name: encoder for encoder in ENCODERS}
_BY_CODEC = {encoder.codec: encoder for encoder in reversed(ENCODERS)}
_CONTAINERS = {container.name: container for container in CONTAINERS}
_EXTENSIONS = {ext: container for container in CONTAINERS for ext in container.extensions}


def find_encoder(name: str) -> Encoder:
    """By encoder (`libx264`) or codec (`h264`) name. Raises KeyError."""
    return _BY_NAME.get(name) or _BY_CODEC[name]


def pcm_for(bits: int | None, is_float: bool) -> str:
    """The PCM codec that loses nothing of such samples; 16 bits where they are not known."""
    able = [e for e in ENCODERS if e.name in _PCM and e.is_float == is_float]
    return next((e.name for e in able if (e.sample_bits or 0) >= (bits or 16)), able[-1].name)


def encoder_names(kind: Kind) -> tuple[str, ...]:
    """Every name that a JobSpec may give for a codec of this kind."""
    of_kind = [encoder for encoder in ENCODERS if encoder.kind is kind]
    return tuple(dict.fromkeys([e.codec for e in of_kind] + [e.name for e in of_kind]))


def find_container(name: str) -> Container | None:
    return _CONTAINERS.get(name)


def container_of(path: str) -> Container | None:
    """The container that a file name's extension stands for."""
    return _EXTENSIONS.get(path.rsplit(".", 1)[-1].lower()) if "." in path else None


_DEMUXERS = {
    "mp4": "mp4", "mov": "mov", "m4a": "m4a", "mkv": "matroska", "webm": "webm", "opus": "ogg",
    "jpg": "jpeg_pipe", "png": "png_pipe", "webp": "webp_pipe",
}  # fmt: skip


def demuxer_of(container: str) -> str:
    """What FFmpeg calls the reader of a container."""
    return _DEMUXERS.get(container, container)


SOUGHT: Mapping[str, frozenset[Kind]] = {
    "mov,mp4,m4a,3gp,3g2,mj2": frozenset({Kind.VIDEO, Kind.AUDIO}),
    "wav": frozenset({Kind.AUDIO}),
    "flac": frozenset({Kind.AUDIO}),
    # its times are whole milliseconds: only counting from the start finds the same sample
    "matroska,webm": frozenset({Kind.VIDEO}),
}
"""Demuxers that seek exactly, by the kinds of streams that they tell the exact times of."""


MAY_CHANGE = ("mpegts", "mpeg", "aac", "mp3", "ac3", "eac3")
"""Demuxers of broadcasts and of files put together: rate and channels may change on the way."""


def is_sought(demuxer: str) -> bool:
    """Whether what lies at a time is found at once, to within a millisecond."""
    return any(demuxer in names.split(",") for names in SOUGHT)


def container_names() -> tuple[str, ...]:
    return tuple(_CONTAINERS)


def presets() -> tuple[str, ...]:
    return _X26X


def pixel_formats() -> tuple[str, ...]:
    return tuple(dict.fromkeys(p for encoder in ENCODERS for p in encoder.pixel_formats))


def profiles() -> tuple[str, ...]:
    return tuple(dict.fromkeys(p for encoder in ENCODERS for p in encoder.profiles))


# lossless and quick to decode: what intermediates between steps are written as
INTERMEDIATE_MUXER = "nut"
INTERMEDIATE_VIDEO = _BY_NAME["ffv1"]
INTERMEDIATE_AUDIO = _BY_NAME["pcm_f32le"]
