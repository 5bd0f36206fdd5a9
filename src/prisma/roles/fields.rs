//! Ranks fields and models by their names.

use super::super::model::{Column, Kind, Model};

/// A name without its case and its separators.
pub fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The words of a name in camel case or with separators, in lower case and without a plural's `s`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() && was_lower {
            words.push(String::new());
        }
        was_lower = c.is_lowercase();
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words.iter().map(|word| word.strip_suffix('s').unwrap_or(word).to_owned()).collect()
}

/// True if one of a name's words is among these.
pub(super) fn has_word(name: &str, wanted: &[&str]) -> bool {
    words(name).iter().any(|word| wanted.contains(&word.as_str()))
}

/// Names in the order of preference, of which the first is worth most.
pub(super) struct Names(pub(super) &'static [&'static str]);

impl Names {
    /// The rank of a name: 0 if it is not among these.
    pub(super) fn rank(&self, name: &str) -> usize {
        let name = plain(name);
        self.0.iter().position(|wanted| *wanted == name).map_or(0, |place| self.0.len() - place)
    }
}

pub(super) const TEXT: Names =
    Names(&["content", "text", "body", "message", "msg", "messagetext", "contents", "messagebody", "value"]);
pub(super) const SENDER: Names = Names(&[
    "sender",
    "senderid",
    "author",
    "authorid",
    "from",
    "fromid",
    "fromuser",
    "fromuserid",
    "sentby",
    "sentbyid",
    "user",
    "userid",
    "writer",
    "writerid",
    "createdby",
    "createdbyid",
    "creator",
    "creatorid",
    "owner",
    "ownerid",
    "member",
    "memberid",
    "profile",
    "profileid",
    "username",
    "sendername",
]);
pub(super) const NO_SENDER: [&str; 11] = [
    "receiver",
    "recipient",
    "toid",
    "touser",
    "target",
    "deletedby",
    "editedby",
    "pinnedby",
    "mention",
    "readby",
    "reply",
];
pub(super) const ROOM_COLUMN: Names = Names(&[
    "roomid",
    "chatroomid",
    "conversationid",
    "channelid",
    "chatid",
    "groupid",
    "threadid",
    "groupchatid",
    "room",
    "conversation",
    "channel",
    "chat",
    "group",
]);
pub(super) const CREATED: Names = Names(&[
    "createdat",
    "sentat",
    "createdon",
    "created",
    "timestamp",
    "postedat",
    "sentdate",
    "createddate",
    "datecreated",
    "date",
    "time",
    "insertedat",
    "joinedat",
]);
pub(super) const EDITED_AT: Names = Names(&[
    "editedat",
    "updatedat",
    "modifiedat",
    "lasteditedat",
    "edited",
    "updatedon",
    "updated",
    "lastupdated",
]);
pub(super) const KIND: Names = Names(&[
    "type",
    "kind",
    "messagetype",
    "msgtype",
    "contenttype",
    "roomtype",
    "chattype",
    "conversationtype",
    "channeltype",
    "visibility",
    "privacy",
    "grouptype",
    "access",
]);
pub(super) const KIND_FLAG: Names = Names(&[
    "isgroup",
    "isgroupchat",
    "group",
    "isdirect",
    "isdm",
    "isdirectmessage",
    "direct",
    "isonetoone",
    "isprivate",
    "private",
    "ispublic",
    "public",
]);
pub(super) const METADATA: Names =
    Names(&["metadata", "meta", "data", "payload", "extra", "attributes", "props"]);
pub(super) const REPLY: Names = Names(&[
    "replyto",
    "replytoid",
    "replytomessageid",
    "repliedtoid",
    "inreplyto",
    "inreplytoid",
    "parentid",
    "parentmessageid",
    "replyid",
    "quotedid",
    "quotedmessageid",
    "replymessageid",
]);
pub(super) const NO_REPLY: [&str; 2] = ["forward", "thread"];
pub(super) const USER_NAME: Names =
    Names(&["name", "displayname", "fullname", "username", "nickname", "handle", "login", "screenname"]);
