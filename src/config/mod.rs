//! The configuration: every setting, its variable and its default, all checked before anything starts. `settings` holds
//! the values as they are written, `Config` their meaning.

mod claim_path;
mod cors;
mod database;
mod external_changes;
mod extra_fields;
mod host;
mod http_url;
mod keys;
mod presets;
mod prisma_file;
mod relay;
mod same_email;
mod search;
mod settings;
mod sign_in;
mod socket_path;
mod token_source;
mod webhook;
mod wrong;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

pub use claim_path::ClaimPath;
pub use cors::{AllowedOrigin, CorsOrigin};
pub use database::{DatabaseUrl, PostgresUrl, SslMode};
use external_changes::ExternalChanges;
pub use extra_fields::ExtraFields;
pub use http_url::HttpUrl;
use keys::KeySources;
pub use keys::SigningKeys;
pub use relay::RelayEvents;
use search::Search;
use settings::LimitSettings;
pub use settings::{DEFAULT_DATA_DIR, LogFormat, Settings};
pub use sign_in::{Encryption, SameEmail, SignIn};
pub use token_source::TokenSource;
pub use webhook::WebhookSettings;
use wrong::WrongSettings;
pub use wrong::{Part, WrongSetting};

use crate::chat::limits::Limits;

/// The checked settings.
#[derive(Clone, Debug)]
pub struct Config {
    pub host: IpAddr,
    pub port: u16,
    pub database: DatabaseUrl,
    /// Why the database is that file, if `DATABASE_URL` names one as Prisma does.
    pub database_choice: Option<String>,
    pub database_pool: usize,
    /// The deadline of the database for one request; after it the client is told that the database is unavailable.
    pub database_timeout: Duration,
    pub redis_url: Option<String>,
    pub cors: CorsOrigin,
    pub keys: SigningKeys,
    pub sign_in: SignIn,
    pub auto_create_users: bool,
    pub sockets: SocketSettings,
    pub live: LiveSettings,
    /// Clients tell, and are told, which messages have reached a device.
    pub delivery_receipts: bool,
    /// Enables `GET /metrics`.
    pub metrics: bool,
    /// How long entries stay in a room's log; none: for ever.
    pub log_retention: Option<Duration>,
    /// Messages are indexed and searched, if the database has the index.
    pub search: bool,
    pub limits: Limits,
    pub relay_events: RelayEvents,
    pub webhook: Option<WebhookSettings>,
    pub membership_ttl: Duration,
    pub shutdown_timeout: Duration,
    pub data_dir: PathBuf,
    /// This server signs its own tokens, for this machine only.
    pub demo: bool,
}

/// The settings of Engine.IO and Socket.IO.
#[derive(Clone, Debug)]
pub struct SocketSettings {
    /// The path of Socket.IO, without a slash at its end.
    pub path: String,
    /// The namespaces that serve the chat.
    pub namespaces: Vec<String>,
    /// A socket joins its user's rooms when it connects.
    pub auto_join_rooms: bool,
    pub extra_fields: ExtraFields,
    pub ping_interval: Duration,
    pub ping_timeout: Duration,
    pub connect_timeout: Duration,
    /// The largest packet that is accepted, in bytes, on both transports.
    pub max_payload: usize,
    /// The flush interval: the time between two writes to a busy websocket.
    pub flush_interval: Duration,
    /// Packets that may be buffered for one socket.
    pub send_buffer: usize,
    /// Bytes that may be buffered for one socket, beside the largest packet.
    pub send_limit: usize,
    /// The time for a request's headers, and between two requests of a connection.
    pub header_timeout: Duration,
    /// The time for a request's body.
    pub body_timeout: Duration,
    /// The most open connections; none: as many as the limit on open files allows.
    pub max_connections: Option<usize>,
    /// The most sessions whose clients have not signed in.
    pub max_unsigned: usize,
    /// Changes that may wait for the database, on this node.
    pub write_queue: usize,
    /// Group commit: the interval of small commits while there are many of them.
    pub commit_interval: Duration,
}

/// The settings of rooms in memory.
#[derive(Clone, Debug)]
pub struct LiveSettings {
    /// The least number of messages that a room keeps in memory.
    pub messages: usize,
    /// The longest `room:history` for a user who was away, in messages.
    pub history: usize,
    /// How long a connection may be dead before it is found out.
    pub liveness_window: Duration,
    /// The rate limit of `room:user-joined` and `room:user-left`, in packets a second for each room.
    pub presence_rate: u32,
    /// The rate limit of typing and read events, in broadcasts a second for each room.
    pub ephemeral_rate: u32,
    /// The interval at which entries are broadcast in a large and busy room.
    pub flush_interval: Duration,
    /// A room is compared with the database when a user enters it and this time has passed since the last comparison;
    /// none: never.
    pub compare_interval: Option<Duration>,
    /// How long an idle room, which nobody is in, stays in memory.
    pub idle: Duration,
    /// The memory that all idle rooms together may take, in bytes.
    pub idle_memory: usize,
    /// The memory that all live rooms may take before those of large messages keep only a page, in bytes.
    pub memory: usize,
}

