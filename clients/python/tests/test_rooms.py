"""Finding rooms and people: lists, new rooms, invitations and direct rooms."""

from __future__ import annotations

import pytest
from world import World, next_of, unique

from chatoxide import (
    ChatError,
    DirectStarted,
    Invited,
    MembersChanged,
    MembershipEnded,
    NewMessage,
    RoomActivity,
    RoomUpdated,
)


async def test_a_new_room_is_told_to_its_members_and_listed(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    events = bob.events()

    made = await alice.create_room('Plans', type='private', members=[bob.user_id or ''])

    assert (made.name, made.type, set(made.members)) == ('Plans', 'private', {alice.user_id, bob.user_id})
    invited = await next_of(events, Invited)
    assert (invited.room, invited.by.id, invited.by.name) == (made, alice.user_id, 'Alice')
    await (await alice.join(made.id)).send('Welcome')
    listed = {room.id: room for room in await bob.rooms()}[made.id]
    assert (listed.name, listed.is_member, listed.unread_count) == ('Plans', True, 1)
    assert listed.direct_with is None
    assert listed.last_message_at is not None


async def test_a_new_name_is_an_event_of_the_room_and_missed_by_nobody(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    made = await alice.create_room('Plans', type='private', members=[bob.user_id or ''])
    alices, bobs = await alice.join(made.id), await bob.join(made.id)
    events = bobs.events()

    updated = await alices.update(name='Ideas', topic='all')

    assert (updated.name, updated.topic, updated.owner_id) == ('Ideas', 'all', alice.user_id)
    renamed = await next_of(events, RoomUpdated)
    assert (renamed.name, renamed.topic, renamed.user_id) == ('Ideas', 'all', alice.user_id)
    said = await alices.send('after it')
    assert (await next_of(events, NewMessage)).message.id == said.id
    # A reader that begins earlier is told it from the log.
    assert (await next_of(bobs.events(since=0), RoomUpdated)) == renamed
    listed = {room.id: room for room in await bob.rooms()}[made.id]
    assert (listed.name, listed.topic) == ('Ideas', 'all')
    assert (await alices.update(topic='')).topic is None


async def test_the_owner_removes_a_member(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    made = await alice.create_room('Plans', type='private', members=[bob.user_id or ''])
    alices, events = await alice.join(made.id), bob.events()
    bobs = await bob.join(made.id)
    with pytest.raises(ChatError, match='Only the owner'):
        await bobs.remove_member(alice.user_id or '')

    await alices.remove_member(bob.user_id or '')

    assert (await next_of(events, MembershipEnded)).room_id == made.id


async def test_an_invited_user_may_enter(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    made = await alice.create_room('Plans', type='private')
    alices, invitations = await alice.join(made.id), bob.events()
    events = alices.events()

    members = await alices.invite(bob.user_id or '')

    assert [member.id for member in members] == [member.id for member in alices.members]
    assert {member.name for member in members} == {'Alice', 'Bob'}
    assert (await next_of(events, MembersChanged)).members == tuple(members)
    assert (await next_of(invitations, Invited)).room.id == made.id
    assert (await bob.join(made.id)).id == made.id


async def test_two_have_a_room_of_their_own(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    events = bob.events()

    alices = await alice.start_direct(bob.user_id or '')

    started = await next_of(events, DirectStarted)
    assert (started.room.id, started.by.id) == (alices.id, alice.user_id)
    bobs = await bob.join(started.room.id)
    said = await alices.send('psst')
    assert [message.id async for message in bobs.history()] == [said.id]
    listed = {room.id: room for room in await bob.rooms()}[bobs.id]
    assert listed.direct_with is not None
    assert listed.direct_with.id == alice.user_id


async def test_users_are_found_by_name_or_id(world: World) -> None:
    name = unique('zoe')
    zoe, alice = await world.connect(name), await world.connect('alice')

    found = await alice.find_users(name.upper())

    assert [(user.id, user.name, user.avatar) for user in found] == [(zoe.user_id, 'Zoe', None)]


async def test_a_user_who_listed_rooms_gets_activity_of_rooms_not_joined(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    made = await alice.create_room('Plans', type='private', members=[bob.user_id or ''])
    room = await alice.join(made.id)
    await bob.rooms()
    events = bob.events()

    said = await room.send('Hello')

    told = await next_of(events, RoomActivity)
    assert (told.room_id, told.last_message_at, told.sent_by) == (
        made.id,
        said.created_at,
        {alice.user_id: 1},
    )


async def test_a_guest_becomes_a_member_and_ends_it(world: World) -> None:
    alice, bob = await world.connect('alice'), await world.connect('bob')
    made = await alice.create_room('Open')
    events = bob.events()

    joined = await bob.become_member(made.id)

    assert set(joined.members) == {alice.user_id, bob.user_id}
    assert await alice.watch_users([bob.user_id or '', 'nobody-at-all']) == [bob.user_id]
    await bob.end_membership(made.id)
    assert (await next_of(events, MembershipEnded)).room_id == made.id
    listed = {room.id: room for room in await bob.rooms()}[made.id]
    assert not listed.is_member
