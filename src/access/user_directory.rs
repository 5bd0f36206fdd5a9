//! A cache of users and their names. Concurrent look-ups and inserts are batched, because after a restart all users
//! reconnect at once.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use moka::future::Cache;
use tokio::sync::{mpsc, oneshot};

use super::CACHE_CAPACITY;
use crate::{
    auth::{Claims, Verification},
    batch::fill,
    chat::{Error, Result, id::UserId},
    clock,
    config::SameEmail,
    db::{
        Db,
        users::{self, NewUser},
    },
};

/// A user who was seen within this time is not looked up again.
const SEEN_TTL: Duration = Duration::from_secs(60);
/// The most look-ups that may wait, and the most in one batch.
const QUEUE_CAPACITY: usize = 65_536;
const MAX_BATCH: usize = 1_024;

pub(super) struct UserDirectory {
    db: Db,
    names: Cache<UserId, Arc<str>>,
    seen: Cache<UserId, ()>,
    lookups: mpsc::Sender<Lookup>,
    auto_create: bool,
    same_email: SameEmail,
}

struct Lookup {
    user_id: UserId,
    /// The user to insert if they are absent.
    new_user: Option<Newcomer>,
    answer: oneshot::Sender<Result<Option<Arc<str>>>>,
}

/// A user to insert.
struct Newcomer {
    /// The user as they are stored.
    user: NewUser,
    /// The address that they come with.
    email: Option<String>,
    /// Whether the address is stored. If an unverified one were, its owner would later sign in as the user who only
    /// named it.
    keeps_email: bool,
    /// They are not inserted if the address belongs to somebody else.
    is_refused_if_taken: bool,
}

impl Newcomer {
    fn new(claims: &Claims, same_email: SameEmail) -> Self {
        let verification = claims.email_verification;
        let (keeps_email, is_refused_if_taken) = match same_email {
            SameEmail::Separate => (verification != Verification::Unverified, false),
            SameEmail::Refuse => (verification != Verification::Unverified, true),
            SameEmail::Link => {
                (verification == Verification::Verified, verification != Verification::Unstated)
            }
        };
        let user = |email: Option<&str>| {
            NewUser::new(&claims.sub, claims.name.as_deref(), email, claims.avatar.as_deref(), clock::now())
        };
        let named = user(claims.email.as_deref());
        let email = named.own_email().map(str::to_owned);
        let user = if keeps_email { named } else { user(None) };
        let user = if is_refused_if_taken { user.without_fallback() } else { user };
        Self { user, email, keeps_email, is_refused_if_taken }
    }
}

impl UserDirectory {
    pub(super) fn start(db: Db, ttl: Duration, (auto_create, same_email): (bool, SameEmail)) -> Self {
        let (lookups, queue) = mpsc::channel(QUEUE_CAPACITY);
        tokio::spawn(run(db.clone(), queue));
        Self {
            db,
            names: Cache::builder().max_capacity(CACHE_CAPACITY).time_to_live(ttl).build(),
            seen: Cache::builder().max_capacity(CACHE_CAPACITY).time_to_live(SEEN_TTL).build(),
            lookups,
            auto_create,
            same_email,
        }
    }

    /// Returns the user's name in the database.
    pub(super) async fn name(&self, user_id: &UserId) -> Result<Arc<str>> {
        if let Some(name) = self.names.get(user_id).await {
            return Ok(name);
        }
        Box::pin(self.look_up(user_id, None)).await
    }

    /// Returns the user's name in the database. A user who signs in for the first time is inserted, if the settings
    /// allow it.
    pub(super) async fn ensure(&self, claims: &Claims) -> Result<Arc<str>> {
        if let Some(name) = self.names.get(&claims.sub).await {
            return Ok(name);
        }
        let new_user = || Newcomer::new(claims, self.same_email);
        Box::pin(self.look_up(&claims.sub, self.auto_create.then(new_user))).await
    }

    /// True if the user was seen in the database a moment ago.
    pub(super) fn was_seen(&self, user_id: &UserId) -> bool {
        self.seen.contains_key(user_id)
    }

    pub(super) async fn note_seen(&self, user_id: &UserId) {
        self.seen.insert(user_id.clone(), ()).await;
    }

    pub(super) async fn forget(&self, user_id: &UserId) {
        self.names.invalidate(user_id).await;
        self.seen.invalidate(user_id).await;
    }

    pub(super) fn forget_all(&self) {
        self.names.invalidate_all();
        self.seen.invalidate_all();
    }

