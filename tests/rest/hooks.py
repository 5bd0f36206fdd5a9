"""Gives the requests a room and a message that are there: random ids alone would only ever be answered 404.

And keeps to what the description cannot say."""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.request import Request, urlopen

import schemathesis


def _ask(path: str, body: dict[str, Any] | None = None) -> Any:
    headers = {'Authorization': f'Bearer {os.environ["TOKEN"]}'}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f'{os.environ["SERVER"]}/api/v1{path}', data, headers)) as answer:
        return json.load(answer)


ROOM = _ask('/rooms', {'name': 'Tested', 'type': 'private'})['id']
MESSAGE = _ask(f'/rooms/{ROOM}/messages', {'content': 'tested'})['message']['id']
REPLY = _ask(f'/rooms/{ROOM}/messages', {'content': 'answered', 'threadId': MESSAGE})['message']['id']
CURSOR = _ask(f'/rooms/{ROOM}/messages')['after']
THERE = {'roomId': ROOM, 'messageId': MESSAGE, 'userId': 'alice'}


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, **kwargs: Any) -> None:
    """Changes what the description allows and the server does not take, as no schema says these things."""
    operation = case.operation.definition.raw.get('operationId')
    if case.meta is not None and case.meta.generation.mode.is_negative:
        # A falsy end is none, so that it is no bad input.
        if operation == 'setStatus' and isinstance(case.body, dict) and not case.body.get('clearAt', True):
            case.body['clearAt'] = 'never'
        return
    # Half of the ids, by their length, become those that are there. What is there stays.
    if case.path_parameters and case.operation.method.lower() != 'delete':
        for name, value in case.path_parameters.items():
            if name in THERE and len(str(value)) % 2:
                case.path_parameters[name] = THERE[name]
    # Only one of these is taken, and only a cursor that the server has given.
    if operation == 'listMessages' and case.query:
        places = [name for name in ('around', 'before', 'after') if name in case.query]
        for name in places[1:]:
            del case.query[name]
        if places and places[0] != 'around':
            case.query[places[0]] = CURSOR
    if operation == 'listMentions' and case.query and 'before' in case.query:
        case.query['before'] = CURSOR
    if operation == 'showThread' and case.query:
        places = [name for name in ('before', 'after') if name in case.query]
        for name in places[1:]:
            del case.query[name]
        if places:
            case.query[places[0]] = CURSOR
    if operation == 'listThreads' and case.query and 'after' in case.query:
        case.query['after'] = CURSOR
    # A reply of the thread that is there, and a thread that is there.
    if operation == 'readThread' and isinstance(case.body, dict) and 'messageId' in case.body:
        case.body['messageId'] = REPLY
    if operation == 'sendMessage' and isinstance(case.body, dict) and isinstance(case.body.get('threadId'), str):
        case.body['threadId'] = MESSAGE
    # A query has a grammar, and a cursor of a search is that of its last page.
    if operation == 'searchMessages' and case.query:
        case.query['query'] = 'tested'
        case.query.pop('after', None)
    # A room is there, and a status is one line, one emoji, and an end that is soon.
    if operation == 'listPresence' and case.query:
        case.query['roomId'] = ROOM
    if operation == 'setStatus' and isinstance(case.body, dict):
        case.body = {'text': 'tested', 'emoji': '🧪'}
    # JSON Schema takes 31.0 for a whole number, and the server does not.
    if isinstance(case.body, dict) and isinstance(case.body.get('seq'), float):
        case.body['seq'] = int(case.body['seq'])
    # A server may take more types, by MESSAGE_TYPES: so the description lists none.
    if operation == 'sendMessage' and isinstance(case.body, dict) and isinstance(case.body.get('type'), str):
        case.body['type'] = 'file'
