"""Presence over all devices, and statuses."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from world import World, next_of

from chatoxide import ChatError, PresenceChanged, Status


async def test_devices_and_statuses_are_told_to_those_who_share_a_room(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    assert alice.user_id
    assert bob.user_id
    await alice.create_room('Open', members=[bob.user_id])
    events = alice.events()
    (before,) = await alice.watch_presence([bob.user_id, 'nobody-at-all'])
    assert (before.user_id, before.state, before.last_seen_at, before.status) == (
        bob.user_id,
        'online',
        None,
        None,
    )

    await bob.set_away(True)
    (away,) = (await next_of(events, PresenceChanged)).users
    assert away.state == 'away'
    await bob.set_away(False)
    end = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(hours=1)
    status = await bob.set_status('Lunch', emoji='🍜', clear_at=end)
    assert status == Status(text='Lunch', emoji='🍜', clear_at=end)
    assert (await alice.presence([bob.user_id]))[0].status == status

    await bob.hide_presence(True)
    (hidden,) = await alice.presence([bob.user_id])
    assert (hidden.state, hidden.status) == ('offline', None)
    assert (await bob.presence([bob.user_id]))[0].state == 'online'
    assert await bob.set_status() is None
    with pytest.raises(ChatError, match='emoji'):
        await bob.set_status(emoji='two')
