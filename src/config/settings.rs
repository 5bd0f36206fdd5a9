//! The settings as they are written: a flag and an environment variable each, in groups. `--help`, `.env.sample` and the
//! tables of docs/configuration.md say the same; a test holds them to it.

use std::{net::IpAddr, path::PathBuf};

use clap::{Args, ValueEnum, builder::BoolishValueParser, value_parser};

use super::{
    external_changes::ExternalChanges, extra_fields::ExtraFields, host::parse_host, same_email::SameEmail,
    search::Search,
};

/// The value of `DATA_DIR` if none is set.
pub const DEFAULT_DATA_DIR: &str = "data";

#[derive(Args, Clone, Debug)]
pub struct Settings {
    #[command(flatten)]
    pub server: ServerSettings,

    #[command(flatten)]
    pub storage: StorageSettings,

    #[command(flatten)]
    pub sign_in: SignInSettings,

    #[command(flatten)]
    pub delivery: DeliverySettings,

    #[command(flatten)]
    pub limits: LimitSettings,

    #[command(flatten)]
    pub logs: LogSettings,

    #[command(flatten)]
    pub tuning: TuningSettings,
}

/// The process and its HTTP requests.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server")]
pub struct ServerSettings {
    /// Address to listen on, or localhost [default: 127.0.0.1 in demo mode, else 0.0.0.0]
    #[arg(long, env = "HOST", global = true, value_parser = parse_host)]
    pub host: Option<IpAddr>,

    /// Port to listen on; 0 takes a free one
    #[arg(long, env = "PORT", global = true, default_value_t = 3000)]
    pub port: u16,

    /// Origins that browsers may call from: * or a comma-separated list, in which https://*.example.org stands for subdomains
    #[arg(long, env = "CORS_ORIGIN", global = true, default_value = "*")]
    pub cors_origin: String,

    /// Answer GET /metrics, for Prometheus: to anybody who reaches the port
    #[arg(long, env = "METRICS", global = true, default_value = "false", action = clap::ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub metrics: bool,

    /// Folder for the embedded database and demo mode's secret
    #[arg(long, env = "DATA_DIR", global = true, default_value = DEFAULT_DATA_DIR)]
    pub data_dir: PathBuf,

    /// Connections that may be open; above that the oldest that has not signed in is closed; 0: as many as the limit of open files leaves
    #[arg(long, env = "MAX_CONNECTIONS", global = true, default_value_t = 0)]
    pub max_connections: u32,

    /// Time for a request's headers, and between two requests of a connection, in milliseconds
    #[arg(long, env = "HEADER_TIMEOUT", global = true, default_value_t = 20_000, value_parser = value_parser!(u32).range(100..))]
    pub header_timeout: u32,

    /// Time for a request's body, in milliseconds
    #[arg(long, env = "BODY_TIMEOUT", global = true, default_value_t = 60_000, value_parser = value_parser!(u32).range(100..))]
    pub body_timeout: u32,

    /// Longest that shutting down may take, in milliseconds
    #[arg(long, env = "SHUTDOWN_TIMEOUT", global = true, default_value_t = 10_000)]
    pub shutdown_timeout: u32,
}

/// The database, Node's keys in Redis, and how long is remembered what they say.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Database and Redis")]
pub struct StorageSettings {
    /// postgresql://user:password@host/database, or sqlite://path [default: sqlite://<DATA_DIR>/chatoxide.db]
    #[arg(long, env = "DATABASE_URL", global = true, hide_env_values = true)]
    pub database_url: Option<String>,

    /// Connections to the database (`connection_limit` in the URL goes before this)
    #[arg(long, env = "DATABASE_POOL", global = true, default_value_t = 10, value_parser = value_parser!(u16).range(1..))]
    pub database_pool: u16,

