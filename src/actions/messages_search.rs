//! Searches the messages of all rooms that the actor may read: those that they are a member of, and the public ones. The
//! index only leads to messages: each is shown as it is now, and only if it still matches.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use futures_util::future::join;

use super::Actor;
use crate::{
    app::App,
    chat::{
        Error, Result,
        id::{MessageId, RoomId, UserId},
        permission,
    },
    db::{
        self, messages,
        rooms::Room,
        search::{self, Hit, Wanted},
    },
    protocol::{FoundMessageView, MessageView, SearchPageView},
    search::{Candidate, Cursor, Expression, Query, Tag, find_matches, rank},
    sync::off_worker,
};

/// The most results of a page, and the number if none is asked for.
pub const MAX_RESULTS: usize = 50;
pub const DEFAULT_RESULTS: usize = 20;

/// The most rooms of the actor that are searched: those with the latest activity. Public rooms come on top.
const MAX_ROOMS: i64 = 1_000;
/// The newest matches that an order by relevance is made of.
const MAX_RANKED: usize = 500;
/// Above this, a page ends before its limit: contents and metadata of its messages, in bytes.
const MAX_PAGE_BYTES: usize = 1_000_000;
/// Messages that are read together.
const PORTION: usize = 25;
/// Pages of the index that are read for one page of results. Their messages may be gone or changed.
const MAX_ROUNDS: usize = 4;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SearchOrder {
    #[default]
    Newest,
    Relevance,
}

/// The part of the results that is asked for.
pub struct Page<'a> {
    pub order: SearchOrder,
    pub limit: usize,
    pub after: Option<&'a str>,
}

/// Returns a page of the messages that match a query.
pub async fn run(app: &App, actor: Actor<'_>, query: &str, page: Page<'_>) -> Result<SearchPageView> {
    let slots = app.search.as_ref().ok_or(Error::NoSearch)?;
    let query = Query::parse(query)?;
    let after = page.after.map(Cursor::read).transpose()?;
    let is_ranked = page.order == SearchOrder::Relevance;
    if after.as_ref().is_some_and(|after| after.score.is_some() != is_ranked) {
        return Err(Error::BadInput("after: the cursor is of another order".to_owned()));
    }
    let held = slots.begin(actor.user_id()).await?;
    let (senders, rooms) = join(find_senders(app, actor, &query), find_rooms(app, actor, &query)).await;
    let (senders, rooms) = (senders?, rooms?);
    // The next search finds what other programs have written there.
    app.rooms.note_unindexed(&rooms);
    let known = search::list_rooms(&app.db, &rooms.iter().cloned().collect::<Vec<_>>()).await?;
    let filled = known.iter().filter(|room| room.is_filled).count();
    let indexed = (filled < rooms.len()).then(|| filled as f64 / rooms.len() as f64);
    let tags = senders.iter().map(|sender| Tag::Sender(sender.to_string())).collect();
    let expression = Expression::new(query.phrases.clone()).and_any(tags);
    let expression = query.has.iter().fold(expression, |all, has| all.and_any(vec![Tag::Has(*has)]));
    let micros = |at: crate::chat::timestamp::Timestamp| at.millis().saturating_mul(1_000);
    let wanted = Wanted {
        expression,
        rooms: known.iter().map(|room| room.number).collect(),
        since: query.since.map(micros),
        before: query.before.map(micros),
        after,
        held,
    };
    let found =
        Results { app, query, senders, rooms, limit: page.limit, found: Vec::new(), bytes: 0, last: None };
    let page = if is_ranked { found.ranked(wanted).await? } else { found.newest(wanted).await? };
    Ok(SearchPageView { indexed, ..page })
}

/// The ids of the users that the query names, by their ids or their names.
async fn find_senders(app: &App, actor: Actor<'_>, query: &Query) -> Result<HashSet<UserId>> {
    let (me, others): (Vec<&String>, Vec<&String>) =
        query.from.iter().partition(|name| name.eq_ignore_ascii_case("me"));
    let mut senders = HashSet::new();
    if !me.is_empty() {
        senders.insert(actor.user_id().clone());
    }
    if others.is_empty() {
        return Ok(senders);
    }
    let users = db::users::list_by_id_or_name(&app.db, &others).await?;
    for name in others {
        let lower = name.to_lowercase();
        let is_id = users.iter().any(|user| user.id.as_str() == name);
        let is_named = |user: &&crate::protocol::MemberView| match is_id {
            true => user.id.as_str() == name,
            false => user.name.to_lowercase() == lower,
        };
        let before = senders.len();
        senders.extend(users.iter().filter(is_named).map(|user| user.id.clone()));
        if senders.len() == before && !users.iter().any(|user| is_named(&user)) {
            return Err(Error::UserNotFound);
        }
    }
    Ok(senders)
}

/// The rooms that the actor may read, or those of them that the query names by their ids or their names.
async fn find_rooms(app: &App, actor: Actor<'_>, query: &Query) -> Result<HashSet<RoomId>> {
    // The members are read now, not from the cache: a member who was removed finds nothing.
    let mine = db::room_list::list_of_user(&app.db, actor.user_id(), MAX_ROOMS);
    let (mine, public) = join(mine, app.access.list_public()).await;
    let (mine, public) = (mine?, public?);
    let mine = mine.iter().map(|mine| (&mine.room, true));
    let all: Vec<(&Room, bool)> = mine.chain(public.iter().map(|public| (&public.room, false))).collect();
    let readable = all
        .into_iter()
        .filter(|(room, is_member)| permission::ensure_may_enter(room.kind.0, *is_member).is_ok());
    let readable: Vec<&Room> = readable.map(|(room, _)| room).collect();
    if query.rooms.is_empty() {
        return Ok(readable.iter().map(|room| RoomId::from(room.id.as_str())).collect());
    }
    let mut named = HashSet::new();
    for name in &query.rooms {
        let lower = name.to_lowercase();
        let by_id: Vec<&&Room> = readable.iter().filter(|room| room.id == *name).collect();
        let by_name = readable.iter().filter(|room| room.name.to_lowercase() == lower);
        let found: Vec<&&Room> = if by_id.is_empty() { by_name.collect() } else { by_id };
        if found.is_empty() {
            let room_id = RoomId::from(name.as_str());
            let room = app.access.ensure_may_enter(actor.user_id(), &room_id).await?;
            // The cache may not know yet that the membership has ended.
            let is_member = db::rooms::is_member(&app.db, &room_id, actor.user_id()).await?;
            permission::ensure_may_enter(room.kind, is_member)?;
            named.insert(room_id);
        }
        named.extend(found.iter().map(|room| RoomId::from(room.id.as_str())));
    }
    Ok(named)
}

