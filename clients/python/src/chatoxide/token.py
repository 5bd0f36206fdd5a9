"""The token with which a client signs in."""

from __future__ import annotations

import base64
import binascii
import inspect
import json
from collections.abc import Awaitable, Callable
from typing import TypeAlias

TokenSource: TypeAlias = str | Callable[[], str | Awaitable[str]]
"""A token, or a function that gets one: it is asked again each time that the client connects."""


async def token_of(source: TokenSource) -> str:
    if isinstance(source, str):
        return source
    token = source()
    return await token if inspect.isawaitable(token) else token


def user_id_of(token: str) -> str | None:
    """Returns the user id of a token; None when it cannot be read. The server verifies the token, this does not."""
    try:
        payload = token.split('.')[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + '=' * (-len(payload) % 4)))
    except (IndexError, binascii.Error, ValueError):
        return None
    user_id = claims.get('sub') if isinstance(claims, dict) else None
    return user_id if isinstance(user_id, str) else None
