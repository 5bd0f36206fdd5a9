//! `DATABASE_URL`: a PostgreSQL URL as Prisma writes it, or a SQLite file. Each of Prisma's parameters is either
//! supported or refused by name.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use tokio_postgres::config::Host;
use url::Url;

/// A parsed and checked database URL; no connection is made yet.
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    Postgres(Box<PostgresUrl>),
    Sqlite(PathBuf),
}

/// A PostgreSQL URL, with Prisma's and libpq's parameters parsed.
#[derive(Clone)]
pub struct PostgresUrl {
    /// The URL for the driver, with the parameters that it knows.
    pub driver_url: String,
    /// The schema of the original's tables; `public` unless `schema` says otherwise.
    pub schema: String,
    pub connection_limit: Option<usize>,
    /// The longest wait for a free connection.
    pub pool_timeout: Option<Duration>,
    /// True behind PgBouncer: no session settings are possible, so migrations must bypass it.
    pub pgbouncer: bool,
    pub ssl_mode: SslMode,
    /// A PEM file with the authorities to trust in place of the system's.
    pub ssl_root_cert: Option<PathBuf>,
}

impl std::fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PostgresUrl({})", self.redacted())
    }
}

/// The values of libpq's `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    Disable,
    /// TLS if the server supports it; the certificate is not checked.
    Prefer,
    /// TLS; the certificate is not checked, unless `sslrootcert` is given, as in libpq.
    Require,
    /// TLS; the certificate is checked, but not the host name.
    VerifyCa,
    /// TLS; the certificate and the host name are checked.
    VerifyFull,
}

impl DatabaseUrl {
    /// Parses the URL. The error completes a sentence that begins with "DATABASE_URL".
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("file:")) {
            let path = path.split('?').next().unwrap_or(path);
            if path.is_empty() || path == ":memory:" {
                return Err("must name a file after sqlite://".to_owned());
            }
            return Ok(DatabaseUrl::Sqlite(path.into()));
        }
        if text.starts_with("postgresql://") || text.starts_with("postgres://") {
            return Ok(DatabaseUrl::Postgres(Box::new(PostgresUrl::parse(text)?)));
        }
        Err("must begin with postgresql:// or sqlite://".to_owned())
    }

    /// The URL without its password, to be shown to people.
    pub fn redacted(&self) -> String {
        match self {
            DatabaseUrl::Postgres(url) => url.redacted(),
            DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
        }
    }

    /// The address of the database for error messages: `host:port`, the folder of a Unix socket, or a file.
    pub fn address(&self) -> String {
        match self {
            DatabaseUrl::Postgres(url) => url.address(),
            DatabaseUrl::Sqlite(path) => path.display().to_string(),
        }
    }
}

/// The URL's parameters that are left for the driver.
struct Driver {
    query: url::form_urlencoded::Serializer<'static, String>,
    /// Parameters for libpq's `options`.
    options: Vec<String>,
    /// Prisma's `sslaccept`.
    strict: Option<bool>,
}

impl PostgresUrl {
    fn parse(text: &str) -> Result<Self, String> {
        let mut url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let mut parsed = PostgresUrl {
            driver_url: String::new(),
            schema: DEFAULT_SCHEMA.to_owned(),
            connection_limit: None,
            pool_timeout: None,
            pgbouncer: false,
            ssl_mode: SslMode::Prefer,
            ssl_root_cert: None,
        };
        let query = url::form_urlencoded::Serializer::new(String::new());
        let mut driver = Driver { query, options: Vec::new(), strict: None };
        for (key, value) in &pairs {
            parsed.take(key, value, &mut driver)?;
        }
        if driver.strict == Some(true) && matches!(parsed.ssl_mode, SslMode::Prefer | SslMode::Require) {
            parsed.ssl_mode = SslMode::VerifyFull;
        }
        let defaults =
            [("connect_timeout", "3"), ("application_name", "chatoxide"), ("tcp_user_timeout", "10")];
        for (key, default) in defaults {
            if !pairs.iter().any(|(there, _)| there == key) {
                driver.query.append_pair(key, default);
            }
        }
        // Set it even for `public`, because a role may have its own search path.
        if !parsed.pgbouncer || parsed.schema != DEFAULT_SCHEMA {
            driver
                .options
                .push(format!("-c search_path={}", escape_option(&quote_identifier(&parsed.schema))));
        }
        if parsed.pgbouncer && !driver.options.is_empty() {
            return Err("has pgbouncer=true and a parameter that PgBouncer cannot pass on (schema, socket_timeout or \
                        options)"
                .to_owned());
        }
        if !driver.options.is_empty() {
            driver.query.append_pair("options", &driver.options.join(" "));
        }
        driver.query.append_pair(
            "sslmode",
            match parsed.ssl_mode {
                SslMode::Disable => "disable",
                SslMode::Prefer => "prefer",
                SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => "require",
            },
        );
        // The driver does not decode + as a space.
        url.set_query(Some(&driver.query.finish().replace('+', "%20")));
        parsed.driver_url = url.into();
        let driver: Result<tokio_postgres::Config, _> = parsed.driver_url.parse();
        driver.map_err(|error| format!("cannot be used: {}", with_causes(&error)))?;
        Ok(parsed)
    }

