"""Messages that a search has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .models import Message
from .record import Record, fault

SearchOrder = Literal['newest', 'relevance']


@dataclass(frozen=True, slots=True)
class SearchResult:
    message: Message
    # The matches, each its start and its end: `message.content[start:end]`.
    highlights: tuple[tuple[int, int], ...]

    @classmethod
    def read(cls, record: Record) -> SearchResult:
        message = Message.read(record.record('message'))
        places = _places(record)
        # The server counts in UTF-16, as JavaScript does: a character beyond U+FFFF is two there.
        units = message.content.encode('utf-16-le')

        def index(place: int) -> int:
            return len(units[: 2 * place].decode('utf-16-le', 'ignore'))

        return cls(message=message, highlights=tuple((index(start), index(end)) for start, end in places))


@dataclass(frozen=True, slots=True)
class SearchPage:
    results: tuple[SearchResult, ...]
    # For the next page; None on the last one. A page may have no result and not be the last.
    after: str | None
    # The share of the searched rooms whose whole history is indexed; None when all of them are.
    indexed: float | None

    @classmethod
    def read(cls, record: Record) -> SearchPage:
        indexed = record.json('indexed')
        if indexed is not None and (isinstance(indexed, bool) or not isinstance(indexed, int | float)):
            raise fault('indexed is not a number')
        return cls(
            results=tuple(SearchResult.read(result) for result in record.records('results')),
            after=record.text_or_none('after'),
            indexed=None if indexed is None else float(indexed),
        )


def _places(record: Record) -> list[tuple[int, int]]:
    places: list[tuple[int, int]] = []
    highlights = record.json('highlights')
    for place in highlights if isinstance(highlights, list) else [None]:
        match place:
            case [int(start), int(end)]:
                places.append((start, end))
            case _:
                raise fault('highlights are not pairs of places')
    return places