/// The results, as they are collected.
struct Results<'a> {
    app: &'a App,
    query: Query,
    senders: HashSet<UserId>,
    /// The rooms that may be read.
    rooms: HashSet<RoomId>,
    limit: usize,
    found: Vec<FoundMessageView>,
    bytes: usize,
    /// The place of the last message that was looked at.
    last: Option<Cursor>,
}

impl Results<'_> {
    async fn newest(mut self, mut wanted: Wanted) -> Result<SearchPageView> {
        for _ in 0..MAX_ROUNDS {
            // One more shows whether there are more.
            let most = self.limit.saturating_sub(self.found.len()).saturating_add(1);
            let hits = search::list_newest(&self.app.db, &wanted, most).await?;
            let is_end = hits.len() < most;
            if let Some(after) = self.collect(&hits).await? {
                return Ok(self.into_page(Some(after)));
            }
            if is_end {
                return Ok(self.into_page(None));
            }
            wanted.after = hits.last().map(|hit| hit.cursor.clone());
        }
        let after = wanted.after.take();
        Ok(self.into_page(after))
    }

    async fn ranked(mut self, mut wanted: Wanted) -> Result<SearchPageView> {
        let after = wanted.after.take();
        let hits = search::list_newest(&self.app.db, &wanted, MAX_RANKED).await?;
        let ids: Vec<_> = hits.iter().map(|hit| hit.message_id.clone()).collect();
        let contents = messages::list_beginnings(&self.app.db, &ids).await?;
        let content = |hit: &Hit| contents.get(&hit.message_id).map_or("", String::as_str);
        let candidates: Vec<Candidate<'_>> =
            hits.iter().map(|hit| Candidate { content: content(hit) }).collect();
        let bytes = candidates.iter().map(|candidate| candidate.content.len()).sum();
        let scores = off_worker(bytes, || rank(&candidates, &self.query.phrases));
        let scored = hits
            .into_iter()
            .zip(scores)
            .map(|(hit, score)| Hit { cursor: Cursor { score: Some(score), ..hit.cursor }, ..hit });
        let order = |cursor: &Cursor| Reverse((cursor.score, cursor.at, cursor.key.clone()));
        let mut hits: Vec<Hit> = scored.collect();
        hits.sort_by_cached_key(|hit| order(&hit.cursor));
        if let Some(after) = after {
            hits.retain(|hit| order(&hit.cursor) > order(&after));
        }
        let after = self.collect(&hits).await?;
        Ok(self.into_page(after))
    }

    /// Adds those of the messages that match. If the page is full before their end, returns the place where it ends.
    async fn collect(&mut self, hits: &[Hit]) -> Result<Option<Cursor>> {
        for portion in hits.chunks(PORTION) {
            if self.is_full() {
                return Ok(self.last.take());
            }
            let ids: Vec<_> = portion.iter().map(|hit| hit.message_id.clone()).collect();
            let mut there: HashMap<MessageId, MessageView> = messages::list(&self.app.db, &ids)
                .await?
                .into_iter()
                .map(|message| (message.id.clone(), message))
                .collect();
            let bytes = there.values().map(|message| message.content.len()).sum();
            let end = off_worker(bytes, || self.add_portion(portion, &mut there));
            if end.is_some() {
                return Ok(end);
            }
        }
        Ok(None)
    }

    /// The same for messages that were read.
    fn add_portion(&mut self, hits: &[Hit], there: &mut HashMap<MessageId, MessageView>) -> Option<Cursor> {
        for hit in hits {
            if self.is_full() {
                return self.last.take();
            }
            if let Some(message) = there.remove(&hit.message_id) {
                self.add(message);
            }
            self.last = Some(hit.cursor.clone());
        }
        None
    }

    fn is_full(&self) -> bool {
        self.found.len() >= self.limit || self.bytes >= MAX_PAGE_BYTES
    }

    /// Adds the message, if it is one of the results as it is now.
    fn add(&mut self, message: MessageView) {
        let query = &self.query;
        let is_result = self.rooms.contains(&message.room_id)
            && (self.senders.is_empty() || self.senders.contains(&message.sender_id))
            && query.before.is_none_or(|before| message.created_at < before)
            && query.since.is_none_or(|since| message.created_at >= since)
            && query.has.iter().all(|has| has.is_in(&message.kind, &message.content));
        let Some(highlights) = find_matches(&message.content, &query.phrases).filter(|_| is_result) else {
            return;
        };
        self.bytes += message.content.len() + crate::chat::message::size_of_json(&message.metadata);
        self.found.push(FoundMessageView { message, highlights });
    }

    fn into_page(self, after: Option<Cursor>) -> SearchPageView {
        SearchPageView {
            results: self.found,
            is_complete: after.is_none(),
            after: after.map(|after| after.write()),
            indexed: None,
        }
    }
}
