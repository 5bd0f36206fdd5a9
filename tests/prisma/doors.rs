//! REST on a team's own tables: every action by both doors, and a new name where the team looks for it.

use serde_json::json;

use super::mapped::Mapped;
use crate::support::doors;

/// Serves a mapped schema and walks by both doors; returns the names of the rooms that bob is in, also after a restart.
async fn walk(schema: &str) -> (Mapped, Vec<String>) {
    let mut mapped = Mapped::create(schema).await;
    mapped.map(schema, &[], &[]).await;
    let server = mapped.serve().await;
    doors::walk(&server).await;
    mapped.stop(server).await;
    let server = mapped.serve().await;
    let listed = server.connect("bob").await.ask("rooms:list", json!({})).await["rooms"].take();
    mapped.stop(server).await;
    let names = listed.as_array().unwrap().iter().map(|room| room["name"].as_str().unwrap().to_owned());
    (mapped, names.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn rest_does_all_on_a_schema_whose_rooms_may_lack_a_name_and_have_a_time_of_change() {
    let (mapped, names) = walk("clinic").await;
    assert_eq!(names.iter().filter(|name| *name == "Ideas").count(), 2, "{names:?}");
    let renamed = "SELECT count(*) FROM conversations WHERE title = 'Ideas' AND updated_at > created_at";
    assert_eq!(mapped.select(renamed).await, ["2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rest_does_all_on_a_schema_with_enums_and_required_roles() {
    let (mapped, names) = walk("library").await;
    assert_eq!(names.iter().filter(|name| *name == "Ideas").count(), 2, "{names:?}");
    assert_eq!(mapped.select(r#"SELECT count(*) FROM "Group" WHERE "title" = 'Ideas'"#).await, ["2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rest_does_all_on_schemas_of_other_shapes() {
    for schema in ["studio", "pottery"] {
        let (_, names) = walk(schema).await;
        assert_eq!(names.iter().filter(|name| *name == "Ideas").count(), 2, "{schema}: {names:?}");
    }
}
