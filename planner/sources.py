"""The inputs of one command: files, intermediates of earlier steps, lists of files to be copied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from operators.capabilities import Cut
from operators.colorimetry import converted, narrowed, needs_narrowing, stated, told
from operators.duration import format_seconds
from operators.filtergraph import Filter
from operators.media import FLOWING, AudioStream, Kind, MediaInfo, VideoStream
from operators.sound import layout_of, whichever_comes
from planner import codecs, safety
from planner.draft import Draft, Reading
from planner.plan import ConcatEntry, ConcatList, StepFile
from planner.plan.tokens import InputToken, StepToken, WorkToken
from planner.spec import InputSpec
from planner.wiring import Joined, Track

_COUNTED_FROM_USED = ("mpegts", "mpeg", "ogg")
"""Demuxers whose files FFmpeg counts from the first stream that is used, not from their beginning."""
_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}

Crossing = Mapping[str, Sequence[Track]]
"""Per operation, its tracks that another step reads."""


@dataclass(kw_only=True)
class Sources:
    """The `-i` entries of one command, in the order of first use, and the files beside them."""

    draft: Draft
    step_of: Mapping[str, str]
    _numbers: dict[Reading, int] = field(default_factory=dict)
    _used: dict[Reading, set[tuple[Kind, int]]] = field(default_factory=dict)
    files: dict[str, StepFile] = field(default_factory=dict)

    @property
    def readings(self) -> list[Reading]:
        """The files that are opened, in order."""
        return list(self._numbers)

    @property
    def inputs(self) -> list[str]:
        """The ids of the inputs among them."""
        nodes = (self.draft.graph.sources.get(name) for name, _ in self.readings)
        return [node.spec.id for node in nodes if node]

    def joined(self, track: Track) -> str:
        """Where a track is found in the list of files that are copied one after the other."""
        name = f"{track.node}.ffconcat"
        self.files[name] = _listed(self.draft.joined[track.node])
        return f"{self._number((name, 0))}:{track.kind.value[0]}:0"

    def root(self, node: str) -> int | None:
        """The number of the file that a node's metadata comes from, if this command reads it."""
        graph = self.draft.graph
        while node not in graph.sources:
            node = graph.into(node)[0].source
        places = (
            n for n, (name, _) in enumerate(self.readings) if self._file(name) == self._file(node)
        )
        return next(places, None)

    def _file(self, name: str) -> str | None:
        """What an input reads; it may be given under several names."""
        node = self.draft.graph.sources.get(name)
        return node.spec.source if node else None

    def _given(self, name: str) -> InputSpec | None:
        """The input that a node is; None of a file that another step makes."""
        node = self.draft.graph.sources.get(name)
        return node.spec if node else None

    def is_turned(self, track: Track) -> bool:
        """Whether FFmpeg must turn an input's picture upright before filters see it."""
        given = self._given(track.node)
        if given is None or track.kind is not Kind.VIDEO:
            return False
        return self.draft.probed[given.id].video[track.index].rotation != 0

    def steady(self, track: Track) -> tuple[Filter, ...]:
        """The filters that a file's track needs before all others. A moving picture is kept at one size
        and pixel format: left alone, FFmpeg begins anew with all filters where either changes, and
        what they hold is lost. Colours that a file does not say are stated. Sound has the rate and the
        channels that were planned, whichever it begins with."""
        given = self._given(track.node)
        if given is None:
            return self._as_handed_over(self.draft.stream(track))
        info = self.draft.probed[given.id]
        if track.kind is Kind.AUDIO:
            audio, may_change = info.audio[track.index], info.format in codecs.MAY_CHANGE
            return whichever_comes(layout_of(audio), audio.sample_rate) if may_change else ()
        stored = info.video[track.index].upright()
        size = () if stored.frame_count else (Filter.of("scale", w=stored.width, h=stored.height),)
        meant = stated(stored)
        said = told(meant) if meant != stored else None
        return (*size, *([said] if said else []))

    def _as_handed_over(self, stream: VideoStream | AudioStream | None) -> tuple[Filter, ...]:
        """Intermediates keep samples, not what these mean."""
        if not isinstance(stream, VideoStream):
            return ()
        stored = narrowed(stream) if needs_narrowing(stream) else stream
        said = told(stored)
        return (*([said] if said else []), *converted(stored, stream))

    def specifier(self, track: Track) -> str:
        """`0:v:0`: where a track is found among the inputs."""
        reading = (track.node, track.reading)
        number = self._number(reading)
        self._used.setdefault(reading, set()).add((track.kind, track.index))
        return f"{number}:{track.kind.value[0]}:{self._position(track)}"

    def _number(self, reading: Reading) -> int:
        return self._numbers.setdefault(reading, len(self._numbers))

    def _position(self, track: Track) -> int:
        given = self._given(track.node)
        if given is None:
            alike = [t for t in self.draft.crossing[track.node] if t.kind is track.kind]
            return alike.index(replace(track, reading=0))
        return stream_position(self.draft.probed[given.id], track.kind, track.index)

    def options(self) -> list[str]:
        return [word for reading in self.readings for word in self._input(reading)]

    def _input(self, reading: Reading) -> list[str]:
        name, number = reading
        if name.endswith(".ffconcat"):
            # safe=0: absolute paths, of files that were probed as what they are;
            # seek_timestamp: times count from 0, not from an encoder's lead-in samples before it
            listed = ("-seek_timestamp", "1", "-f", "concat", "-safe", "0")
            return [*safety.JOINED_INPUT, *listed, "-i", str(WorkToken(name))]
        given = self._given(name)
        if given is None:
            made = StepToken(self.step_of[name], f"{name}.nut")
            return [*safety.INTERMEDIATE_INPUT, "-i", str(made)]
        info = self.draft.probed[given.id]
        skipped = self.draft.seeks.get(reading)
        # itsoffset: what is read keeps the times that it has in the file
        at = format_seconds(skipped) if skipped else ""
        seek = ["-ss", at, "-itsoffset", at] if skipped else _part(self.draft.cuts.get(number))
        forced = ["-f", "jpeg_pipe"] if info.format == "jpeg_pipe" else []
        # FFmpeg's own VP8 and VP9 decoders drop transparency
        if info.video and info.video[0].pixel_format == "yuva420p":
            forced += [
                word
                for codec, word in _ALPHA.items()
                if codec == info.video[0].codec
                for word in ("-c:v", word)
            ]
        if info.video and not info.is_still:
            forced += ["-reinit_filter:v", "0"]  # `steady` sees to what changes
        return [*safety.UPLOADED_INPUT, *forced, *seek, "-i", str(InputToken(given.id))]

    def clocks(self) -> list[str]:
        """Outputs into nothing, of the streams with which files begin: FFmpeg takes the first stream
        that is used for the beginning, and what is read would come too early."""
        return [word for reading in self._used for word in self._clock(reading)]

    def _clock(self, reading: Reading) -> list[str]:
        given = self._given(reading[0])
        if given is None:
            return []
        info = self.draft.probed[given.id]
        if info.format not in _COUNTED_FROM_USED:
            return []
        begins = {
            (kind, index): stream.start_ms
            for kind in FLOWING
            for index, stream in enumerate(info.streams(kind))
        }
        kind, index = min(begins, key=lambda place: begins[place])
        if begins[kind, index] == min(begins[place] for place in self._used[reading]):
            return []
        letter, position = kind.value[0], stream_position(info, kind, index)
        first = f"{self._number(reading)}:{letter}:{position}"
        return ["-map", first, f"-c:{letter}", "copy", f"-frames:{letter}", "1", "-f", "null", "-"]


def _part(cut: Cut | None) -> list[str]:
    """The part of a file that is copied: from the last keyframe before its start."""
    if cut is None:
        return []
    length = [] if cut.end is None else ["-t", format_seconds(cut.end - cut.start)]
    return ["-ss", format_seconds(cut.start), *length]


def _listed(joined: Joined) -> ConcatList:
    """The files with their lengths: else each would count as long as its longest stream."""
    entries = tuple(
        ConcatEntry(input=name, duration=format_seconds(seconds))
        for name, seconds in zip(joined.inputs, joined.seconds, strict=True)
    )
    return ConcatList(entries=entries)


def stream_position(info: MediaInfo, kind: Kind, index: int) -> int:
    """A stream's number among its kind as FFmpeg counts: cover pictures are video to it."""
    stream = info.streams(kind)[index]
    before = sum(other.index < stream.index for other in info.streams(kind))
    if kind is Kind.VIDEO:
        before += sum(picture.index < stream.index for picture in info.attached_pictures)
    return before
