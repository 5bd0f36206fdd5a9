"""Messages are found page by page, with the places of the matches."""

from __future__ import annotations

import asyncio

import pytest
from world import World

from chatoxide import ChatClient, ChatError, SearchPage
from chatoxide.record import Record


async def found(client: ChatClient, query: str, count: int) -> list[str]:
    """The contents that the query finds, as soon as there are so many: messages are indexed behind their commit."""
    while True:
        contents = [result.message.content async for result in client.search(query, page_size=2)]
        if len(contents) >= count:
            return contents
        await asyncio.sleep(0)


async def test_a_search_goes_through_all_pages(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    room, _ = await world.meet(alice, bob)
    for index in range(5):
        await room.send(f'sourdough {index}')
    await room.send('rye')

    query = f'sour* in:{room.id} from:me'
    assert await found(alice, query, 5) == [f'sourdough {4 - index}' for index in range(5)]
    assert await found(bob, f'in:{room.id} "rye"', 1) == ['rye']
    page = await alice.search_page(query, limit=2)
    assert (len(page.results), page.after is not None) == (2, True)
    last = await alice.search_page(query, order='relevance', limit=50)
    assert (len(last.results), last.after) == (5, None)


async def test_highlights_are_places_in_the_text(world: World) -> None:
    alice = await world.connect('alice')
    [room] = await world.meet(alice)
    await room.send('😀 bread, 😀 more bread')

    await found(alice, f'bread in:{room.id}', 1)
    [result] = (await alice.search_page(f'bread in:{room.id}')).results
    content = result.message.content
    assert [content[start:end] for start, end in result.highlights] == ['bread', 'bread']


@pytest.mark.parametrize(
    ('query', 'code'),
    [('has:video', 'bad_input'), ('"', 'bad_input'), ('from:nobody-at-all', 'user_not_found')],
)
async def test_a_query_that_is_none_is_refused(world: World, query: str, code: str) -> None:
    alice = await world.connect('alice')
    with pytest.raises(ChatError) as refused:
        await anext(alice.search(query))
    assert refused.value.code == code


@pytest.mark.parametrize(
    'wrong', [{'highlights': [[0]]}, {'highlights': None}, {'highlights': [['0', 5]]}, {'indexed': '1'}]
)
def test_an_answer_that_is_no_page_is_a_fault_of_the_server(wrong: dict[str, object]) -> None:
    message = {
        **{'id': '1', 'roomId': 'r', 'senderId': 'a', 'senderName': 'A', 'content': 'Hello', 'type': 'text'},
        **{'metadata': {}, 'createdAt': '2026-01-31T09:05:07.042Z', 'reactions': []},
    }
    result = {'message': message, 'highlights': wrong.get('highlights', [[0, 5]])}
    answer = {'results': [result], 'after': None, 'isComplete': True, 'indexed': wrong.get('indexed')}
    with pytest.raises(ChatError):
        SearchPage.read(Record(answer, 'messages:search'))
