//! Teams' schemas are mapped and served: every event works, what was there stays, and what is new is where the team looks
//! for it.

use super::{
    mapped::{Mapped, difference, run},
    walk::{WORLD, Walked, World, look_again, walk},
};

/// A schema, and what the walk leaves in the team's tables.
struct Case {
    schema: &'static str,
    /// More arguments of `chatoxide map`.
    arguments: &'static [&'static str],
    world: World,
    /// The table of messages, and how many rows the walk adds: those deleted softly are among them.
    messages: (&'static str, usize),
    /// The other tables that get rows, and how many.
    added: &'static [(&'static str, usize)],
    /// Selects sender and text of the messages of the first room that are not deleted, oldest first.
    said: &'static str,
}

const SAID: [&str; 4] = ["alice: first, edited", "bob: second", "alice: third", "bob: a picture"];

async fn is_served(case: Case) -> (Mapped, Walked) {
    let mut mapped = Mapped::create(case.schema).await;
    let before = (mapped.dump(), mapped.rows().await);
    mapped.map(case.schema, case.arguments).await;
    // It can be applied again, also while it is served.
    mapped.map(case.schema, case.arguments).await;
    assert_eq!(mapped.rows().await, before.1);
    let server = mapped.serve().await;
    let walked = walk(&server, &case.world).await;
    mapped.stop(server).await;
    let server = mapped.serve().await;
    look_again(&server, &case.world, &walked).await;
    mapped.stop(server).await;

    let after = mapped.rows().await;
    let lost = difference(&before.1, &after);
    let names: Vec<_> = lost.iter().map(|(table, rows)| (table.as_str(), rows.len())).collect();
    assert_eq!(names, [(case.messages.0, 1)], "only the edited message changed: {lost:?}");
    let gained = difference(&after, &before.1);
    let mut expected: Vec<(&str, usize)> = case.added.to_vec();
    // The edited message is there in its new state.
    expected.push((case.messages.0, case.messages.1 + 1));
    expected.sort_unstable();
    let counts: Vec<_> = gained.iter().map(|(table, rows)| (table.as_str(), rows.len())).collect();
    assert_eq!(counts, expected, "{gained:?}");
    assert_eq!(mapped.select(case.said).await, SAID);
    let (code, report, _) = run(
        std::path::Path::new("/"),
        &["check", "--jwt-secret", "a secret of more than thirty-two bytes", "--database-url", &mapped.mapped_url()],
    )
    .await;
    let findings: Vec<_> = report.lines().filter(|line| line.contains("database: ")).collect();
    assert_eq!((code, findings.len()), (0, 1), "{report}");

    mapped.execute("DROP SCHEMA chatoxide_map CASCADE; DROP SCHEMA chatoxide CASCADE").await;
    assert_eq!(mapped.dump(), before.0);
    assert_eq!(mapped.rows().await, after);
    (mapped, walked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_differs_in_every_name_and_deletes_softly_is_served() {
    let (mapped, _) = is_served(Case {
        schema: "clinic",
        arguments: &[],
        world: World { room_name: "Ward", ..WORLD },
        messages: ("chat_messages", 6),
        added: &[("conversations", 3), ("participants", 8), ("people", 1)],
        said: "SELECT author_id || ': ' || body FROM chat_messages WHERE conversation_id = 'r1' AND deleted_at IS NULL \
               ORDER BY created_at",
    })
    .await;
    let deleted = "SELECT body FROM chat_messages WHERE deleted_at IS NOT NULL ORDER BY created_at";
    assert_eq!(mapped.select(deleted).await, ["gone", "said too soon"]);
}