    /// Handles one parameter: stores it, passes it to the driver, or refuses it by name.
    fn take(&mut self, key: &str, value: &str, driver: &mut Driver) -> Result<(), String> {
        match key {
            "schema" if value.is_empty() || value.eq_ignore_ascii_case("chatoxide") => {
                return Err(format!("has schema={value}, which cannot hold the chat's tables"));
            }
            "schema" if value.contains('?') => {
                return Err(format!("has schema={value}: name one schema, and separate parameters by &"));
            }
            "schema" => self.schema = value.to_owned(),
            "connection_limit" => self.connection_limit = Some(whole(key, value)?.max(1) as usize),
            "pool_timeout" => {
                // In Prisma, 0 means no limit. Here, the deadline of a request still applies.
                let seconds = whole(key, value)?;
                self.pool_timeout = (seconds > 0).then(|| Duration::from_secs(seconds));
            }
            "socket_timeout" => match whole(key, value)? {
                0 => {}
                seconds => {
                    driver.options.push(format!("-c statement_timeout={}", seconds.saturating_mul(1000)))
                }
            },
            "sslmode" => self.ssl_mode = ssl_mode(value)?,
            "sslaccept" => {
                driver.strict = Some(match value {
                    "strict" => true,
                    "accept_invalid_certs" => false,
                    _ => {
                        return Err(format!(
                            "has sslaccept={value}; strict or accept_invalid_certs are known"
                        ));
                    }
                });
            }
            "sslrootcert" | "sslcert" => self.ssl_root_cert = Some(value.into()),
            "sslidentity" | "sslpassword" | "sslkey" => {
                return Err(format!(
                    "has {key}: signing in to PostgreSQL by client certificate is not supported"
                ));
            }
            "options" => driver.options.push(value.to_owned()),
            // Statements are prepared on each connection in any case; PgBouncer 1.21 and later tracks them.
            "pgbouncer" => self.pgbouncer = value == "true",
            "statement_cache_size" | "single_use_connections" | "uselibpqcompat" => {}
            "host"
            | "connect_timeout"
            | "application_name"
            | "keepalives"
            | "keepalives_idle"
            | "tcp_user_timeout"
            | "target_session_attrs"
            | "channel_binding"
            | "user"
            | "password"
            | "dbname"
            | "port"
            | "hostaddr" => {
                driver.query.append_pair(key, value);
            }
            _ => return Err(format!("has a parameter that is not known: {key}")),
        }
        Ok(())
    }

    /// The hosts with their ports, as the driver reads them: `host`, `hostaddr` and `port` may be parameters.
    fn address(&self) -> String {
        let Ok(driver) = self.driver_url.parse::<tokio_postgres::Config>() else {
            return self.redacted();
        };
        let hosts: Vec<String> = match driver.get_hosts() {
            [] => driver.get_hostaddrs().iter().map(IpAddr::to_string).collect(),
            hosts => hosts.iter().map(host_name).collect(),
        };
        let port = |index: usize| match driver.get_ports() {
            [] => DEFAULT_PORT,
            [port] => *port,
            ports => ports.get(index).copied().unwrap_or(DEFAULT_PORT),
        };
        let addresses = hosts.iter().enumerate().map(|(index, host)| match host.contains(':') {
            true => format!("[{host}]:{}", port(index)),
            false => format!("{host}:{}", port(index)),
        });
        addresses.collect::<Vec<_>>().join(", ")
    }

    fn redacted(&self) -> String {
        match Url::parse(&self.driver_url) {
            Ok(mut url) => {
                let had_password = url.password().is_some();
                // The schema says which tables are meant.
                url.set_query(None);
                if self.schema != DEFAULT_SCHEMA {
                    url.query_pairs_mut().append_pair("schema", &self.schema);
                }
                if had_password && url.set_password(Some("***")).is_err() {
                    return "postgresql://***".to_owned();
                }
                url.into()
            }
            Err(_) => "postgresql://***".to_owned(),
        }
    }
}

/// The schema that Prisma uses if the URL names none.
const DEFAULT_SCHEMA: &str = "public";
/// PostgreSQL's port.
const DEFAULT_PORT: u16 = 5432;

fn host_name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.trim_matches(['[', ']']).to_owned(),
        Host::Unix(folder) => folder.display().to_string(),
    }
}

/// The error with its causes, since the driver puts the reason there.
fn with_causes(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// Quotes `name` as an SQL identifier.
fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Escapes backslashes and spaces for a value inside libpq's `options`.
fn escape_option(value: &str) -> String {
    value.replace('\\', "\\\\").replace(' ', "\\ ")
}

fn whole(key: &str, value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("has {key}={value}, which is not a whole number"))
}

