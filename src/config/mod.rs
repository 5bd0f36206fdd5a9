//! Every setting, its variable, its default; all checked before anything starts. `settings` is what is written,
//! `Config` is what it means.

mod cors;
mod database;
mod keys;
mod settings;

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    time::Duration,
};

pub use cors::{AllowedOrigin, CorsOrigin};
pub use database::{DatabaseUrl, PostgresUrl, SslMode};
pub use keys::SigningKeys;
pub use settings::{LogFormat, Settings};

use crate::chat::limits::Limits;

/// The settings after their check.
#[derive(Clone, Debug)]
pub struct Config {
    pub host: IpAddr,
    pub port: u16,
    pub database: DatabaseUrl,
    pub database_pool: usize,
    /// The longest that a database may take over one request before the client is told that it is away.
    pub database_timeout: Duration,
    pub redis_url: Option<String>,
    pub cors: CorsOrigin,
    pub keys: SigningKeys,
    pub auto_create_users: bool,
    pub sockets: SocketSettings,
    pub live: LiveSettings,
    /// `GET /metrics` answers.
    pub metrics: bool,
    /// How long entries stay in the log of a room; none: for ever.
    pub log_retention: Option<Duration>,
    pub limits: Limits,
    pub membership_ttl: Duration,
    pub shutdown_timeout: Duration,
    pub data_dir: PathBuf,
    /// This server signs its own tokens, for this machine only.
    pub demo: bool,
}

/// What Engine.IO and Socket.IO are told.
#[derive(Clone, Debug)]
pub struct SocketSettings {
    pub ping_interval: Duration,
    pub ping_timeout: Duration,
    pub connect_timeout: Duration,
    /// The largest packet taken, in bytes, on both transports.
    pub max_payload: usize,
    /// Between two writes to a websocket that is written to all the time.
    pub flush_interval: Duration,
    /// Packets that may wait for one socket's reader.
    pub send_buffer: usize,
    /// Bytes that may wait for one socket's reader, beside the largest packet.
    pub send_limit: usize,
    /// Time for a request's headers, and between two requests of a connection.
    pub header_timeout: Duration,
    /// Time for a request's body.
    pub body_timeout: Duration,
    /// Connections that may be open at once; none: as many as the system allows open files for.
    pub max_connections: Option<usize>,
    /// Sessions whose clients have not signed in.
    pub max_unsigned: usize,
    /// Changes that may wait for the database, on this node.
    pub write_queue: usize,
    /// Between two commits of a few changes where there are many of these.
    pub commit_interval: Duration,
}

/// What live rooms may take and send.
#[derive(Clone, Debug)]
pub struct LiveSettings {
    /// Messages kept of a room, at least.
    pub messages: usize,
    /// The longest `room:history`, in messages, for somebody who was away.
    pub history: usize,
    /// How long a connection may be dead before it is found out.
    pub doubt: Duration,
    /// Packets of `room:user-joined` and `room:user-left` in a second, a room.
    pub presence_rate: u32,
    /// How many times in a second a room is told who types and who has read it.
    pub ephemeral_rate: u32,
    /// Between two tellings of entries in a room where many hear much.
    pub flush_interval: Duration,
    /// A room is compared with the database when somebody enters it and this is over.
    pub compared_for: Duration,
    /// How long a room is kept that nobody is in.
    pub idle: Duration,
    /// The memory that all of those may take, in bytes.
    pub idle_memory: usize,
    /// The memory that all live rooms may take before those of large messages keep only a page, in bytes.
    pub memory: usize,
}

/// Between the end of a ping's time and the end of its connection.
const GRACE: Duration = Duration::from_secs(1);

