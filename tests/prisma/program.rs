//! `chatoxide map` as a person runs it: its file, its questions, and what it refuses.

use std::path::Path;

use super::mapped::{folder, run};

const HEAD: &str = "datasource db {\n  provider = \"postgresql\"\n}\n";
const USER: &str = "model User {\n  id String @id\n  name String\n  messages Message[]\n}\n";
const ROOM: &str = "model Room {\n  id String @id\n  name String\n  messages Message[]\n}\n";
const MESSAGE: &str = "model Message {
  id String @id
  text String
  createdAt DateTime @default(now())
  userId String
  user User @relation(fields: [userId], references: [id])
  roomId String
  room Room @relation(fields: [roomId], references: [id])
}
";

/// Maps a schema of this text: exit code, standard output, standard error.
async fn map(text: &str, arguments: &[&str]) -> (i32, String, String) {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("schema.prisma"), text).unwrap();
    run(place.path(), &[&["map", "--schema", "schema.prisma"], arguments].concat()).await
}

async fn refusal(text: &str, arguments: &[&str]) -> String {
    let (code, printed, error) = map(text, arguments).await;
    assert_eq!((code, printed.as_str()), (1, ""), "{error}");
    error
}

#[tokio::test]
async fn ids_that_are_numbers_are_refused_by_map_and_by_check_and_nothing_is_written() {
    let place = tempfile::tempdir().unwrap();
    let text = [HEAD, USER, ROOM, &MESSAGE.replace("id String @id", "id Int @id @default(autoincrement())")]
        .concat();
    std::fs::write(place.path().join("schema.prisma"), text).unwrap();
    for command in [&["map", "--out", "map.sql"][..], &["check"]] {
        let (code, printed, error) =
            run(place.path(), &[command, &["--schema", "schema.prisma"]].concat()).await;
        assert_eq!(code, 1, "{error}");
        let said = format!("{printed}{error}");
        assert!(said.contains("the id of `Message` is an Int"), "{said}");
        assert!(said.contains("Int ids are not supported yet"), "{said}");
    }
    assert!(!place.path().join("map.sql").exists());
}

#[tokio::test]
async fn schemas_that_no_mapping_serves_are_refused_with_a_reason() {
    let other = [&HEAD.replace("postgresql", "mysql"), USER, ROOM, MESSAGE].concat();
    let sqlite = [&HEAD.replace("postgresql", "sqlite"), USER, ROOM, MESSAGE].concat();
    let numbered = USER.replace("id String @id", "id BigInt @id");
    let keyed = ROOM
        .replace("id String @id", "id String")
        .replace("name String\n", "name String\n  @@id([id, name])\n");
    let direct = "model Message {
  id String @id
  text String
  createdAt DateTime @default(now())
  fromId String
  from User @relation(fields: [fromId], references: [id])
}
";
    // A mapping without members would show the talk of two to everybody.
    let pair = "  firstId String
  first User @relation(\"A\", fields: [firstId], references: [id])
  secondId String
  second User @relation(\"B\", fields: [secondId], references: [id])
";
    let pairs = (
        USER.replace(
            "name String\n",
            "name String\n  as Room[] @relation(\"A\")\n  bs Room[] @relation(\"B\")\n",
        ),
        ROOM.replace("name String\n", &format!("name String\n{pair}")),
    );
    let in_house = "  houseId String\n  house House @relation(fields: [houseId], references: [id])\n";
    let house = "model House {\n  id String @id\n  rooms Room[]\n  users User[]\n}\n";
    let housed = (
        USER.replace("name String\n", "name String\n  houses House[]\n"),
        [&ROOM.replace("name String\n", &format!("name String\n{in_house}")), house].concat(),
    );
    // The author is a member of something, and no user.
    let seat = "model Member {\n  id String @id\n  userId String
  user User @relation(fields: [userId], references: [id])\n  messages Message[]\n}\n";
    let seated = (
        [&USER.replace("messages Message[]", "members Member[]"), seat].concat(),
        MESSAGE.replace("userId", "memberId").replace("user User", "member Member"),
    );
    let silent = MESSAGE.replace("text String", "duration Int");
    for (text, reason) in [
        (other, "the schema is for mysql"),
        (sqlite, "the schema is for sqlite, and a mapping needs PostgreSQL"),
        ([HEAD, &numbered, ROOM, MESSAGE].concat(), "the id of `User` is a BigInt"),
        ([HEAD, USER, &keyed, MESSAGE].concat(), "the key of `Room` has several fields"),
        ([HEAD, USER, direct].concat(), "no model is the room of `Message`"),
        ([HEAD, USER, ROOM, &silent].concat(), "`Message` has no column with a message's text"),
        ([HEAD, &pairs.0, &pairs.1, MESSAGE].concat(), "`Room` has its members in columns (first, second)"),
        ([HEAD, &housed.0, &housed.1, MESSAGE].concat(), "the members of `Room` are those of `House`"),
        ([HEAD, &seated.0, ROOM, &seated.1].concat(), "`Message` has no column with a message's sender"),
        (HEAD.to_owned(), "the schema has no model of users"),
    ] {
        let error = refusal(&text, &[]).await;
        assert!(error.contains(reason) && error.lines().count() == 1, "{reason}: {error}");
    }
}

