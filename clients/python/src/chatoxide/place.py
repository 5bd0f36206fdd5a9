"""Where the chat is: a server, the path of Socket.IO on it, and a namespace."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit


@dataclass(frozen=True)
class Place:
    # The server, without a path.
    origin: str
    path: str
    namespace: str

    @classmethod
    def of(cls, url: str, path: str) -> Place:
        """The namespace is the path of the URL, as with every client of Socket.IO."""
        parts = urlsplit(url)
        origin = urlunsplit(parts._replace(path='', fragment=''))
        return cls(origin, path.strip('/'), '/' + parts.path.strip('/'))

    def __str__(self) -> str:
        return self.origin if self.namespace == '/' else f'{self.origin}{self.namespace}'