pub(super) const EMAIL: Names = Names(&["email", "emailaddress", "mail"]);
pub(super) const AVATAR: Names = Names(&[
    "avatar",
    "avatarurl",
    "image",
    "imageurl",
    "picture",
    "photo",
    "photourl",
    "profilepic",
    "profilepicture",
    "profileimage",
    "profilephoto",
    "pictureurl",
    "profilepicurl",
    "img",
]);
pub(super) const ROOM_NAME: Names = Names(&[
    "name",
    "title",
    "roomname",
    "groupname",
    "channelname",
    "chatname",
    "topic",
    "subject",
    "label",
]);
pub(super) const EMOJI: Names =
    Names(&["emoji", "reaction", "type", "value", "icon", "symbol", "content", "code"]);

pub(super) const MESSAGE_MODEL: Names =
    Names(&["message", "chatmessage", "messages", "roommessage", "channelmessage", "msg", "groupmessage"]);
pub(super) const NO_MESSAGE: [&str; 22] = [
    "reaction",
    "read",
    "receipt",
    "attachment",
    "statu",
    "seen",
    "notification",
    "template",
    "draft",
    "log",
    "queue",
    "edit",
    "history",
    "file",
    "delivery",
    "mention",
    "pin",
    "deleted",
    "media",
    "emoji",
    "report",
    "tag",
];
pub(super) const USER_MODEL: Names =
    Names(&["user", "users", "chatuser", "appuser", "profile", "account", "person", "member", "customer"]);
pub(super) const ROOM_MODEL: Names = Names(&[
    "room",
    "chatroom",
    "conversation",
    "channel",
    "chat",
    "group",
    "groupchat",
    "chatgroup",
    "thread",
    "dialog",
    "rooms",
    "space",
]);
pub(super) const NO_MEMBER: [&str; 12] = [
    "read",
    "receipt",
    "invite",
    "invitation",
    "ban",
    "typing",
    "seen",
    "request",
    "mute",
    "block",
    "call",
    "pin",
];

/// Flags and times by which a row is deleted without going away.
pub(super) fn deletion(model: &Model) -> Vec<&Column> {
    let is_one = |column: &&Column| {
        let name = plain(&column.field);
        match column.kind {
            Kind::DateTime => {
                !column.is_required && ["deletedat", "deletedon", "removedat"].contains(&name.as_str())
            }
            Kind::Boolean => ["isdeleted", "deleted", "isremoved", "removed"].contains(&name.as_str()),
            _ => false,
        }
    };
    model.columns.iter().filter(is_one).collect()
}

/// Flags that say that a message was edited.
pub(super) fn edited(model: &Model) -> Vec<&Column> {
    let is_one = |column: &&Column| {
        column.kind == Kind::Boolean && ["isedited", "edited"].contains(&plain(&column.field).as_str())
    };
    model.columns.iter().filter(is_one).collect()
}

/// The best of the model's columns of a kind, by their names, and the others that would do.
pub(super) fn best<'a>(
    model: &'a Model,
    names: &Names,
    is_fit: impl Fn(&Column) -> bool,
) -> Option<(&'a Column, Vec<&'a Column>)> {
    let mut found: Vec<(usize, &Column)> = model
        .columns
        .iter()
        .filter(|column| !column.is_list && is_fit(column))
        .map(|column| (names.rank(&column.field), column))
        .filter(|(rank, _)| *rank > 0)
        .collect();
    found.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
    let mut columns = found.into_iter().map(|(_, column)| column);
    Some((columns.next()?, columns.collect()))
}

pub(super) fn is_text(column: &Column) -> bool {
    column.kind == Kind::String
}

pub(super) fn is_time(column: &Column) -> bool {
    column.kind == Kind::DateTime && !["Date", "Time", "Timetz"].iter().any(|native| column.is_native(native))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_not_found_inside_another() {
        assert_eq!(words("ThreadMessages_readBy"), ["thread", "message", "read", "by"]);
        assert!(!has_word("ThreadMember", &NO_MEMBER) && has_word("message_reads", &NO_MESSAGE));
        assert_eq!(plain("created_At"), "createdat");
    }
}