impl Config {
    /// Checks the settings; an error is one sentence that names the setting.
    pub fn from_settings(settings: Settings) -> Result<Self, String> {
        let (live, sockets) = (live_settings(&settings), socket_settings(&settings));
        let database_url = non_empty(settings.database_url);
        let keys = SigningKeys::choose(
            settings.jwt_secret,
            settings.jwt_public_key,
            settings.demo,
            database_url.is_some(),
            &settings.data_dir,
        )?;
        let demo = matches!(keys, SigningKeys::DemoFile(_));
        let host = match settings.host {
            Some(host) => host,
            None if demo => Ipv4Addr::LOCALHOST.into(),
            None => Ipv4Addr::UNSPECIFIED.into(),
        };
        if demo && !host.is_loopback() {
            return Err(format!(
                "HOST is {host}, but in demo mode anybody signs in as anybody, so only this machine is answered: set \
                 JWT_SECRET (or JWT_PUBLIC_KEY) to the key that signs your tokens, or leave HOST at 127.0.0.1"
            ));
        }
        let database = match database_url {
            Some(url) => DatabaseUrl::parse(&url).map_err(|why| format!("DATABASE_URL {why}"))?,
            None => DatabaseUrl::Sqlite(settings.data_dir.join("chatoxide.db")),
        };
        let redis_url = non_empty(settings.redis_url);
        if redis_url.as_ref().is_some_and(|url| {
            !["redis://", "rediss://", "redis+unix://", "unix://"]
                .iter()
                .any(|scheme| url.starts_with(scheme))
        }) {
            return Err("REDIS_URL must begin with redis:// (or unix:// for a socket)".to_owned());
        }
        if redis_url.as_ref().is_some_and(|url| url.starts_with("rediss://")) {
            return Err("REDIS_URL with rediss:// (TLS) is not supported by this build".to_owned());
        }
        let pool = match &database {
            DatabaseUrl::Postgres(postgres) => postgres.connection_limit,
            DatabaseUrl::Sqlite(_) => None,
        };
        Ok(Self {
            host,
            port: settings.port,
            database_pool: pool.unwrap_or(settings.database_pool.into()),
            database,
            database_timeout: Duration::from_millis(settings.database_timeout.into()),
            redis_url,
            cors: CorsOrigin::parse(&settings.cors_origin)?,
            keys,
            auto_create_users: settings.auto_create_users,
            sockets,
            live,
            metrics: settings.metrics,
            log_retention: (settings.log_retention > 0)
                .then(|| Duration::from_secs(u64::from(settings.log_retention) * 24 * 60 * 60)),
            limits: Limits {
                content_units: non_zero(settings.max_message_length),
                metadata_bytes: non_zero(settings.max_metadata_size),
                metadata_depth: settings.max_metadata_depth as usize,
                emoji_bytes: settings.max_emoji_size as usize,
                id_bytes: settings.max_id_size as usize,
                client_id_bytes: Limits::default().client_id_bytes,
                page: settings.max_page_size as usize,
            },
            membership_ttl: Duration::from_millis(settings.membership_ttl.into()),
            shutdown_timeout: Duration::from_millis(settings.shutdown_timeout.into()),
            data_dir: settings.data_dir,
            demo,
        })
    }

    /// The embedded database that nobody named: the one that demo mode may fill with samples.
    pub fn is_embedded_default(&self) -> bool {
        matches!(&self.database, DatabaseUrl::Sqlite(path) if *path == self.data_dir.join("chatoxide.db"))
    }
}

fn socket_settings(settings: &Settings) -> SocketSettings {
    SocketSettings {
        ping_interval: Duration::from_millis(settings.ping_interval.into()),
        ping_timeout: Duration::from_millis(settings.ping_timeout.into()),
        connect_timeout: Duration::from_millis(settings.connect_timeout.into()),
        max_payload: settings.max_payload as usize,
        flush_interval: Duration::from_millis(settings.flush_interval.into()),
        send_buffer: settings.send_buffer as usize,
        send_limit: settings.send_limit as usize,
        header_timeout: Duration::from_millis(settings.header_timeout.into()),
        body_timeout: Duration::from_millis(settings.body_timeout.into()),
        max_connections: (settings.max_connections > 0).then_some(settings.max_connections as usize),
        max_unsigned: settings.max_unsigned as usize,
        write_queue: settings.write_queue as usize,
        commit_interval: Duration::from_millis(settings.commit_interval.into()),
    }
}

fn live_settings(settings: &Settings) -> LiveSettings {
    LiveSettings {
        messages: settings.live_messages as usize,
        history: settings.max_history as usize,
        doubt: Duration::from_millis(u64::from(settings.ping_interval) + u64::from(settings.ping_timeout))
            + GRACE,
        presence_rate: settings.presence_rate,
        ephemeral_rate: settings.ephemeral_rate,
        flush_interval: Duration::from_millis(settings.flush_interval.into()),
        compared_for: Duration::from_millis(settings.membership_ttl.into()),
        idle: Duration::from_millis(settings.live_room_idle.into()),
        idle_memory: settings.live_idle_memory as usize * 1_024 * 1_024,
        memory: settings.live_memory as usize * 1_024 * 1_024,
    }
}

/// Where 0 stands for no limit.
fn non_zero(limit: u32) -> Option<usize> {
    (limit > 0).then_some(limit as usize)
}

/// An empty variable is one that is not set, as in most compose files.
fn non_empty(value: Option<String>) -> Option<String> {
    value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}
