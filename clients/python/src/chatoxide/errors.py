"""`ChatError`: a refusal by the server or a network failure, with a code."""

from __future__ import annotations

# The same request may succeed a moment later.
_PASSING = frozenset({'busy', 'shutting_down', 'unavailable', 'offline'})


class ChatError(Exception):
    """A refusal of the server, or of the network. `message` is for people, `code` for programs.

    The codes are the server's and three more. `offline`: there is no connection. `signed_out`: the token was not taken.
    `closed`: the client was closed.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f'{self.message} ({self.code})'

    def __reduce__(self) -> tuple[type[ChatError], tuple[str, str]]:
        return ChatError, (self.code, self.message)

    @property
    def is_passing(self) -> bool:
        """The same request may succeed a moment later."""
        return self.code in _PASSING


def offline(message: str = 'There is no connection') -> ChatError:
    return ChatError('offline', message)
