//! Opens the database: pools, TLS, SQLite's pragmas. Nothing is connected before the first query.

use std::{fs::File, io::BufReader, sync::Arc, time::Duration};

use deadpool::{
    Runtime,
    managed::{self, QueueMode},
};
use diesel::{ConnectionError, ConnectionResult, connection::InstrumentationEvent};
use diesel_async::{
    AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, PoolableConnection, RecyclingMethod},
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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::{Client, Connection, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Db, Lite};
use crate::{
    config::{Config, DatabaseUrl, PostgresUrl, SslMode},
    error::chained,
};

/// SQLite's readers beside its one writer.
const LITE_READERS: usize = 4;

impl Db {
    /// An error is one sentence about the settings; whether the database answers shows at the first query.
    pub fn open(config: &Config) -> Result<Self, String> {
        let timeout = config.database_timeout;
        let statements = Counter::default();
        match &config.database {
            DatabaseUrl::Postgres(url) => {
                let wait = url.pool_timeout.map_or(timeout, |wait| wait.min(timeout));
                let tls = match url.ssl_mode {
                    SslMode::Disable => None,
                    _ => Some(MakeRustlsConnect::new(tls_config(url)?)),
                };
                let others = config.database_pool - usize::from(config.database_pool > 1);
                let setup = counted(postgres_setup(tls.clone()), &statements);
                let pool = pool(&url.driver_url, others, wait, setup)?;
                let direct = (others < config.database_pool).then(|| {
                    Arc::new(Direct { url: url.driver_url.clone(), tls, keeps_plans: !url.pgbouncer })
                });
                Ok(Db::Pg { pool, direct, timeout, statements })
            }
            DatabaseUrl::Sqlite(path) => {
                let path = path.to_str().ok_or("DATABASE_URL names a file that is not UTF-8")?;
                Ok(Db::Lite {
                    readers: pool(path, LITE_READERS, timeout, counted(lite_setup(), &statements))?,
                    writer: pool(path, 1, timeout, counted(lite_setup(), &statements))?,
                    timeout,
                    statements,
                })
            }
        }
    }
}

type Setup<C> = Box<dyn Fn(&str) -> BoxFuture<ConnectionResult<C>> + Send + Sync>;

/// Every statement of the connection is counted.
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
    C: PoolableConnection + 'static,
    AsyncDieselConnectionManager<C>: managed::Manager<Type = C>,
{
    let mut manager = ManagerConfig::default();
    manager.recycling_method = RecyclingMethod::Fast;
    manager.custom_setup = setup;
    managed::Pool::builder(AsyncDieselConnectionManager::<C>::new_with_config(url, manager))
        .max_size(size)
        .wait_timeout(Some(wait))
        .create_timeout(Some(wait))
        // The connection that was used last is the one whose caches are warm.
        .queue_mode(QueueMode::Lifo)
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| format!("the database pool cannot be made: {error}"))
}

fn lite_setup() -> Setup<Lite> {
    Box::new(|path| {
        let path = path.to_owned();
        async move {
            let mut connection = Lite::establish(&path).await?;
            connection
                .batch_execute(
                    "PRAGMA busy_timeout = 3000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON;",
                )
                .await
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(connection)
        }
        .boxed()
    })
}

fn postgres_setup(tls: Option<MakeRustlsConnect>) -> Setup<AsyncPgConnection> {
    let Some(tls) = tls else { return Box::new(|url| AsyncPgConnection::establish(url).boxed()) };
    Box::new(move |url| {
        let (url, tls) = (url.to_owned(), tls.clone());
        async move {
            let (client, connection) = tokio_postgres::connect(&url, tls)
                .await
                .map_err(|error| ConnectionError::BadConnection(chained(&error)))?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        }
        .boxed()
    })
}

/// Makes each statement's plan once. PostgreSQL would plan an append for the values of each batch, which takes it longer than
/// to execute it; and a plan that is kept must not be one for tables that were small when it was made.
const KEEP_PLANS: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; \
                          SET enable_mergejoin = off";

/// The way to a connection without diesel.
pub struct Direct {
    url: String,
    tls: Option<MakeRustlsConnect>,
    /// Behind PgBouncer nothing may be set for a session.
    keeps_plans: bool,
}

impl Direct {
    pub(super) async fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        let client = match &self.tls {
            None => run(tokio_postgres::connect(&self.url, NoTls).await?),
            Some(tls) => run(tokio_postgres::connect(&self.url, tls.clone()).await?),
        };
        if self.keeps_plans {
            client.batch_execute(KEEP_PLANS).await?;
        }
        Ok(client)
    }
}

/// Runs the connection until its client is dropped, or it breaks: then its client is told of it.
fn run<S, T>((client, connection): (Client, Connection<S, T>)) -> Client
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "the writer's connection to the database is gone");
        }
    });
    client
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
    let lax = |authority| {
        let verifier = Arc::new(Lax { provider: Arc::clone(&provider), authority });
        builder.clone().dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
    };
    if matches!(mode, SslMode::Prefer | SslMode::Require | SslMode::Disable) {
        return Ok(lax(None));
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
        return Ok(lax(Some(authority)));
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// What libpq's laxer modes check: `require` only encrypts, `verify-ca` checks the certificate but not the host name.
#[derive(Debug)]
struct Lax {
    provider: Arc<CryptoProvider>,
    /// Checks the certificate; none: nobody does.
    authority: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Lax {
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