#[tokio::test]
async fn a_schema_of_mongodb_is_refused_by_map_and_by_check() {
    let id = "id String @id @default(auto()) @map(\"_id\") @db.ObjectId";
    let text = [&HEAD.replace("postgresql", "mongodb"), USER, ROOM, MESSAGE].concat();
    let text = text.replace("id String @id", id).replace("Id String", "Id String @db.ObjectId");
    let text =
        text.replace("  text String", "  text String\n  tags Tag[]") + "type Tag {\n  name String\n}\n";
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("schema.prisma"), text).unwrap();
    for command in ["map", "check"] {
        let (code, printed, error) = run(place.path(), &[command, "--schema", "schema.prisma"]).await;
        let said = format!("{printed}{error}");
        assert!(
            code == 1 && said.contains("the schema is for mongodb, and a mapping needs PostgreSQL"),
            "{said}"
        );
        assert!(said.contains("move the tables to PostgreSQL first"), "{said}");
    }
}

#[tokio::test]
async fn a_schema_that_cannot_be_read_is_refused_with_its_line_and_column() {
    for (text, place) in [
        ("model User {\n  id String @id\n", "line 3, column 1"),
        ("model User {\n  id String @id @default(\n}", "line 3, column 1: a value is expected"),
        ("model User {\n  id Sting @id\n}", "line 2, column 3: `Sting` is the type of `User.id`"),
        ("model User {\n  name String @map(\"na\n}", "line 2, column 20: a text that begins here"),
        ("model User {}\nmodel User {}", "line 2, column 1: `User` is defined twice"),
        ("modell User {}", "line 1, column 1: `model`"),
        ("/* model", "line 1, column 1: a comment that begins here has no end"),
        ("model User {\n  id § String\n}", "line 2, column 6: `§` is not expected here"),
    ] {
        let (code, printed, error) = map(text, &[]).await;
        assert_eq!((code, printed.as_str()), (2, ""), "{text}: {error}");
        assert!(error.contains(place) && error.lines().count() == 1, "{text}: {error}");
    }
    let deep =
        format!("model User {{\n  id String @default({}1{})\n}}", "[".repeat(99_999), "]".repeat(99_999));
    assert!(map(&deep, &[]).await.2.contains("nested too deep"));
}

#[tokio::test]
async fn a_hostile_schema_costs_no_more_than_a_large_one() {
    // Each of these would take a minute if its parts were copied, or compared, for each other.
    let dots = format!("model User {{\n  id String @id @x{}\n}}", ".a".repeat(2_000_000));
    let (code, _, error) = map(&dots, &[]).await;
    assert_eq!(code, 1, "{error}");
    let models: String = (0..2_001).map(|n| format!("model M{n} {{\n  id String @id\n}}\n")).collect();
    let fields: String = (0..50_001).map(|n| format!("  f{n} User[]\n")).collect();
    for text in [models, format!("model User {{\n{fields}}}")] {
        let error = map(&text, &[]).await.2;
        assert!(error.contains("more than 2000 models and enums, or 50000 fields, is not read"), "{error}");
    }
}

#[tokio::test]
async fn a_native_type_that_postgresql_cannot_have_is_not_written_into_the_file() {
    let message = MESSAGE.replace("text String", "text String\n  more String @db.Foo--bar");
    let (code, printed, error) = map(&[HEAD, USER, ROOM, &message].concat(), &[]).await;
    assert_eq!(code, 0, "{error}");
    assert!(!printed.contains("--bar"), "{printed}");
}

