//! Opens the database: pools, TLS, SQLite's pragmas. Nothing is connected before the first query.

use std::{fs::File, io::BufReader, sync::Arc, time::Duration};

use deadpool::{
    Runtime,
    managed::{self, QueueMode},
};
use diesel::{
    ConnectionError, ConnectionResult, QueryResult,
    connection::{InstrumentationEvent, SimpleConnection},
    sqlite::SqliteConnection,
};
use diesel_async::{
    AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod},
};
use futures_util::{FutureExt, future::BoxFuture};
use prometheus_client::metrics::counter::Counter;
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    Db, Lite,
    direct::{Direct, KEEP_PLANS, limit_lock_waits},
    facts::Facts,
    pool::{Canceller, Connections, Pool},
};
use crate::{
    chat::chained,
    config::{Config, DatabaseUrl, PostgresUrl, SslMode},
};

/// The number of SQLite's read connections, beside its one writer.
const LITE_READERS: usize = 4;

impl Db {
    /// Opens the pools. An error is one sentence about the settings; whether the database answers shows at the first
    /// query.
    pub fn open(config: &Config) -> Result<Self, String> {
        let timeout = config.database_timeout;
        let (statements, facts) = (Counter::default(), Arc::<Facts>::default());
        let address: Arc<str> = config.database.address().into();
        match &config.database {
            DatabaseUrl::Postgres(url) => {
                let wait = url.pool_timeout.map_or(timeout, |wait| wait.min(timeout));
                let tls = match url.ssl_mode {
                    SslMode::Disable => None,
                    _ => Some(MakeRustlsConnect::new(tls_config(url)?)),
                };
                let others = config.database_pool - usize::from(config.database_pool > 1);
                let session = session(url, timeout);
                let canceller = Canceller { tls: tls.clone(), timeout };
                let setup = counted(postgres_setup(tls.clone(), session.clone()), &statements);
                let pool = pool(&url.driver_url, others, wait, setup)?;
                let pool = Pool::new(pool, canceller.clone(), Arc::clone(&facts), Arc::clone(&address));
                let direct = (others < config.database_pool).then(|| {
                    let session = match url.pgbouncer {
                        true => session,
                        false => format!("{session} {KEEP_PLANS}; {}", limit_lock_waits(timeout, false)),
                    };
                    let may_listen = !url.pgbouncer;
                    Arc::new(Direct { url: url.driver_url.clone(), tls, session, may_listen, canceller })
                });
                Ok(Db::Pg { pool, direct, timeout, statements, facts })
            }
            DatabaseUrl::Sqlite(path) => {
                let path = path.to_str().ok_or("DATABASE_URL names a file that is not UTF-8")?;
                let lite = |size| {
                    let canceller = Canceller { tls: None, timeout };
                    let pool = pool(path, size, timeout, counted(lite_setup(timeout), &statements))?;
                    Ok::<_, String>(Pool::new(pool, canceller, Arc::clone(&facts), Arc::clone(&address)))
                };
                Ok(Db::Lite { readers: lite(LITE_READERS)?, writer: lite(1)?, timeout, statements, facts })
            }
        }
    }
}

type Setup<C> = Box<dyn Fn(&str) -> BoxFuture<ConnectionResult<C>> + Send + Sync>;

/// Counts every statement of the connection.
fn counted<C: AsyncConnection + 'static>(setup: Setup<C>, statements: &Counter) -> Setup<C> {
    let statements = statements.clone();
    Box::new(move |url| {
        let (connection, statements) = (setup(url), statements.clone());
        async move {
            let mut connection = connection.await?;
            connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                    statements.inc();
                }
            });
            Ok(connection)
        }
        .boxed()
    })
}