    /// Longest wait for the database in one request, in milliseconds
    #[arg(long, env = "DATABASE_TIMEOUT", global = true, default_value_t = 4_000, value_parser = value_parser!(u32).range(100..=60_000))]
    pub database_timeout: u32,

    /// redis://host:port/db of the Redis whose chat:* keys Node servers read; none: no Redis
    #[arg(long, env = "REDIS_URL", global = true, hide_env_values = true)]
    pub redis_url: Option<String>,

    /// How long members and names are cached, and a room is shown without a comparison with the database, in milliseconds
    #[arg(long, env = "MEMBERSHIP_TTL", global = true, default_value_t = 5_000)]
    pub membership_ttl: u32,

    /// Compare rooms with the database to find what other programs changed: detect, or off (chatoxide alone writes)
    #[arg(long, env = "EXTERNAL_CHANGES", global = true, value_enum, default_value_t = ExternalChanges::Detect)]
    pub external_changes: ExternalChanges,

    /// How long entries stay in the log that messages:sync reads, in days; 0: for ever
    #[arg(long, env = "LOG_RETENTION", global = true, default_value_t = 30, value_parser = value_parser!(u32).range(..=36_500))]
    pub log_retention: u32,

    /// Search of messages, whose index is kept in the database: on, or off
    #[arg(long, env = "SEARCH", global = true, value_enum, default_value_t = Search::On)]
    pub search: Search,
}

/// Tokens and users.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Sign-in")]
pub struct SignInSettings {
    /// Secret that signs tokens (HS256, HS384, HS512), used to the last byte; one shorter than 32 bytes is logged as a warning
    #[arg(long, env = "JWT_SECRET", global = true, hide_env_values = true, allow_hyphen_values = true)]
    pub jwt_secret: Option<String>,

    /// Public key, PEM, that tokens are checked with (RS*, PS*, ES256, ES384, EdDSA)
    #[arg(long, env = "JWT_PUBLIC_KEY", global = true, hide_env_values = true, allow_hyphen_values = true)]
    pub jwt_public_key: Option<String>,

    /// URL of the key set (JWKS) of the service that signs tokens (RS*, PS*, ES256, ES384, EdDSA)
    #[arg(long, env = "JWT_JWKS_URL", global = true)]
    pub jwt_jwks_url: Option<String>,

    /// Encryption of tokens by a key made from JWT_SECRET: none, nextauth (NextAuth 4) or authjs (Auth.js 5) [default: none]
    #[arg(long, env = "JWT_ENCRYPTION", global = true, value_enum)]
    pub jwt_encryption: Option<Encryption>,

    /// URL of your endpoint that is asked who signs in, in place of a key: the handshake is posted to it as JSON
    #[arg(long, env = "AUTH_URL", global = true, hide_env_values = true)]
    pub auth_url: Option<String>,

    /// Longest wait for an answer of AUTH_URL or JWT_JWKS_URL, in milliseconds
    #[arg(long, env = "AUTH_TIMEOUT", global = true, default_value_t = 5_000, value_parser = value_parser!(u32).range(100..=30_000))]
    pub auth_timeout: u32,

    /// How long an answer of AUTH_URL is used again for the same handshake, in milliseconds; 0: not at all
    #[arg(long, env = "AUTH_CACHE", global = true, default_value_t = 5_000, value_parser = value_parser!(u32).range(..=600_000))]
    pub auth_cache: u32,

    /// Sets the settings of sign-in for nextauth, authjs, betterauth, supabase, clerk, firebase or auth0; those set here go before
    #[arg(long, env = "AUTH_PRESET", global = true, value_enum)]
    pub auth_preset: Option<AuthPreset>,

    /// Places of a handshake that may hold the token, the first goes first: auth.NAME, header, query.NAME, cookie:NAME [default: auth.token,auth.accessToken,header]
    #[arg(long, env = "TOKEN_FROM", global = true)]
    pub token_from: Option<String>,

