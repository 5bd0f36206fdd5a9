//! The state that handlers share. It knows no door: neither Socket.IO events nor HTTP routes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    access::{Access, RoomAccess},
    auth::{Authenticator, RefusalLog},
    broadcast::Broadcast,
    chat::{
        Error, Result,
        id::{RoomId, UserId},
    },
    chunks::Chunks,
    cluster::node_cache::NodeCache,
    config::Config,
    db::Db,
    indexer::{Indexer, SearchSlots},
    metrics::{Instruments, Metrics},
    online::OnlineUsers,
    rate::InFlight,
    rooms::{self, Rooms},
    webhook::Webhook,
};

pub struct App {
    pub config: Config,
    pub db: Db,
    pub authenticator: Authenticator,
    pub access: Access,
    pub broadcast: Broadcast,
    pub rooms: Arc<Rooms>,
    pub online: Arc<OnlineUsers>,
    pub metrics: Metrics,
    /// The endpoint of the events that this server does not know.
    pub webhook: Option<Arc<Webhook>>,
    pub refusals: Arc<RefusalLog>,
    /// The requests of the REST API that are under way, by user.
    pub requests: InFlight<UserId>,
    /// The chunks of long messages that are not complete.
    pub chunks: Arc<Chunks>,
    /// The searches that are under way; none: this server has no search.
    pub search: Option<SearchSlots>,
    /// Tracks every event and every request of the API that is being handled; a shutdown waits for them.
    pub in_flight: TaskTracker,
    node_cache: NodeCache,
    draining: AtomicBool,
    /// Ends the tasks that listen to the database, and that index its messages.
    stop_following: CancellationToken,
}

impl App {
    /// Starts the background tasks.
    pub fn start(
        config: Config,
        db: Db,
        (authenticator, webhook): (Authenticator, Option<Arc<Webhook>>),
        broadcast: Broadcast,
    ) -> Arc<Self> {
        let node_cache = NodeCache::start(config.redis_url.as_deref(), db.clone());
        let instruments = Instruments::new(db.statements().clone());
        let has_search = config.search && db.facts().has_search();
        let indexer = if has_search { Indexer::new() } else { Indexer::default() };
        let beside = (node_cache.clone(), indexer.clone());
        let rooms = Rooms::start(broadcast.clone(), db.clone(), &config, beside, instruments.clone());
        let evict = {
            let rooms = Arc::clone(&rooms);
            Box::new(move |room_id: &RoomId, access: Option<&RoomAccess>| match access {
                Some(access) => rooms.evict(room_id, |user_id| access.ensure_may_enter(user_id).is_ok()),
                None => rooms.close(room_id),
            })
        };
        let new_users = (config.auto_create_users, config.sign_in.same_email);
        let access = Access::new(db.clone(), config.membership_ttl, new_users, evict);
        let app = Arc::new(Self {
            access,
            stop_following: CancellationToken::new(),
            search: has_search.then(|| SearchSlots::new(&db)),
            online: OnlineUsers::start(broadcast.clone(), db.clone(), config.membership_ttl),
            broadcast,
            rooms,
            metrics: Metrics::new(instruments),
            refusals: Arc::default(),
            requests: InFlight::default(),
            chunks: start_chunks(&config),
            in_flight: TaskTracker::new(),
            node_cache,
            draining: AtomicBool::new(false),
            config,
            db,
            authenticator,
            webhook,
        });
        tokio::spawn(rooms::push_unread(Arc::downgrade(&app), Self::rooms_and_access));
        let listen = rooms::watch_database(
            Arc::downgrade(&app),
            app.stop_following.clone(),
            app.db.clone(),
            Self::rooms_and_access,
        );
        tokio::spawn(listen);
        let instruments = app.metrics.instruments.clone();
        tokio::spawn(indexer.run(app.db.clone(), instruments, app.stop_following.clone()));
        app
    }

    fn rooms_and_access(&self) -> (&Rooms, &Access) {
        (&self.rooms, &self.access)
    }

    /// Fails once the server is shutting down, when nothing new may begin.
    pub fn ensure_open(&self) -> Result<()> {
        if self.draining.load(Ordering::Acquire) { Err(Error::ShuttingDown) } else { Ok(()) }
    }

    /// Begins nothing new, and waits until everything that has begun is committed, broadcast and acked.
    pub async fn drain(&self) {
        self.draining.store(true, Ordering::Release);
        self.stop_following.cancel();
        self.in_flight.close();
        self.in_flight.wait().await;
        self.rooms.flush_rooms();
        self.rooms.flush_read_marks().await;
        self.rooms.flush_delivery_marks().await;
        self.online.flush().await;
        self.node_cache.flush().await;
        self.rooms.write_all_digests().await;
    }
}

/// The time between two looks for chunks that nobody goes on with.
const ABANDONED_INTERVAL: Duration = Duration::from_secs(30);

fn start_chunks(config: &Config) -> Arc<Chunks> {
    let most = config.limits.chunked_bytes.unwrap_or(0);
    let chunks = Arc::new(Chunks::new(most, config.sockets.max_payload));
    let weak = Arc::downgrade(&chunks);
    tokio::spawn(async move {
        loop {
            sleep(ABANDONED_INTERVAL).await;
            let Some(chunks) = weak.upgrade() else { return };
            chunks.forget_abandoned(Instant::now());
        }
    });
    chunks
}
