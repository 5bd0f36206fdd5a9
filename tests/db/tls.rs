//! TLS to PostgreSQL, by `sslmode` as libpq has it.

use chatoxide::db::{Db, health};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{required, server};

async fn version(parameters: &str) -> Result<String, String> {
    version_at(&required("TEST_POSTGRES_URL"), parameters).await
}

async fn version_at(url: &str, parameters: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("{url}?{parameters}");
    let db = Db::open(&server::config(&url, folder.path(), &[])).map_err(|error| error.clone())?;
    health::version(&db).await.map_err(|error| format!("{error:?}"))
}

#[tokio::test]
async fn encrypted_connections_are_made_as_sslmode_says() {
    let ca = required("TEST_POSTGRES_CA");
    for parameters in [
        "sslmode=disable".to_owned(),
        "sslmode=prefer".to_owned(),
        "sslmode=require".to_owned(),
        "sslmode=require&sslaccept=accept_invalid_certs".to_owned(),
        format!("sslmode=verify-ca&sslrootcert={ca}"),
        format!("sslmode=verify-full&sslrootcert={ca}"),
        format!("sslmode=require&sslaccept=strict&sslcert={ca}"),
    ] {
        let version = version(&parameters).await;
        assert!(version.is_ok(), "{parameters}: {version:?}");
    }
}

#[tokio::test]
async fn an_untrusted_certificate_is_refused_where_it_is_verified() {
    for parameters in ["sslmode=verify-full", "sslmode=require&sslaccept=strict"] {
        let refused = version(parameters).await.unwrap_err();
        assert!(refused.contains("certificate"), "{parameters}: {refused}");
    }
    let missing = version("sslmode=verify-full&sslrootcert=/nowhere.pem").await.unwrap_err();
    assert!(missing.contains("/nowhere.pem"), "{missing}");
}

/// PostgreSQL's URL at an address that its certificate does not name.
async fn under_another_name() -> String {
    let server = required("TEST_POSTGRES_URL");
    let (begin, rest) = server.split_once("127.0.0.1:").unwrap();
    let (port, database) = rest.split_once('/').unwrap();
    let target = format!("127.0.0.1:{port}");
    let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = TcpStream::connect(&target).await.unwrap();
            tokio::spawn(async move {
                let _either_end = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    format!("{begin}{address}/{database}")
}

#[tokio::test]
async fn the_host_name_is_checked_by_verify_full_and_by_nothing_less() {
    let ca = required("TEST_POSTGRES_CA");
    let url = under_another_name().await;
    for parameters in ["sslmode=require".to_owned(), format!("sslmode=verify-ca&sslrootcert={ca}")] {
        let version = version_at(&url, &parameters).await;
        assert!(version.is_ok(), "{parameters}: {version:?}");
    }
    for mode in ["sslmode=verify-full", "sslmode=require&sslaccept=strict"] {
        let refused = version_at(&url, &format!("{mode}&sslrootcert={ca}")).await.unwrap_err();
        assert!(refused.contains("not valid for name"), "{mode}: {refused}");
    }
}
