//! The rows that a batch reads and changes, with one file for each table. The tables are read before the changes, all at
//! once, and written after them. In between the changes are made in memory, one after the other.

mod mentions;
mod messages;
mod reactions;
mod rooms;
mod threads;

use diesel::{QueryResult, sqlite::SqliteConnection};
use futures_util::future::{join, join_all, join3};
use serde_json::Value;

use self::{
    mentions::Mentions,
    messages::{MessageNeeds, Messages},
    reactions::{ReactionNeeds, Reactions},
    rooms::{RoomNeeds, Rooms},
    threads::Threads,
};
use super::{Append, session::Session};
use crate::{
    chat::{Error, Result},
    db::{columns::Columns, error::KEPT_OUT, messages::MessageRow},
};

pub(super) use messages::{list_stored_pg, list_stored_sqlite};
pub use threads::ThreadOfReply;
pub(super) use threads::{NewReply, Summaries};

/// The rows that the changes of a batch need.
#[derive(Default)]
pub(super) struct Needs {
    pub(super) messages: MessageNeeds,
    pub(super) reactions: ReactionNeeds,
    pub(super) rooms: RoomNeeds,
}

impl Needs {
    fn of(batch: &[Append]) -> Self {
        let mut needs = Self::default();
        batch.iter().for_each(|append| append.change.kind().list_needs(append, &mut needs));
        needs
    }
}

/// Those rows, with the changes so far.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) messages: Messages,
    pub(super) reactions: Reactions,
    /// Written, never read.
    pub(super) mentions: Mentions,
    /// Written, never read.
    pub(super) threads: Threads,
    pub(super) rooms: Rooms,
}

/// A statement on PostgreSQL that writes the rows in a document, and returns how many it wrote.
struct Write {
    sql: &'static str,
    rows: Vec<Value>,
    /// The least number of rows that it must write. With fewer, a trigger kept one out, or another program made the same
    /// change a moment ago.
    expected: usize,
}

impl Rows {
    pub(super) async fn read_pg(session: &Session<'_>, batch: &[Append]) -> Result<Self> {
        let needs = Needs::of(batch);
        // They are pipelined: one round trip.
        let (messages, reactions, rooms) = join3(
            Messages::read_pg(session, &needs.messages),
            Reactions::read_pg(session, &needs.reactions),
            Rooms::read_pg(session, &needs.rooms),
        )
        .await;
        Ok(Self { messages: messages?, reactions: reactions?, rooms: rooms?, ..Self::default() })
    }

    pub(super) fn read_sqlite(c: &mut SqliteConnection, batch: &[Append]) -> QueryResult<Self> {
        let needs = Needs::of(batch);
        let messages = Messages::read_sqlite(c, &needs.messages)?;
        let reactions = Reactions::read_sqlite(c, &needs.reactions)?;
        let rooms = Rooms::read_sqlite(c, &needs.rooms)?;
        Ok(Self { messages, reactions, rooms, ..Self::default() })
    }

    /// Writes the changed rows, pipelined with `then`; returns the edited messages as they are stored, and the changed threads.
    pub(super) async fn write_pg(
        &self,
        session: &Session<'_>,
        then: impl Future<Output = Result<()>>,
    ) -> Result<(Vec<MessageRow>, Summaries)> {
        let columns = session.db().facts().columns();
        // The order matters: a reaction may be removed and added again.
        let writes = self.reactions.deletions().into_iter().chain(self.messages.deletions());
        let writes = writes
            .chain(self.reactions.insertions())
            .chain(self.messages.insertions(&columns))
            .chain(self.mentions.deletions())
            .chain(self.mentions.insertions())
            .chain(self.threads.writes())
            .chain(self.rooms.updates(&columns));
        let writes = writes.filter(|write| !write.rows.is_empty()).map(|write| {
            let written = session.query(write.sql, &write.rows);
            async move {
                let count: usize = written.await?;
                if count < write.expected { Err(Error::from(KEPT_OUT)) } else { Ok(()) }
            }
        });
        // Edits come first, because the log notes the messages as the edits have left them.
        let summaries = self.threads.list_summaries_pg(session);
        let (edited, (written, summaries, then)) =
            join(self.messages.write_edits_pg(session), join3(join_all(writes), summaries, then)).await;
        // The first error counts: it ended the transaction.
        let edited = edited?;
        written.into_iter().collect::<Result<()>>()?;
        then?;
        Ok((edited, summaries?))
    }

    pub(super) fn write_sqlite(&self, c: &mut SqliteConnection, columns: &Columns) -> QueryResult<Summaries> {
        self.messages.write_edits_sqlite(c, columns)?;
        self.reactions.write_deletions_sqlite(c)?;
        self.messages.write_deletions_sqlite(c)?;
        self.reactions.write_insertions_sqlite(c)?;
        self.messages.write_insertions_sqlite(c, columns)?;
        self.mentions.write_sqlite(c)?;
        self.rooms.write_sqlite(c, columns)?;
        self.threads.write_sqlite(c)
    }
}

/// Fails if a statement on SQLite wrote fewer rows than it had to: a trigger kept one out.
fn ensure_written(count: usize, expected: usize) -> QueryResult<()> {
    if count < expected { Err(KEPT_OUT) } else { Ok(()) }
}
