//! Permissions, decided from facts that the caller has read. No I/O.

use super::{Error, Result};
use super::{id::UserId, room::RoomType};

/// Public rooms are open to any signed-in user, private and direct rooms only to their members.
pub fn ensure_may_enter(kind: RoomType, is_member: bool) -> Result<()> {
    match kind {
        RoomType::Public => Ok(()),
        RoomType::Private | RoomType::Direct if is_member => Ok(()),
        RoomType::Private | RoomType::Direct => Err(Error::Forbidden("You are not a member of this room")),
    }
}

/// Members are shown the presence of one another, guests of a public room are not.
pub fn ensure_may_see_presence(is_member: bool) -> Result<()> {
    if is_member { Ok(()) } else { Err(Error::Forbidden("You are not a member of this room")) }
}

/// Anybody who may enter a room may invite others, except into a direct room, and except themselves.
pub fn ensure_may_invite(kind: RoomType, inviter: &UserId, invited: &UserId) -> Result<()> {
    if kind == RoomType::Direct {
        return Err(Error::Forbidden("A direct room is for two"));
    }
    if inviter == invited {
        return Err(Error::Forbidden("You cannot invite yourself"));
    }
    Ok(())
}

/// Members may change the name and the topic of any room but a direct one, which is named after its members.
pub fn ensure_may_update(kind: RoomType, is_member: bool) -> Result<()> {
    match kind {
        RoomType::Public | RoomType::Private if is_member => Ok(()),
        RoomType::Public | RoomType::Private => Err(Error::Forbidden("You are not a member of this room")),
        RoomType::Direct => Err(Error::Forbidden("A direct room has no name or topic of its own")),
    }
}

/// Members may leave any room but a direct one, which is for two.
pub fn ensure_may_end_membership(kind: RoomType) -> Result<()> {
    match kind {
        RoomType::Public | RoomType::Private => Ok(()),
        RoomType::Direct => Err(Error::Forbidden("A direct room is for two")),
    }
}

/// The owner of a room, who created it, may remove others from it, and anybody may remove themself. Nobody may remove
/// others from a room whose owner was not recorded.
pub fn ensure_may_remove(
    kind: RoomType,
    (actor, removed): (&UserId, &UserId),
    owner: Option<&UserId>,
) -> Result<()> {
    ensure_may_end_membership(kind)?;
    match owner {
        _ if actor == removed => Ok(()),
        Some(owner) if owner == actor => Ok(()),
        Some(_) => Err(Error::Forbidden("Only the owner of this room may remove others")),
        None => Err(Error::Forbidden("This room has no recorded owner, so nobody may remove others")),
    }
}

/// Authors may edit their messages. To others these do not exist, as in the original.
pub fn ensure_may_edit(actor: &UserId, author: &UserId) -> Result<()> {
    if actor == author { Ok(()) } else { Err(Error::MessageNotFound) }
}

/// Authors may delete their messages.
pub fn ensure_may_delete(actor: &UserId, author: &UserId) -> Result<()> {
    if actor == author { Ok(()) } else { Err(Error::DeleteRefused) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(decision: Result<()>) -> &'static str {
        decision.map_or_else(|refusal| refusal.code(), |()| "allowed")
    }

    #[test]
    fn rooms_may_be_entered_as_the_table_says() {
        for (kind, member, stranger) in [
            (RoomType::Public, "allowed", "allowed"),
            (RoomType::Private, "allowed", "forbidden"),
            (RoomType::Direct, "allowed", "forbidden"),
        ] {
            let decisions = [true, false].map(|is_member| code(ensure_may_enter(kind, is_member)));
            assert_eq!(decisions, [member, stranger], "{kind:?}");
        }
    }

    #[test]
    fn membership_ends_in_any_room_but_a_direct_one() {
        for (kind, expected) in
            [(RoomType::Public, "allowed"), (RoomType::Private, "allowed"), (RoomType::Direct, "forbidden")]
        {
            assert_eq!(code(ensure_may_end_membership(kind)), expected, "{kind:?}");
        }
    }

    #[test]
    fn rooms_are_renamed_by_their_members_but_direct_ones_by_nobody() {
        for (kind, member, stranger) in [
            (RoomType::Public, "allowed", "forbidden"),
            (RoomType::Private, "allowed", "forbidden"),
            (RoomType::Direct, "forbidden", "forbidden"),
        ] {
            let decisions = [true, false].map(|is_member| code(ensure_may_update(kind, is_member)));
            assert_eq!(decisions, [member, stranger], "{kind:?}");
        }
    }

    #[test]
    fn others_are_removed_by_the_owner_alone_and_from_a_direct_room_by_nobody() {
        let (anna, bob) = (UserId::from("anna"), UserId::from("bob"));
        for (kind, by_owner, by_another, of_oneself) in [
            (RoomType::Public, "allowed", "forbidden", "allowed"),
            (RoomType::Private, "allowed", "forbidden", "allowed"),
            (RoomType::Direct, "forbidden", "forbidden", "forbidden"),
        ] {
            let remove = |actor, removed, owner| code(ensure_may_remove(kind, (actor, removed), owner));
            assert_eq!(remove(&anna, &bob, Some(&anna)), by_owner, "{kind:?}");
            assert_eq!(remove(&anna, &bob, Some(&bob)), by_another, "{kind:?}");
            assert_eq!(remove(&anna, &bob, None), by_another, "{kind:?}");
            assert_eq!(remove(&anna, &anna, Some(&bob)), of_oneself, "{kind:?}");
        }
        let nobody = ensure_may_remove(RoomType::Private, (&anna, &bob), None).unwrap_err();
        assert!(nobody.to_string().contains("no recorded owner"), "{nobody}");
    }

    #[test]
    fn invitations_are_allowed_as_the_table_says() {
        let (anna, bob) = (UserId::from("anna"), UserId::from("bob"));
        for (kind, other, oneself) in [
            (RoomType::Public, "allowed", "forbidden"),
            (RoomType::Private, "allowed", "forbidden"),
            (RoomType::Direct, "forbidden", "forbidden"),
        ] {
            let decisions = [&bob, &anna].map(|invited| code(ensure_may_invite(kind, &anna, invited)));
            assert_eq!(decisions, [other, oneself], "{kind:?}");
        }
    }

    #[test]
    fn messages_are_their_authors_to_edit_and_delete() {
        let (anna, bob) = (UserId::from("anna"), UserId::from("bob"));
        let table = [
            (code(ensure_may_edit(&anna, &anna)), "allowed"),
            (code(ensure_may_edit(&bob, &anna)), "message_not_found"),
            (code(ensure_may_delete(&anna, &anna)), "allowed"),
            (code(ensure_may_delete(&bob, &anna)), "delete_refused"),
        ];
        for (decision, right) in table {
            assert_eq!(decision, right);
        }
    }
}
