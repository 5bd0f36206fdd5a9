//! Tests the server's sessions on PostgreSQL: times are UTC whatever the zone of the database server, and JIT
//! compilation is off.

use chatoxide::{
    chat::room::RoomType,
    config::Config,
    db::{Db, migrations},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::{
    Backend, Client, TestDatabase, TestServer,
    prisma::{PRISMA_6, prisma_tables},
    server,
};

/// A database as Prisma makes it, with times of this type, on a server whose zone is New York.
pub async fn database_with(times: &str) -> TestDatabase {
    let database = TestDatabase::create(Backend::Postgres).await;
    assert_eq!(database.select("SHOW timezone").await, ["America/New_York"]);
    let tables = prisma_tables(PRISMA_6).replace("TIMESTAMP(3)", times);
    database.execute(&tables).await;
    database
}

/// The ISO text of a column's times, of the oldest message to the newest.
async fn stored(database: &TestDatabase, column: &str) -> Vec<String> {
    let zoned = r#"SELECT data_type LIKE '%with time zone' FROM information_schema.columns
        WHERE table_name = 'Message' AND column_name = 'createdAt'"#;
    let moment = match database.select(zoned).await[0].as_str() {
        "t" => format!(r#""{column}" AT TIME ZONE 'UTC'"#),
        _ => format!(r#""{column}""#),
    };
    let text = format!(
        r#"SELECT to_char({moment}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') FROM "Message"
            WHERE "id" NOT IN ('m1', 'm2') ORDER BY "createdAt""#
    );
    database.select(&text).await
}

/// Says two things, of which the second takes the quick way, and edits both: their times as they were told.
async fn say_and_edit(alice: &mut Client) -> (Vec<Value>, Vec<Value>) {
    let (mut created, mut updated) = (Vec::new(), Vec::new());
    for content in ["carefully", "quickly"] {
        let message = alice.say("old", content).await;
        created.push(message["createdAt"].clone());
        updated.push(message["id"].clone());
    }
    for id in &mut updated {
        let edited = alice.ask("message:edit", json!({"messageId": id, "content": "edited"})).await;
        assert_eq!(edited["success"], true, "{edited}");
        *id = edited["message"]["updatedAt"].clone();
    }
    (created, updated)
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_stored_in_utc_whatever_the_zone_is_and_whatever_says_it() {
    const BY_DATABASE: &str = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = %L',
        current_database(), 'Asia/Tokyo'); END $$";
    const BY_ROLE: &str = "DO $$ BEGIN EXECUTE format('ALTER ROLE %I IN DATABASE %I SET timezone = %L',
        current_user, current_database(), 'Asia/Tokyo'); END $$";
    for (times, zone, parameters) in [
        ("TIMESTAMP(3)", "", ""),
        ("TIMESTAMPTZ(3)", "", ""),
        ("TIMESTAMPTZ(3)", BY_DATABASE, ""),
        ("TIMESTAMPTZ(3)", BY_ROLE, ""),
        ("TIMESTAMPTZ(3)", BY_ROLE, "?options=-c%20timezone%3DAsia/Tokyo"),
        ("TIMESTAMPTZ(3)", BY_ROLE, "?pgbouncer=true"),
    ] {
        let case = format!("{times} {zone} {parameters}");
        let database = database_with(times).await;
        database.execute(zone).await;
        let mut database = TestServer::start_with(database, &[]).await.stop().await;
        let plain = database.url.clone();
        database.url = format!("{plain}{parameters}");
        let mut server = TestServer::start_with(database, &[]).await;
        server.database.url = plain;
        let mut alice = server.connect_in("alice", "old").await;
        let (created, updated) = say_and_edit(&mut alice).await;
        assert_eq!(json!(stored(&server.database, "createdAt").await), json!(created), "{case}");
        assert_eq!(json!(stored(&server.database, "updatedAt").await), json!(updated), "{case}");
        // Read anew, and found by their time.
        let server = TestServer::start_with(server.stop().await, &[]).await;
        let mut alice = server.connect("alice").await;
        let ask = json!({"roomId": "old", "before": created[1]});
        let page = alice.ask("messages:load", ask).await;
        assert_eq!(page["messages"][0]["createdAt"], created[0], "{case}: {page}");
        let listed = alice.ask("rooms:list", json!({})).await;
        assert_eq!(listed["rooms"][0]["lastMessageAt"], created[1], "{case}: {listed}");
    }
}

/// A pooler that gives the sessions another zone than they ask for, as one does that shares them without keeping what is set.
pub async fn forgetful_pooler(server: &str) -> u16 {
    let server = server.rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = TcpStream::connect(&server).await.unwrap();
            tokio::spawn(async move {
                let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                    (client.split(), server.split());
                let ask = async {
                    let mut bytes = vec![0; 65_536];
                    while let Ok(count @ 1..) = from_client.read(&mut bytes).await {
                        let asked = &mut bytes[..count];
                        while let Some(at) = asked.windows(5).position(|text| text == b"'UTC'") {
                            asked[at..at + 5].copy_from_slice(b"'PRC'");
                        }
                        to_server.write_all(asked).await?;
                    }
                    to_server.shutdown().await
                };
                let answer = tokio::io::copy(&mut from_server, &mut to_client);
                // One end is gone: so is the other.
                let _ended = tokio::join!(ask, answer);
            });
        }
    });
    port
}

async fn start_behind(database: &TestDatabase, port: u16) -> Result<usize, String> {
    let name = database.url.rsplit_once('/').unwrap().1;
    let url = format!("postgresql://postgres@127.0.0.1:{port}/{name}?pgbouncer=true&sslmode=disable");
    let config: Config = server::config(&url, database.folder.path(), &[]);
    let db = Db::open(&config).unwrap();
    migrations::run(&db, &config, false).await.map(|migrated| migrated.ran).map_err(|error| error.cause())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_wrong_times_are_stored_behind_a_pooler_that_drops_the_time_zone() {
    for (times, is_served) in [("TIMESTAMP(3)", true), ("TIMESTAMPTZ(3)", false)] {
        let database = TestServer::start_with(database_with(times).await, &[]).await.stop().await;
        let port = forgetful_pooler(&database.url).await;
        let started = start_behind(&database, port).await;
        assert_eq!(started.is_ok(), is_served, "{times}: {started:?}");
        if let Err(why) = started {
            assert!(why.contains("zone is PRC") && why.contains("ALTER ROLE"), "{why}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_sessions_run_without_jit() {
    let server = TestServer::start(Backend::Postgres).await;
    let probe = "CREATE TABLE seen AS SELECT current_setting('jit') AS value WHERE false;
        CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO public.seen VALUES (current_setting('jit')); RETURN NEW; END $$;
        CREATE TRIGGER see BEFORE INSERT ON chatoxide.room_log FOR EACH ROW EXECUTE FUNCTION see()";
    server.database.execute(probe).await;
    assert_eq!(server.database.select("SHOW jit").await, ["on"]);
    server.make_room("general", RoomType::Public, &["alice"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    for content in ["carefully", "quickly"] {
        alice.say("general", content).await;
    }
    assert_eq!(server.database.select("SELECT value FROM seen").await, ["off", "off"]);
}