    async fn look_up(&self, user_id: &UserId, new_user: Option<Newcomer>) -> Result<Arc<str>> {
        let (answer, answered) = oneshot::channel();
        let lookup = Lookup { user_id: user_id.clone(), new_user, answer };
        self.lookups.try_send(lookup).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Busy,
            mpsc::error::TrySendError::Closed(_) => Error::ShuttingDown,
        })?;
        let answer = async { answered.await.unwrap_or(Err(Error::ShuttingDown)) };
        let name = self.db.within_timeout(answer).await?.ok_or(Error::UserNotFound)?;
        self.names.insert(user_id.clone(), Arc::clone(&name)).await;
        self.note_seen(user_id).await;
        Ok(name)
    }
}

async fn run(db: Db, mut queue: mpsc::Receiver<Lookup>) {
    let mut lookups = Vec::new();
    while fill(&mut queue, &mut lookups, MAX_BATCH).await {
        // A caller that has stopped waiting needs no answer.
        lookups.retain(|lookup: &Lookup| !lookup.answer.is_closed());
        let requested: HashSet<UserId> = lookups.iter().map(|lookup| lookup.user_id.clone()).collect();
        let mut new_users = HashMap::new();
        for lookup in &mut lookups {
            if let Some(new_user) = lookup.new_user.take() {
                new_users.entry(lookup.user_id.clone()).or_insert(new_user);
            }
        }
        let found = resolve(&db, requested.into_iter().collect(), new_users).await;
        for lookup in lookups.drain(..) {
            let name = match &found {
                Ok(found) => found.get(&lookup.user_id).cloned().transpose(),
                Err(error) => Err(error.clone()),
            };
            let _gone = lookup.answer.send(name);
        }
    }
}

/// Returns the names of the users who are in the database now, and why others could not be inserted.
async fn resolve(
    db: &Db,
    requested: Vec<UserId>,
    mut new_users: HashMap<UserId, Newcomer>,
) -> Result<HashMap<UserId, Result<Arc<str>>>> {
    if requested.is_empty() {
        return Ok(HashMap::new());
    }
    let mut refused: HashMap<UserId, Error> = HashMap::new();
    let mut found = users::list_names(db, requested).await?;
    new_users.retain(|user_id, _| !found.contains_key(user_id));
    if !new_users.is_empty() {
        let newcomers: Vec<Newcomer> = new_users.into_values().collect();
        refused.extend(refuse_same_email(db, &newcomers).await?);
        let mut new_users: Vec<NewUser> = newcomers.into_iter().map(|newcomer| newcomer.user).collect();
        new_users.retain(|new_user| !refused.contains_key(new_user.id.as_str()));
        refused.extend(users::insert_absent(db, new_users.clone()).await?);
        new_users.retain(|new_user| !refused.contains_key(new_user.id.as_str()));
        found.extend(users::list_names(db, ids_of(&new_users)).await?);
        new_users.retain(|new_user| !found.contains_key(new_user.id.as_str()));
        if !new_users.is_empty() {
            refused.extend(users::list_refused(db, &new_users).await?);
            found.extend(users::list_names(db, ids_of(&new_users)).await?);
        }
    }
    let mut names: HashMap<UserId, Result<Arc<str>>> =
        refused.into_iter().map(|(user_id, error)| (user_id, Err(error))).collect();
    names.extend(found.into_iter().map(|(user_id, name)| (user_id, Ok(name))));
    Ok(names)
}

/// Finds the new users whose e-mail address belongs to another user, or to another of these. A line in the log names both.
/// Those who are not to get a fallback are refused.
async fn refuse_same_email(db: &Db, newcomers: &[Newcomer]) -> Result<Vec<(UserId, Error)>> {
    let emails: Vec<String> = newcomers.iter().filter_map(|newcomer| newcomer.email.clone()).collect();
    if emails.is_empty() {
        return Ok(Vec::new());
    }
    let mut owners = users::list_ids_by_email(db, emails).await?;
    let mut refused = Vec::new();
    for newcomer in newcomers {
        let (Some(email), id) = (&newcomer.email, UserId::from(newcomer.user.id.as_str())) else { continue };
        if newcomer.keeps_email {
            owners.entry(email.clone()).or_insert_with(|| id.clone());
        }
        let Some(owner) = owners.get(email).filter(|owner| **owner != id) else { continue };
        let is_refused = newcomer.is_refused_if_taken;
        let outcome = if is_refused { "refused" } else { "a second user without it" };
        tracing::warn!(user = %id, owner = %owner, outcome, "another user has the e-mail address of a new user: see SAME_EMAIL");
        if is_refused {
            refused.push((id, Error::EmailTaken));
        }
    }
    Ok(refused)
}

fn ids_of(users: &[NewUser]) -> Vec<UserId> {
    users.iter().map(|user| user.id.as_str().into()).collect()
}
