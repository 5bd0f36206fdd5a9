//! TLS to PostgreSQL, by `sslmode` as libpq has it.

use chatoxide::db::{Db, health};

use crate::support::{required, server};

async fn version(parameters: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("{}?{parameters}", required("TEST_POSTGRES_URL"));
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
async fn a_certificate_that_nobody_vouches_for_is_refused_where_it_is_checked() {
    for parameters in ["sslmode=verify-full", "sslmode=require&sslaccept=strict"] {
        let refused = version(parameters).await.unwrap_err();
        assert!(refused.contains("certificate"), "{parameters}: {refused}");
    }
    let missing = version("sslmode=verify-full&sslrootcert=/nowhere.pem").await.unwrap_err();
    assert!(missing.contains("/nowhere.pem"), "{missing}");
}