    /// Claims that may hold the user's id; the first one present is used, and a number becomes text [default: sub,id,userId,_id,user.id]
    #[arg(long, env = "JWT_USER_CLAIM", global = true)]
    pub jwt_user_claim: Option<String>,

    /// Claims that may hold the user's name; the first that is text is taken [default: name,username,displayName,user.name]
    #[arg(long, env = "JWT_NAME_CLAIM", global = true)]
    pub jwt_name_claim: Option<String>,

    /// Claims that may hold the user's e-mail address [default: email,user.email]
    #[arg(long, env = "JWT_EMAIL_CLAIM", global = true)]
    pub jwt_email_claim: Option<String>,

    /// Claims that may hold the URL of the user's picture [default: picture,avatar]
    #[arg(long, env = "JWT_AVATAR_CLAIM", global = true)]
    pub jwt_avatar_claim: Option<String>,

    /// Audiences (claim aud), separated by commas, of which a token must have one; none: not checked
    #[arg(long, env = "JWT_AUDIENCE", global = true)]
    pub jwt_audience: Option<String>,

    /// Issuers (claim iss), separated by commas, of which a token must have one; none: not checked
    #[arg(long, env = "JWT_ISSUER", global = true)]
    pub jwt_issuer: Option<String>,

    /// Seconds that the clock of the signer may differ from ours (clockTolerance in Node) [default: 0]
    #[arg(long, env = "JWT_LEEWAY", global = true, value_parser = value_parser!(u32).range(..=600))]
    pub jwt_leeway: Option<u32>,

    /// First sign-in with the e-mail of another user: separate (a second user without it), refuse, or link (that user, if verified)
    #[arg(long, env = "SAME_EMAIL", global = true, value_enum, default_value_t = SameEmail::Separate)]
    pub same_email: SameEmail,

    /// Let anybody on this machine sign in as anybody [default: true without DATABASE_URL, a key and AUTH_URL]
    #[arg(long, env = "DEMO", global = true, value_parser = BoolishValueParser::new())]
    pub demo: Option<bool>,

    /// Make a database row for a user who signs in for the first time; false: refuse them
    #[arg(long, env = "AUTO_CREATE_USERS", global = true, default_value = "true", action = clap::ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub auto_create_users: bool,
}

/// Engine.IO and Socket.IO, as Node's server names them, and the chat's events.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Delivery")]
pub struct DeliverySettings {
    /// Path of Socket.IO, as the option path of Node's server
    #[arg(long, env = "SOCKET_PATH", global = true, default_value = "/socket.io")]
    pub socket_path: String,

    /// Namespaces that serve the chat, separated by commas; all of them are one chat
    #[arg(long, env = "NAMESPACE", global = true, default_value = "/")]
    pub namespace: String,

    /// Join each socket to the rooms that its user is a member of when it connects, as many Node servers do
    #[arg(long, env = "AUTO_JOIN_ROOMS", global = true, default_value = "false", action = clap::ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub auto_join_rooms: bool,

    /// Take message:delivered from clients and broadcast it; false: the event is unknown
    #[arg(long, env = "DELIVERY_RECEIPTS", global = true, default_value = "false", action = clap::ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub delivery_receipts: bool,

    /// Unknown fields of message:send: drop, or metadata (they are stored in the message's metadata)
    #[arg(long, env = "EXTRA_FIELDS", global = true, value_enum, default_value_t = ExtraFields::Drop)]
    pub extra_fields: ExtraFields,

    /// Time between pings, in milliseconds
    #[arg(long, env = "PING_INTERVAL", global = true, default_value_t = 25_000, value_parser = value_parser!(u32).range(1..))]
    pub ping_interval: u32,

    /// Time a client has to answer a ping, in milliseconds
    #[arg(long, env = "PING_TIMEOUT", global = true, default_value_t = 20_000, value_parser = value_parser!(u32).range(1..))]
    pub ping_timeout: u32,

