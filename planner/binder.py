"""What filters refer to, as tokens for the executor and files beside the command."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from operators.filtergraph import (
    Asset,
    Captions,
    FontFile,
    FontFolder,
    Measured,
    TextFile,
    Token,
)
from planner import plan
from planner.draft import Draft
from planner.plan.tokens import FontFolderToken, FontToken, MeasuredToken, WorkToken
from planner.wiring import Wire


@dataclass(frozen=True, kw_only=True)
class Names:
    """The step of every node that is in one, and of every measurement (node, audio track)."""

    groups: Mapping[str, str]
    measures: Mapping[tuple[str, int], str]


@dataclass(kw_only=True)
class Binder:
    """Turns what filters refer to into tokens and files."""

    draft: Draft
    names: Names
    files: dict[str, plan.StepFile]
    measured: list[str] = field(default_factory=list)

    def bind(self, wire: Wire) -> Wire:
        bound = tuple(f.bound(lambda asset: self._token(wire.node, asset)) for f in wire.filters)
        return wire if bound == wire.filters else replace(wire, filters=bound)

    def _token(self, node: str, asset: Asset) -> Token:
        match asset:
            case Measured():
                step = self.names.measures[node, asset.track]
                self.measured.append(step)
                return Token(str(MeasuredToken(step, asset.key)))
            case TextFile():
                return self._file(f"{node}.txt", plan.TextFile(text=asset.content))
            case FontFile():
                return Token(str(FontToken(asset.name)))
            case FontFolder():
                return Token(str(FontFolderToken()))
            case Captions():
                return self._file(f"{node}.ass", self._captions(node, asset))

    def _captions(self, node: str, asset: Captions) -> plan.CaptionFile:
        graph = self.draft.graph
        given = graph.sources[graph.into(node)[asset.source].source].spec
        tracks = self.draft.probed[given.id].subtitles
        track = next((n for n, t in enumerate(tracks) if t.is_text), 0)
        return plan.CaptionFile(
            input=given.id,
            width=asset.width,
            height=asset.height,
            track=track,
            style=dict(asset.style),
            encoding=asset.encoding or None,
        )

    def _file(self, name: str, file: plan.StepFile) -> Token:
        self.files[name] = file
        return Token(str(WorkToken(name)))
