"""What is known of a job before its outputs are encoded: the graph, its media, its filters."""

from collections.abc import Mapping
from dataclasses import dataclass

from operators.media import MediaInfo
from planner.graph import Graph
from planner.infer import Inferred
from planner.wiring import Track, Wiring


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """`probed`: by input id, what each file holds."""

    graph: Graph
    probed: Mapping[str, MediaInfo]
    inferred: Inferred
    wiring: Wiring

    def tracks_of(self, node_id: str) -> list[list[Track]]:
        """The tracks that a node reads, input by input."""
        return self.wiring.read_by(self.graph, self.inferred, node_id)

    def file_of(self, track: Track) -> MediaInfo:
        """The file that a track is of. Raises: KeyError where it is not of a file."""
        return self.probed[self.graph.sources[track.node].spec.id]