    /// Time a client has to join the namespace, in milliseconds
    #[arg(long, env = "CONNECT_TIMEOUT", global = true, default_value_t = 45_000, value_parser = value_parser!(u32).range(1..))]
    pub connect_timeout: u32,

    /// Largest packet taken from a client, in bytes
    #[arg(long, env = "MAX_PAYLOAD", global = true, default_value_t = 1_000_000, value_parser = value_parser!(u32).range(1_024..))]
    pub max_payload: u32,

    /// Events of yours that are relayed to the room or the user that their payload names, between commas: names, or beginnings with a *
    #[arg(long, env = "RELAY_EVENTS", global = true)]
    pub relay_events: Option<String>,

    /// Endpoint of yours that is posted the events that neither chatoxide nor RELAY_EVENTS knows, and answers them
    #[arg(long, env = "EVENT_WEBHOOK", global = true, hide_env_values = true)]
    pub event_webhook: Option<String>,

    /// Secret that signs what EVENT_WEBHOOK is posted (Standard Webhooks): whsec_ and base64, or 24 bytes or more
    #[arg(
        long,
        env = "EVENT_WEBHOOK_SECRET",
        global = true,
        hide_env_values = true,
        allow_hyphen_values = true
    )]
    pub event_webhook_secret: Option<String>,

    /// Longest wait for an answer of EVENT_WEBHOOK, in milliseconds
    #[arg(long, env = "EVENT_WEBHOOK_TIMEOUT", global = true, default_value_t = 5_000, value_parser = value_parser!(u32).range(100..=30_000))]
    pub event_webhook_timeout: u32,
}

/// Bounds on requests and answers.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits")]
pub struct LimitSettings {
    /// Longest content of a message, in UTF-16 units (JavaScript's length); 0: as long as MAX_PAYLOAD allows
    #[arg(long, env = "MAX_MESSAGE_LENGTH", global = true, default_value_t = 0)]
    pub max_message_length: u32,

    /// Largest content of a message that is sent in chunks or by REST, in bytes of UTF-8; 0: chunks are refused
    #[arg(long, env = "MAX_LONG_MESSAGE_SIZE", global = true, default_value_t = 1_048_576, value_parser = value_parser!(u32).range(..=67_108_864))]
    pub max_long_message_size: u32,

    /// Largest metadata of a message, in bytes of JSON; 0: as large as MAX_PAYLOAD allows
    #[arg(long, env = "MAX_METADATA_SIZE", global = true, default_value_t = 0)]
    pub max_metadata_size: u32,

    /// Deepest metadata of a message, in levels
    #[arg(long, env = "MAX_METADATA_DEPTH", global = true, default_value_t = 32, value_parser = value_parser!(u32).range(1..=100))]
    pub max_metadata_depth: u32,

    /// Longest emoji, in bytes
    #[arg(long, env = "MAX_EMOJI_SIZE", global = true, default_value_t = 64)]
    pub max_emoji_size: u32,

    /// Longest id, in bytes
    #[arg(long, env = "MAX_ID_SIZE", global = true, default_value_t = 512, value_parser = value_parser!(u32).range(1..=2_048))]
    pub max_id_size: u32,

    /// Largest page of history, in messages
    #[arg(long, env = "MAX_PAGE_SIZE", global = true, default_value_t = 500, value_parser = value_parser!(u32).range(1..=10_000))]
    pub max_page_size: u32,

    /// Types of messages that clients may send beside text, image and file: a comma-separated list of the labels of Message.type
    #[arg(long, env = "MESSAGE_TYPES", global = true, value_delimiter = ',')]
    pub message_types: Vec<String>,

    /// Longest history on joining, in messages, for a user who was away; others get 50
    #[arg(long, env = "MAX_HISTORY", global = true, default_value_t = 500, value_parser = value_parser!(u32).range(50..=10_000))]
    pub max_history: u32,