#[tokio::test]
async fn a_schema_of_several_files_is_read_and_one_that_is_too_large_is_not() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("prisma");
    std::fs::create_dir_all(folder.join("models")).unwrap();
    for (file, text) in
        [("schema", HEAD), ("models/user", USER), ("models/room", ROOM), ("models/message", MESSAGE)]
    {
        std::fs::write(folder.join(file).with_extension("prisma"), text).unwrap();
    }
    let (code, printed, error) = run(place.path(), &["map", "--schema", "prisma"]).await;
    assert_eq!(code, 0, "{error}");
    assert!(printed.contains(r#"CREATE VIEW "chatoxide_map"."Message""#), "{printed}");

    let large = std::fs::File::create(folder.join("large.prisma")).unwrap();
    large.set_len(9 << 20).unwrap();
    let (code, _, error) = run(place.path(), &["map", "--schema", "prisma"]).await;
    assert_eq!(code, 2);
    assert!(error.contains("large.prisma: a schema of more than 8 MiB is not read"), "{error}");
    let (code, _, error) = run(tempfile::tempdir().unwrap().path(), &["map"]).await;
    assert_eq!(code, 2);
    assert!(error.contains("prisma/schema.prisma cannot be read"), "{error}");
}

#[tokio::test]
async fn a_guess_is_shown_with_its_rivals_and_changed_by_use() {
    let rivals = MESSAGE.replace(
        "  userId String\n",
        "  fromId String\n  from User @relation(\"F\", fields: [fromId], references: [id])\n  userId String\n",
    );
    let rivals = rivals.replace("user User @relation(", "user User @relation(\"U\", ");
    let user = USER.replace(
        "  messages Message[]\n",
        "  sent Message[] @relation(\"F\")\n  seen Message[] @relation(\"U\")\n",
    );
    let text = [HEAD, &user, ROOM, &rivals].concat();
    let (code, printed, error) = map(&text, &[]).await;
    assert_eq!(code, 0, "{error}");
    assert!(printed.contains("-- message.sender: fromId (it refers to User)"), "{printed}");
    assert!(printed.contains("-- sender column: fromId?"), "{printed}");
    assert!(printed.contains("--use message.sender=userId"), "{printed}");
    assert!(printed.contains(r#"t."fromId" AS "senderId""#), "{printed}");

    let (code, printed, error) = map(&text, &["--use", "message.sender=userId"]).await;
    assert_eq!(code, 0, "{error}");
    assert!(
        printed.contains(r#"t."userId" AS "senderId""#) && !printed.contains("sender column"),
        "{printed}"
    );

    for (arguments, reason) in [
        (["--use", "message.sender=nobody"], "model `Message` has no such column"),
        (["--use", "sender=userId"], "there is no `sender` to choose"),
        (["--use", "room=Nowhere"], "the schema has no model of that name"),
        (["--fill", "Message.nothing=1"], "the schema has no such field"),
        (["--into", "public"], "a mapping needs a schema of its own"),
        (["--into", "chatoxide"], "a mapping needs a schema of its own"),
    ] {
        let error = refusal(&text, &arguments).await;
        assert!(error.contains(reason), "{arguments:?}: {error}");
    }
}

#[tokio::test]
async fn a_required_column_is_asked_for_or_filled_by_an_option() {
    let schema = folder("depot").join("schema.prisma");
    let place = Path::new("/");
    let schema = schema.to_str().unwrap();
    let (code, printed, error) = run(place, &["map", "--schema", schema]).await;
    assert_eq!(code, 0, "{error}");
    assert_eq!(printed.matches("-- asked: a value for ").count(), 5, "{printed}");
    let fills = [
        "User.tenantId='t1'",
        "Channel.tenantId='t1'",
        "Channel.ownerId='alice'",
        "Message.priority='LOW'",
        "Message.locale='en'",
    ];
    let arguments: Vec<&str> = fills.iter().flat_map(|fill| ["--fill", fill]).collect();
    let (code, printed, error) = run(place, &[&["map", "--schema", schema], &arguments[..]].concat()).await;
    assert_eq!(code, 0, "{error}");
    assert!(!printed.contains("-- asked"), "{printed}");
    assert!(printed.contains("('alice')"), "{printed}");

    // A unique text is filled with the id, but not one that refers to something.
    let user = USER.replace(
        "name String\n",
        "name String\n  slug String @unique\n  cardId String @unique
  card Card @relation(fields: [cardId], references: [id])\n",
    );
    let card = "model Card {\n  id String @id\n  user User?\n}\n";
    let (code, printed, error) = map(&[HEAD, &user, card, ROOM, MESSAGE].concat(), &[]).await;
    assert_eq!((code, printed.matches("-- asked: a value for ").count()), (0, 1), "{printed}{error}");
    assert!(printed.contains("-- asked: a value for User.cardId: "), "{printed}");
}

#[tokio::test]
async fn the_help_names_every_role() {
    let (code, printed, error) = run(Path::new("/"), &["map", "--help"]).await;
    assert_eq!((code, error.as_str()), (0, ""));
    for key in chatoxide::prisma::roles::KEYS {
        assert!(printed.contains(key), "{key}: {printed}");
    }
    assert!(!printed.contains("--jwt-secret"), "{printed}");
}

#[tokio::test]
async fn check_and_plan_take_the_roles_that_map_takes() {
    let place = tempfile::tempdir().unwrap();
    let posts = |text: &str| text.replace("Message", "Post").replace("messages", "posts");
    std::fs::write(place.path().join("schema.prisma"), posts(&[HEAD, USER, ROOM, MESSAGE].concat())).unwrap();
    let secret =
        ["plan", "--jwt-secret", "a secret of more than thirty-two bytes", "--database-url", "sqlite://x.db"];
    for command in [&["check"][..], &secret] {
        let line = [command, &["--schema", "schema.prisma"]].concat();
        let (_, printed, _) = run(place.path(), &line).await;
        assert!(printed.contains("--use message=<Model>"), "{printed}");
        let (_, printed, error) = run(place.path(), &[&line[..], &["--use", "message=Post"]].concat()).await;
        assert!(
            !printed.contains("--use message=<Model>") && !error.contains("unexpected"),
            "{printed}{error}"
        );
    }
    let (code, _, error) = run(place.path(), &["check", "--use", "message=Post"]).await;
    assert!(code == 2 && error.contains("--schema"), "{error}");
}