fn ssl_mode(value: &str) -> Result<SslMode, String> {
    Ok(match value {
        "disable" => SslMode::Disable,
        "allow" | "prefer" => SslMode::Prefer,
        "require" | "no-verify" => SslMode::Require,
        "verify-ca" => SslMode::VerifyCa,
        "verify-full" => SslMode::VerifyFull,
        _ => {
            return Err(format!(
                "has sslmode={value}; disable, prefer, require, verify-ca and verify-full are known"
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn postgres(text: &str) -> Result<PostgresUrl, String> {
        match DatabaseUrl::parse(text)? {
            DatabaseUrl::Postgres(url) => Ok(*url),
            DatabaseUrl::Sqlite(path) => Err(format!("sqlite {}", path.display())),
        }
    }

    #[test]
    fn prismas_parameters_are_understood() {
        let url = postgres(
            "postgresql://u:p%40ss@db.example.org:6432/chat?schema=my%20chat&connection_limit=7&pool_timeout=2\
             &sslmode=require&sslaccept=strict&socket_timeout=5&connect_timeout=9",
        )
        .unwrap();
        assert_eq!(url.schema, "my chat");
        assert_eq!(url.connection_limit, Some(7));
        assert_eq!(url.pool_timeout, Some(Duration::from_secs(2)));
        assert_eq!(url.ssl_mode, SslMode::VerifyFull);
        let driver: tokio_postgres::Config = url.driver_url.parse().unwrap();
        assert_eq!(driver.get_password(), Some("p@ss".as_bytes()));
        assert_eq!(driver.get_options(), Some(r#"-c statement_timeout=5000 -c search_path="my\ chat""#));
        assert_eq!(driver.get_connect_timeout(), Some(&Duration::from_secs(9)));
    }

    #[test]
    fn unknown_url_parameters_are_refused_by_name() {
        for (url, named) in [
            ("postgresql://h/db?sslidentity=x.p12", "sslidentity"),
            ("postgresql://h/db?frobnicate=1", "frobnicate"),
            ("postgresql://h/db?connection_limit=many", "connection_limit"),
            ("postgresql://h/db?sslmode=perhaps", "sslmode"),
            ("postgresql://h/db?schema=chatoxide", "schema"),
            ("postgresql://h/db?schema=public?schema=chatoxide_map", "schema"),
            ("postgresql://h/db?pgbouncer=true&schema=x", "pgbouncer"),
            ("postgresql://h/db?connect_timeout=soon", "connect_timeout"),
            ("mysql://h/db", "postgresql://"),
            ("sqlite://", "file"),
        ] {
            let error = DatabaseUrl::parse(url).unwrap_err();
            assert!(error.contains(named), "{url}: {error}");
        }
    }

    #[test]
    fn pgbouncer_gets_no_parameter_that_it_refuses() {
        let url = postgres("postgresql://h/db?pgbouncer=true&schema=public").unwrap();
        let driver: tokio_postgres::Config = url.driver_url.parse().unwrap();
        assert!(url.pgbouncer && driver.get_options().is_none());
    }

    #[test]
    fn a_password_is_never_shown() {
        let url = DatabaseUrl::parse("postgresql://u:secret@h/db?application_name=x").unwrap();
        assert_eq!(url.redacted(), "postgresql://u:***@h/db");
        assert!(!format!("{url:?}").contains("secret"));
    }

    #[test]
    fn an_address_has_every_host_with_its_port_and_no_password() {
        for (url, address) in [
            ("postgresql://u:secret@db.example.org/x", "db.example.org:5432"),
            ("postgresql://u:secret@10.0.0.1:6432/x?schema=y", "10.0.0.1:6432"),
            ("postgresql://u:secret@[::1]:6432/x", "[::1]:6432"),
            ("postgresql://u@h/x?host=/run/postgresql&password=secret", "h:5432, /run/postgresql:5432"),
            ("postgresql:///x?host=/run/postgresql&port=6432", "/run/postgresql:6432"),
            ("postgresql:///x?hostaddr=10.0.0.1", "10.0.0.1:5432"),
            ("sqlite://data/chat.db", "data/chat.db"),
        ] {
            assert_eq!(DatabaseUrl::parse(url).unwrap().address(), address, "{url}");
        }
    }

    #[test]
    fn sqlite_is_a_path() {
        for (url, expected) in [
            ("sqlite:///var/chat.db", "/var/chat.db"),
            ("sqlite://data/chat.db", "data/chat.db"),
            ("file:./dev.db", "./dev.db"),
        ] {
            assert!(
                matches!(DatabaseUrl::parse(url).unwrap(), DatabaseUrl::Sqlite(path) if path == *expected)
            );
        }
    }
}
