"""Reads what the server says, key by key. Keys that nobody asks for do not matter."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TypeAlias, TypeVar

from .errors import ChatError

Json: TypeAlias = 'bool | int | float | str | list[Json] | dict[str, Json] | None'

T = TypeVar('T')


class Record:
    """A JSON object. A key that is missing or of another type is a fault of the server: `ChatError`, `internal`."""

    def __init__(self, value: object, name: str) -> None:
        if not isinstance(value, dict):
            raise fault(f'{name} is not an object')
        self._keys: dict[str, Json] = value
        self._name = name

    def text(self, key: str) -> str:
        return self._typed(key, str)

    def text_or_none(self, key: str) -> str | None:
        return None if self.is_none(key) else self.text(key)

    def number(self, key: str) -> int:
        return self._typed(key, int)

    def number_or_none(self, key: str) -> int | None:
        return None if self.is_none(key) else self.number(key)

    def flag(self, key: str) -> bool:
        return self._typed(key, bool)

    def time(self, key: str) -> datetime:
        """A moment, with its time zone: UTC."""
        text = self.text(key)
        try:
            # `fromisoformat` of Python 3.10 does not know the Z.
            return datetime.fromisoformat(text.replace('Z', '+00:00')).astimezone(timezone.utc)
        except ValueError as error:
            raise fault(f'{self._name}.{key} is not a time') from error

    def time_or_none(self, key: str) -> datetime | None:
        return None if self.is_none(key) else self.time(key)

    def json(self, key: str) -> Json:
        """Whatever it is; `None` when it is missing."""
        return self._keys.get(key)

    def record(self, key: str) -> Record:
        return Record(self._keys.get(key), f'{self._name}.{key}')

    def records(self, key: str) -> list[Record]:
        return [Record(value, f'{self._name}.{key}[]') for value in self._list(key)]

    def texts(self, key: str) -> list[str]:
        values = self._list(key)
        if not all(isinstance(value, str) for value in values):
            raise fault(f'{self._name}.{key} is not a list of texts')
        return [str(value) for value in values]

    def numbers(self, key: str) -> list[int]:
        values = self._list(key)
        if not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
            raise fault(f'{self._name}.{key} is not a list of numbers')
        return [value for value in values if isinstance(value, int)]

    def is_none(self, key: str) -> bool:
        """It is `null`, or missing."""
        return self._keys.get(key) is None

    def _list(self, key: str) -> list[Json]:
        value = self._keys.get(key)
        if not isinstance(value, list):
            raise fault(f'{self._name}.{key} is not a list')
        return value

    def _typed(self, key: str, kind: type[T]) -> T:
        value = self._keys.get(key)
        # To Python a bool is an int; to the server it is not.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise fault(f'{self._name}.{key} is not of type {kind.__name__}')
        return value


def fault(what: str) -> ChatError:
    """The error for an answer that is not as the protocol has it."""
    return ChatError('internal', f'The server said what cannot be read: {what}')