fn pool<C>(
    url: &str,
    size: usize,
    wait: Duration,
    setup: Setup<C>,
) -> Result<managed::Pool<AsyncDieselConnectionManager<C>>, String>
where
    C: AsyncConnection + 'static,
    AsyncDieselConnectionManager<C>: Connections,
{
    let mut manager = ManagerConfig::default();
    manager.recycling_method = RecyclingMethod::Fast;
    manager.custom_setup = setup;
    managed::Pool::builder(AsyncDieselConnectionManager::<C>::new_with_config(url, manager))
        .max_size(size)
        .wait_timeout(Some(wait))
        .create_timeout(Some(wait))
        // The connection that was used last has the warmest caches.
        .queue_mode(QueueMode::Lifo)
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| format!("the database pool cannot be made: {error}"))
}

/// The longest wait for SQLite's write lock, which another program may hold. It is shorter than a request's timeout:
/// otherwise a write could happen after the client was sent its failure.
const LITE_BUSY: Duration = Duration::from_secs(3);

fn lite_setup(timeout: Duration) -> Setup<Lite> {
    let busy = LITE_BUSY.min(timeout * 3 / 4).as_millis();
    let pragmas =
        format!("PRAGMA busy_timeout = {busy}; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
    Box::new(move |path| {
        let (path, pragmas) = (path.to_owned(), pragmas.clone());
        async move {
            let mut connection = Lite::establish(&path).await?;
            connection.batch_execute(&pragmas).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
            let switched = connection.spawn_blocking(|connection| use_wal(connection, wait_for_others));
            switched.await.map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(connection)
        }
        .boxed()
    })
}

/// Attempts to switch a file to WAL, each after a wait for the processes that have it open.
const MAX_WAL_ATTEMPTS: usize = 32;

/// Switches the file to WAL. Servers that start at the same time, or another program, may have a new file open that is
/// not in WAL yet. The switch needs an exclusive lock, and SQLite does not wait for that by itself.
fn use_wal(
    connection: &mut SqliteConnection,
    wait: impl Fn(&mut SqliteConnection) -> QueryResult<()>,
) -> QueryResult<()> {
    let mut attempts = 0;
    loop {
        let switched = SimpleConnection::batch_execute(connection, "PRAGMA journal_mode = WAL");
        attempts += 1;
        match switched {
            Err(error) if attempts < MAX_WAL_ATTEMPTS && error.to_string().contains("database is locked") => {
                wait(connection)?;
            }
            switched => return switched,
        }
    }
}

/// Waits for an exclusive lock on the file, for as long as `busy_timeout` says.
fn wait_for_others(connection: &mut SqliteConnection) -> QueryResult<()> {
    SimpleConnection::batch_execute(connection, "BEGIN EXCLUSIVE; COMMIT")
}

/// The settings of each session.
///
/// - The zone is UTC, whatever the server, the database or the role says: times are sent without a zone, and PostgreSQL
///   would take them for local ones where a column is TIMESTAMPTZ. PgBouncer keeps the zone of each of its clients.
/// - No statement outlasts the request that waits for it. A shorter limit, of the URL or of the role, stays.
/// - A superuser's errors are in English: many are known by their text only. Others may not say so.
/// - The triggers of `chatoxide migrate --watch` leave out what this session writes. PgBouncer would pass the setting
///   on to sessions of others.
/// - No JIT: it takes PostgreSQL 0.3 s to compile a list of rooms that it reads in 6 ms.
fn session(url: &PostgresUrl, timeout: Duration) -> String {
    let zone = "SET TIME ZONE 'UTC';";
    if url.pgbouncer {
        return zone.to_owned();
    }
    let timeout = timeout.as_millis();
    format!(
        "{zone} SET chatoxide.own = 'on'; SELECT set_config('statement_timeout', '{timeout}', false) FROM pg_settings \
             WHERE name = 'statement_timeout' AND (setting = '0' OR setting::bigint > {timeout}); \
         SELECT set_config('lc_messages', 'C', false) FROM pg_roles WHERE rolname = current_user AND rolsuper; \
         SELECT set_config('jit', 'off', false) WHERE current_setting('jit', true) IS NOT NULL;"
    )
}

fn postgres_setup(tls: Option<MakeRustlsConnect>, session: String) -> Setup<AsyncPgConnection> {
    Box::new(move |url| {
        let (url, tls, session) = (url.to_owned(), tls.clone(), session.clone());
        async move {
            let mut connection = match tls {
                None => AsyncPgConnection::establish(&url).await?,
                Some(tls) => {
                    let (client, connection) = tokio_postgres::connect(&url, tls)
                        .await
                        .map_err(|error| ConnectionError::BadConnection(chained(&error)))?;
                    AsyncPgConnection::try_from_client_and_connection(client, connection).await?
                }
            };
            connection.batch_execute(&session).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(connection)
        }
        .boxed()
    })
}

fn tls_config(url: &PostgresUrl) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    let mut mode = url.ssl_mode;
    if mode == SslMode::Require && url.ssl_root_cert.is_some() {
        mode = SslMode::VerifyCa;
    }
    let relaxed = |authority| {
        let verifier = Arc::new(RelaxedVerifier { provider: Arc::clone(&provider), authority });
        builder.clone().dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
    };
    if matches!(mode, SslMode::Prefer | SslMode::Require | SslMode::Disable) {
        return Ok(relaxed(None));
    }
    let mut roots = RootCertStore::empty();
    match &url.ssl_root_cert {
        Some(path) => {
            let unreadable = |why: String| format!("DATABASE_URL has sslrootcert={}: {why}", path.display());
            let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
            for certificate in CertificateDer::pem_reader_iter(BufReader::new(file)) {
                let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
                roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if mode == SslMode::VerifyCa {
        let authority = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| format!("DATABASE_URL has no usable authority for TLS: {error}"))?;
        return Ok(relaxed(Some(authority)));
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Verifies certificates as libpq's laxer modes do: `require` only encrypts, `verify-ca` checks the certificate but not
/// the host name.
#[derive(Debug)]
struct RelaxedVerifier {
    provider: Arc<CryptoProvider>,
    /// Verifies the certificate; none: it is not verified.
    authority: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for RelaxedVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        use rustls::{CertificateError, Error::InvalidCertificate};
        let Some(authority) = &self.authority else { return Ok(ServerCertVerified::assertion()) };
        match authority.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            result => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use diesel::{Connection, RunQueryDsl, dsl::sql, select, sql_types::Bool};

    use super::*;

    #[test]
    fn a_locked_file_is_switched_to_wal_once_it_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let open = || SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        let mut other = open();
        other.batch_execute("CREATE TABLE other (n); BEGIN IMMEDIATE; INSERT INTO other VALUES (1)").unwrap();
        let (mut connection, other) = (open(), RefCell::new(other));
        let waits = RefCell::new(0);
        let wait = |_: &mut SqliteConnection| {
            *waits.borrow_mut() += 1;
            other.borrow_mut().batch_execute("COMMIT")
        };
        use_wal(&mut connection, wait).unwrap();
        assert_eq!(*waits.borrow(), 1);
        let is_wal = select(sql::<Bool>("(SELECT journal_mode = 'wal' FROM pragma_journal_mode)"));
        assert!(is_wal.get_result::<bool>(&mut connection).unwrap());
    }

    #[test]
    fn a_file_that_stays_locked_is_not_waited_for_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let open = || SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        let (mut reader, mut connection) = (open(), open());
        reader.batch_execute("CREATE TABLE other (n); BEGIN; SELECT * FROM other").unwrap();
        let waits = RefCell::new(0);
        let wait = |_: &mut SqliteConnection| {
            *waits.borrow_mut() += 1;
            Ok(())
        };
        assert!(use_wal(&mut connection, wait).is_err());
        assert_eq!(*waits.borrow(), MAX_WAL_ATTEMPTS - 1);
        assert!(wait_for_others(&mut connection).is_err());
    }
}