/// The time between the ping timeout and the end of the connection.
const GRACE: Duration = Duration::from_secs(1);

impl Config {
    /// Checks the settings. The error is one sentence that names the setting.
    pub fn from_settings(settings: Settings) -> Result<Self, String> {
        let (config, wrong) = Self::read(settings);
        wrong.into_iter().next().map_or(Ok(config), |wrong| Err(wrong.text))
    }

    /// Checks the settings. In place of a wrong one there is its default, or none.
    pub fn read(mut settings: Settings) -> (Self, Vec<WrongSetting>) {
        let mut wrong = WrongSettings::default();
        let (live, sockets) = (live_settings(&settings), socket_settings(&settings, &mut wrong));
        let database_url = non_empty(settings.storage.database_url.clone());
        let cors = wrong.or(Part::Other, CorsOrigin::parse(&settings.server.cors_origin), CorsOrigin::Any);
        let sign_in = SignIn::from_settings(&mut settings.sign_in, &cors, &mut wrong);
        let sources = KeySources {
            secret: settings.sign_in.jwt_secret.clone(),
            public: settings.sign_in.jwt_public_key.clone(),
            key_set: settings.sign_in.jwt_jwks_url.clone(),
            endpoint: settings.sign_in.auth_url.clone(),
            demo: settings.sign_in.demo,
        };
        let keys = SigningKeys::choose(sources, database_url.is_some(), &settings.server.data_dir);
        let keys = wrong.or(Part::SignIn, keys, SigningKeys::Missing);
        let demo = matches!(keys, SigningKeys::DemoFile(_));
        let host = match settings.server.host {
            Some(host) => host,
            None if demo => Ipv4Addr::LOCALHOST.into(),
            None => Ipv4Addr::UNSPECIFIED.into(),
        };
        if demo && !host.is_loopback() {
            wrong.add(
                Part::Other,
                format!(
                    "HOST is {host}, but in demo mode anybody signs in as anybody, so only this machine is answered: set \
                     JWT_SECRET (or JWT_PUBLIC_KEY) to the key that signs your tokens, or leave HOST at 127.0.0.1"
                ),
            );
        }
        let (database, database_choice) = database(database_url, &settings, &mut wrong);
        let redis_url = redis_url(&settings, &mut wrong);
        let pool = match &database {
            DatabaseUrl::Postgres(postgres) => postgres.connection_limit,
            DatabaseUrl::Sqlite(_) => None,
        };
        let relay_events = RelayEvents::parse(settings.delivery.relay_events.as_deref().unwrap_or_default());
        let config = Self {
            host,
            port: settings.server.port,
            database_pool: pool.unwrap_or(settings.storage.database_pool.into()),
            database,
            database_choice,
            database_timeout: Duration::from_millis(settings.storage.database_timeout.into()),
            redis_url,
            cors,
            keys,
            sign_in,
            auto_create_users: settings.sign_in.auto_create_users,
            sockets,
            live,
            delivery_receipts: settings.delivery.delivery_receipts,
            metrics: settings.server.metrics,
            log_retention: (settings.storage.log_retention > 0)
                .then(|| Duration::from_secs(u64::from(settings.storage.log_retention) * 24 * 60 * 60)),
            search: settings.storage.search == Search::On,
            limits: limits(&settings.limits, &mut wrong),
            webhook: wrong.or(Part::Other, WebhookSettings::from_settings(&settings.delivery), None),
            relay_events: wrong.or(Part::Other, relay_events, RelayEvents::default()),
            membership_ttl: Duration::from_millis(settings.storage.membership_ttl.into()),
            shutdown_timeout: Duration::from_millis(settings.server.shutdown_timeout.into()),
            data_dir: settings.server.data_dir,
            demo,
        };
        (config, wrong.0)
    }

    /// Warnings about sign-in, which are no reason to stop, one sentence each.
    pub fn sign_in_warnings(&self) -> Vec<String> {
        let mut warnings = self.keys.warnings();
        if matches!((&self.keys, &self.cors), (SigningKeys::Endpoint(_), CorsOrigin::Any)) {
            warnings.push(
                "AUTH_URL is posted no cookies, because CORS_ORIGIN is *: list the origins of your pages if your \
                 sessions are in cookies"
                    .to_owned(),
            );
        }
        warnings
    }

    /// The address to listen on.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }

    /// True for the default embedded database, which demo mode may fill with samples.
    pub fn is_embedded_default(&self) -> bool {
        matches!(&self.database, DatabaseUrl::Sqlite(path) if *path == self.data_dir.join("chatoxide.db"))
    }
}

/// The database, and why it is that one, if `DATABASE_URL` names a file as Prisma does.
fn database(
    url: Option<String>,
    settings: &Settings,
    wrong: &mut WrongSettings,
) -> (DatabaseUrl, Option<String>) {
    let embedded = DatabaseUrl::Sqlite(settings.server.data_dir.join("chatoxide.db"));
    let Some(url) = url else { return (embedded, None) };
    let parsed = DatabaseUrl::parse(&url).map_err(|why| format!("DATABASE_URL {why}"));
    match wrong.or(Part::Database, parsed, embedded) {
        DatabaseUrl::Sqlite(path) if url.starts_with("file:") => {
            let (path, choice) = prisma_file::choose(path, &|path| path.exists());
            (DatabaseUrl::Sqlite(path), choice)
        }
        database => (database, None),
    }
}

