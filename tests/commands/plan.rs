//! `chatoxide plan`: it lists what is in the way first, plans around a mapping, shows no secret and changes nothing.

use std::path::Path;

use serde_json::Value;

use super::program::run;
use crate::{
    prisma::{
        findings::original,
        mapped::{Mapped, folder},
    },
    support::{
        Backend, TestDatabase,
        prisma::{PRISMA_6, prisma_sqlite_tables, prisma_tables},
        redis::fresh_redis,
    },
};

const SECRET: &str = "a hidden secret of more than thirty-two bytes";

async fn plan(place: &Path, arguments: &[&str]) -> (i32, String, String) {
    run(place, &[&["plan"], arguments].concat()).await
}

/// The exit code and the plan as JSON.
async fn plan_as_json(place: &Path, arguments: &[&str]) -> (i32, Value) {
    let (code, printed, error) = plan(place, &[arguments, &["--json"]].concat()).await;
    (code, serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{printed}{error}")))
}

fn texts(plan: &Value, key: &str) -> String {
    plan[key].to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_prisma_is_ready_and_stays_as_it_is_and_no_secret_is_shown() {
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    std::fs::write(database.folder.path().join("schema.prisma"), original()).unwrap();
    let (redis, _) = fresh_redis().await;
    let settings = ["--jwt-secret", SECRET, "--database-url", &database.url, "--redis-url", &redis];
    let more = ["--schema", "schema.prisma", "--cors-origin", "https://a.example,https://b.example"];
    let line = [&settings[..], &more].concat();
    let (code, printed, error) = plan(database.folder.path(), &line).await;
    assert_eq!((code, error.as_str()), (0, ""), "{printed}");
    assert!(!printed.contains("hidden") && !printed.contains(&redis), "{printed}");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines.len() <= 60 && !printed.contains("In the way"), "{printed}");
    for part in ["What will differ", "  8. Users join and leave, not tabs", "JWT_SECRET     set", "2 origins"]
    {
        assert!(printed.contains(part), "{part} in: {printed}");
    }
    let heads = ["What will differ", "Settings", "Steps", "Way back"];
    let places = heads.map(|head| lines.iter().position(|line| *line == head).unwrap());
    assert!(places.is_sorted(), "{printed}");
    assert!(lines[places[2]..places[3]].iter().any(|line| line.contains("Downtime: one or two seconds")));
    assert!(lines[places[3]..].iter().any(|line| line.contains("DROP SCHEMA chatoxide CASCADE")));

    let (code, plan) = plan_as_json(database.folder.path(), &line).await;
    assert_eq!((code, &plan["version"], &plan["verdict"]), (0, &1.into(), &"ready".into()));
    assert_eq!(
        (plan["faults"].to_string(), plan["deliberate"].as_array().unwrap().len()),
        ("[]".to_owned(), 11)
    );
    let own = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'chatoxide%'";
    assert_eq!(database.select(own).await, ["0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_come_first_with_their_mends() {
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    database.execute(r#"ALTER TABLE "Message" ADD "tenant" TEXT NOT NULL DEFAULT 'x'"#).await;
    database.execute(r#"ALTER TABLE "Message" ALTER "tenant" DROP DEFAULT"#).await;
    let (code, printed, error) = plan(database.folder.path(), &["--database-url", &database.url]).await;
    assert_eq!(code, 1, "{printed}");
    assert!(error.contains("2 faults stand in the way"), "{error}");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(&lines[1..3], ["", "In the way"], "{printed}");
    assert!(lines[3].contains("nothing says who may sign in"), "{printed}");
    assert!(lines[4].contains("mend: set JWT_SECRET"), "{printed}");
    assert!(lines[5].contains("database: ") && lines[5].contains("tenant"), "{printed}");
    let first = lines.iter().skip_while(|line| **line != "Steps").nth(1).unwrap();
    assert_eq!(*first, "  1. Mend what stands in the way, and run chatoxide plan again.");
}

#[tokio::test]
async fn a_database_that_is_not_named_or_does_not_answer_is_in_the_way() {
    let place = tempfile::tempdir().unwrap();
    let (code, plan) = plan_as_json(place.path(), &[]).await;
    let faults = texts(&plan, "faults");
    assert!(code == 1 && faults.contains("DATABASE_URL is not set"), "{faults}");
    assert!(faults.contains("nothing says who may sign in"), "{faults}");
    let url = ["--database-url", "postgresql://u:hidden@127.0.0.1:1/x", "--jwt-secret", SECRET];
    let (code, plan) = plan_as_json(place.path(), &url).await;
    assert!(code == 1 && texts(&plan, "faults").contains("no connection to 127.0.0.1:1"), "{plan}");
    assert!(!plan.to_string().contains("hidden"), "{plan}");
    let (code, _, error) = self::plan(place.path(), &["--schema", "nowhere.prisma"]).await;
    assert!(code == 2 && error.contains("nowhere.prisma"), "{error}");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_prisma_is_ready_by_the_steps_of_sqlite() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    database.execute(&prisma_sqlite_tables("0", "1")).await;
    let line = ["--jwt-secret", SECRET, "--database-url", &database.url];
    let (code, plan) = plan_as_json(database.folder.path(), &line).await;
    assert_eq!((code, &plan["verdict"]), (0, &"ready".into()), "{plan}");
    let (steps, back) = (texts(&plan, "steps"), texts(&plan, "back"));
    assert!(steps.contains("the prefix chatoxide_") && !steps.contains("schema chatoxide"), "{steps}");
    assert!(back.contains("drop the tables") && back.contains("delete its keys chat:messages"), "{back}");
    assert_eq!(
        database.select("SELECT count(*) FROM sqlite_master WHERE name LIKE 'chatoxide%'").await,
        ["0"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_need_a_mapping_are_in_the_way_until_they_are_mapped() {
    let mut mapped = Mapped::create("studio").await;
    let place = tempfile::tempdir().unwrap();
    let schema = folder("studio").join("schema.prisma");
    let schema = ["--jwt-secret", SECRET, "--schema", schema.to_str().unwrap()];
    let plain = mapped.mapped_url().replace("?schema=chatoxide_map", "");
    let (code, before) =
        plan_as_json(place.path(), &[&schema[..], &["--database-url", &plain]].concat()).await;
    assert_eq!((code, &before["verdict"]), (1, &"faults".into()), "{before}");
    assert!(texts(&before, "faults").contains("chatoxide map --schema"), "{before}");
    assert!(texts(&before, "steps").contains("Map the tables: chatoxide map --schema"), "{before}");
    let (_, page, _) = plan(place.path(), &[&schema[..], &["--database-url", &plain]].concat()).await;
    assert!(page.lines().count() <= 60, "{page}");
    assert!(
        page.contains("findings, which chatoxide check --schema lists\n    mend: chatoxide map"),
        "{page}"
    );

    mapped.map("studio", &[], &[]).await;
    let url = mapped.mapped_url();
    let (code, after) = plan_as_json(place.path(), &[&schema[..], &["--database-url", &url]].concat()).await;
    assert_eq!((code, &after["verdict"]), (0, &"ready".into()), "{after}");
    assert!(texts(&after, "differences").contains("and the database serves them"), "{after}");
    assert!(!texts(&after, "steps").contains("Map the tables"), "{after}");
    assert!(texts(&after, "back").contains("DROP SCHEMA chatoxide_map CASCADE"), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_not_supported_is_in_the_way_whatever_the_database_is() {
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    std::fs::write(database.folder.path().join("schema.prisma"), original().replace("postgresql", "mysql"))
        .unwrap();
    let line = ["--jwt-secret", SECRET, "--database-url", &database.url, "--schema", "schema.prisma"];
    let (code, plan) = plan_as_json(database.folder.path(), &line).await;
    assert!(code == 1 && texts(&plan, "faults").contains("mysql"), "{plan}");
}