    /// Sessions that have not signed in; above that the oldest are closed
    #[arg(long, env = "MAX_UNSIGNED", global = true, default_value_t = 50_000, value_parser = value_parser!(u32).range(1..))]
    pub max_unsigned: u32,
}

/// Log lines.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Logs")]
pub struct LogSettings {
    /// Log filter, as tracing's EnvFilter reads it
    #[arg(long = "log", env = "RUST_LOG", global = true, default_value = "info")]
    pub rust_log: String,

    /// Format of log lines
    #[arg(long, env = "LOG_FORMAT", global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// Trades of latency, memory and work. No behaviour that clients rely on depends on them.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Tuning: the defaults suit nearly everybody")]
pub struct TuningSettings {
    /// Longest that a packet waits to share one write with others to a busy client or room, in milliseconds; 0: no wait
    #[arg(long, env = "FLUSH_INTERVAL", global = true, default_value_t = 16, value_parser = value_parser!(u32).range(..=1_000))]
    pub flush_interval: u32,

    /// Longest that a small database commit waits for more changes to share it (group commit), in milliseconds; 0: no wait
    #[arg(long, env = "COMMIT_INTERVAL", global = true, default_value_t = 3, value_parser = value_parser!(u32).range(..=10_000))]
    pub commit_interval: u32,

    /// Most join and leave packets to all sockets of one room, per second; above that they wait, and those that cancel out are dropped
    #[arg(long, env = "PRESENCE_RATE", global = true, default_value_t = 10_000, value_parser = value_parser!(u32).range(1..))]
    pub presence_rate: u32,

    /// Most typing and read events that one room is sent at once, per second; above that they wait and are sent in batches
    #[arg(long, env = "EPHEMERAL_RATE", global = true, default_value_t = 20, value_parser = value_parser!(u32).range(1..))]
    pub ephemeral_rate: u32,

    /// Most packets that wait for one socket before its connection is closed
    #[arg(long, env = "SEND_BUFFER", global = true, default_value_t = 16_384, value_parser = value_parser!(u32).range(64..))]
    pub send_buffer: u32,

    /// Most bytes that wait for one slow client, beside its largest packet, before its connection is closed
    #[arg(long, env = "SEND_LIMIT", global = true, default_value_t = 16_777_216, value_parser = value_parser!(u32).range(65_536..))]
    pub send_limit: u32,

    /// Most changes that wait for their commit; above that clients get the error busy
    #[arg(long, env = "WRITE_QUEUE", global = true, default_value_t = 16_384, value_parser = value_parser!(u32).range(1..))]
    pub write_queue: u32,

    /// Fewest messages kept in memory for each room that somebody is in
    #[arg(long, env = "LIVE_MESSAGES", global = true, default_value_t = 100, value_parser = value_parser!(u32).range(50..=10_000))]
    pub live_messages: u32,

    /// How long a room stays in memory after the last user has left, in milliseconds
    #[arg(long, env = "LIVE_ROOM_IDLE", global = true, default_value_t = 60_000)]
    pub live_room_idle: u32,

    /// Most memory for all rooms that nobody is in, in MiB; above that the longest empty ones are dropped
    #[arg(long, env = "LIVE_IDLE_MEMORY", global = true, default_value_t = 64)]
    pub live_idle_memory: u32,

    /// Memory of all rooms above which rooms with large messages keep only one page, in MiB
    #[arg(long, env = "LIVE_MEMORY", global = true, default_value_t = 256)]
    pub live_memory: u32,
}

/// The encryption of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Encryption {
    None,
    /// NextAuth 4: `dir` and A256GCM.
    Nextauth,
    /// Auth.js 5: `dir` and A256CBC-HS512, with the cookie's name in the key.
    Authjs,
}

/// The libraries and services that `AUTH_PRESET` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AuthPreset {
    Nextauth,
    Authjs,
    Betterauth,
    Supabase,
    Clerk,
    Firebase,
    Auth0,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}