fn redis_url(settings: &Settings, wrong: &mut WrongSettings) -> Option<String> {
    let url = non_empty(settings.storage.redis_url.clone())?;
    if !["redis://", "rediss://", "redis+unix://", "unix://"].iter().any(|scheme| url.starts_with(scheme)) {
        wrong.add(Part::Redis, "REDIS_URL must begin with redis:// (or unix:// for a socket)");
        return None;
    }
    if url.starts_with("rediss://") {
        wrong.add(Part::Redis, "REDIS_URL with rediss:// (TLS) is not supported by this build");
        return None;
    }
    Some(url)
}

fn limits(settings: &LimitSettings, wrong: &mut WrongSettings) -> Limits {
    Limits {
        content_units: non_zero(settings.max_message_length),
        chunked_bytes: non_zero(settings.max_long_message_size),
        metadata_bytes: non_zero(settings.max_metadata_size),
        metadata_depth: settings.max_metadata_depth as usize,
        emoji_bytes: settings.max_emoji_size as usize,
        id_bytes: settings.max_id_size as usize,
        client_id_bytes: Limits::default().client_id_bytes,
        page: settings.max_page_size as usize,
        message_types: wrong.or(Part::Other, message_types(&settings.message_types), Vec::new()),
    }
}

fn socket_settings(settings: &Settings, wrong: &mut WrongSettings) -> SocketSettings {
    let path = socket_path::parse_path(&settings.delivery.socket_path);
    let namespaces = socket_path::parse_namespaces(&settings.delivery.namespace);
    SocketSettings {
        path: wrong.or(Part::Other, path, String::new()),
        namespaces: wrong.or(Part::Other, namespaces, Vec::new()),
        auto_join_rooms: settings.delivery.auto_join_rooms,
        extra_fields: settings.delivery.extra_fields,
        ping_interval: Duration::from_millis(settings.delivery.ping_interval.into()),
        ping_timeout: Duration::from_millis(settings.delivery.ping_timeout.into()),
        connect_timeout: Duration::from_millis(settings.delivery.connect_timeout.into()),
        max_payload: settings.delivery.max_payload as usize,
        flush_interval: Duration::from_millis(settings.tuning.flush_interval.into()),
        send_buffer: settings.tuning.send_buffer as usize,
        send_limit: settings.tuning.send_limit as usize,
        header_timeout: Duration::from_millis(settings.server.header_timeout.into()),
        body_timeout: Duration::from_millis(settings.server.body_timeout.into()),
        max_connections: (settings.server.max_connections > 0)
            .then_some(settings.server.max_connections as usize),
        max_unsigned: settings.limits.max_unsigned as usize,
        write_queue: settings.tuning.write_queue as usize,
        commit_interval: Duration::from_millis(settings.tuning.commit_interval.into()),
    }
}

fn live_settings(settings: &Settings) -> LiveSettings {
    LiveSettings {
        messages: settings.tuning.live_messages as usize,
        history: settings.limits.max_history as usize,
        liveness_window: Duration::from_millis(
            u64::from(settings.delivery.ping_interval) + u64::from(settings.delivery.ping_timeout),
        ) + GRACE,
        presence_rate: settings.tuning.presence_rate,
        ephemeral_rate: settings.tuning.ephemeral_rate,
        flush_interval: Duration::from_millis(settings.tuning.flush_interval.into()),
        compare_interval: (settings.storage.external_changes == ExternalChanges::Detect)
            .then(|| Duration::from_millis(settings.storage.membership_ttl.into())),
        idle: Duration::from_millis(settings.tuning.live_room_idle.into()),
        idle_memory: settings.tuning.live_idle_memory as usize * 1_024 * 1_024,
        memory: settings.tuning.live_memory as usize * 1_024 * 1_024,
    }
}

/// The longest label of an enum of PostgreSQL, in bytes.
const LABEL_BYTES: usize = 63;

/// Checks `MESSAGE_TYPES`.
fn message_types(list: &[String]) -> Result<Vec<String>, String> {
    let labels: Vec<String> = list.iter().filter_map(|label| non_empty(Some(label.clone()))).collect();
    match labels.iter().find(|label| label.len() > LABEL_BYTES || label.eq_ignore_ascii_case("system")) {
        Some(label) if label.len() > LABEL_BYTES => {
            Err(format!("MESSAGE_TYPES has a type of more than {LABEL_BYTES} bytes"))
        }
        Some(_) => Err("MESSAGE_TYPES has system, which only the server sends".to_owned()),
        None => Ok(labels),
    }
}

/// Maps 0, which means no limit, to none.
fn non_zero(limit: u32) -> Option<usize> {
    (limit > 0).then_some(limit as usize)
}

/// An empty variable counts as not set, as in most compose files.
fn non_empty(value: Option<String>) -> Option<String> {
    value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}
