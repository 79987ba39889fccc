"""Disjoint sets: what hangs together."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Unions(Generic[T]):
    """Names that are joined into sets; a set is named by one of its members."""

    def __init__(self) -> None:
        self._leader: dict[T, T] = {}

    def find(self, name: T) -> T:
        """The member that names the set; a new name is a set of its own."""
        leader = self._leader
        while leader.setdefault(name, name) != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    def join(self, names: Iterable[T]) -> None:
        first, *others = names
        for other in others:
            self._leader[self.find(other)] = self.find(first)
