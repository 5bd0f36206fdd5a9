//! A connection on which PostgreSQL notifies the server of changes by other programs.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::Deserialize;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    time::timeout,
};
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls};

use crate::{
    chat::{
        Error, Result, chained,
        id::{RoomId, UserId},
    },
    db::Db,
};

/// Notifications that may wait. If more come, the server looks at everything instead.
const CAPACITY: usize = 4_096;

/// A notification: JSON in its payload.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notice {
    /// Entries of another program's changes, from one number to another.
    Entries { room: RoomId, from: i64, to: i64 },
    /// Many rooms have new entries.
    Look,
    /// Changes were committed that still have to be logged.
    Left,
    /// A table was emptied: rooms have to be compared with the database.
    Compare,
    /// A room, or its members, were changed or deleted.
    Room(RoomId),
    /// A user was changed or deleted.
    User(UserId),
    /// Many rooms, members or users were changed or deleted.
    Access,
    /// Notifications were lost, or are of a kind that this version does not know.
    #[serde(skip)]
    Unknown,
}

impl Notice {
    fn parse(payload: &str) -> Self {
        serde_json::from_str(payload).unwrap_or(Self::Unknown)
    }
}

/// The end of the connection that reads notifications.
pub struct Listener {
    client: Client,
    notices: mpsc::Receiver<Notice>,
    has_lost: Arc<AtomicBool>,
    timeout: Duration,
}

impl Listener {
    /// Opens a connection beside the pool, on which later commits are notified of. None: the settings allow no such
    /// connection, as behind PgBouncer.
    pub async fn open(db: &Db) -> Result<Option<Self>> {
        let Db::Pg { direct: Some(direct), timeout: limit, .. } = db else { return Ok(None) };
        if !direct.may_listen {
            return Ok(None);
        }
        let (sender, notices) = mpsc::channel(CAPACITY);
        let has_lost = Arc::new(AtomicBool::new(false));
        let inbox = Inbox { sender, has_lost: Arc::clone(&has_lost) };
        let connect = async {
            let client = match &direct.tls {
                None => inbox.read(tokio_postgres::connect(&direct.url, NoTls).await?),
                Some(tls) => inbox.read(tokio_postgres::connect(&direct.url, tls.clone()).await?),
            };
            // The name is for people who look at the database's sessions.
            client.batch_execute("LISTEN chatoxide; SET application_name = 'chatoxide watch'").await?;
            Ok::<_, tokio_postgres::Error>(client)
        };
        let unavailable =
            |why: String| Error::Unavailable(format!("no notifications of the database: {why}"));
        let client = match timeout(*limit, connect).await {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => return Err(unavailable(chained(&error))),
            Err(_) => return Err(unavailable(db.no_answer_within(*limit))),
        };
        Ok(Some(Self { client, notices, has_lost, timeout: *limit }))
    }

    /// Waits for the next notice, and returns it with those that have come meanwhile, at most `limit`; none when the
    /// connection is gone.
    pub async fn next(&mut self, limit: usize) -> Vec<Notice> {
        let mut notices = Vec::new();
        self.notices.recv_many(&mut notices, limit).await;
        if self.has_lost.swap(false, Ordering::Relaxed) {
            notices = vec![Notice::Unknown];
        }
        notices
    }

    /// False if the connection does not answer: a network may drop it without a word.
    pub async fn is_alive(&self) -> bool {
        matches!(timeout(self.timeout, self.client.batch_execute("")).await, Ok(Ok(())))
    }
}

struct Inbox {
    sender: mpsc::Sender<Notice>,
    has_lost: Arc<AtomicBool>,
}

impl Inbox {
    /// Reads the connection until its client is dropped or it breaks.
    fn read<S, T>(self, (client, mut connection): (Client, Connection<S, T>)) -> Client
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        tokio::spawn(async move {
            loop {
                match poll_fn(|context| connection.poll_message(context)).await {
                    Some(Ok(AsyncMessage::Notification(notification))) => {
                        let notice = Notice::parse(notification.payload());
                        if let Err(mpsc::error::TrySendError::Full(_)) = self.sender.try_send(notice) {
                            self.has_lost.store(true, Ordering::Relaxed);
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => {
                        tracing::debug!(%error, "the connection for the database's notifications is gone");
                        return;
                    }
                    None => return,
                }
            }
        });
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_of_an_unknown_kind_is_not_ignored() {
        let entries = r#"{"entries" : {"room" : "r", "from" : 2, "to" : 3}}"#;
        assert_eq!(Notice::parse(entries), Notice::Entries { room: "r".into(), from: 2, to: 3 });
        assert_eq!(Notice::parse(r#"{"user" : "u"}"#), Notice::User("u".into()));
        assert_eq!(Notice::parse(r#""left""#), Notice::Left);
        for payload in ["", "more", r#"{"entries": {"room": "r"}}"#, r#""unknown""#] {
            assert_eq!(Notice::parse(payload), Notice::Unknown, "{payload}");
        }
    }
}
