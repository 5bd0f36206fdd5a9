//! The grammar of a Prisma schema: everything that teams write is read, and means what Prisma means by it.

use chatoxide::prisma::{
    model::{Default, Kind, Schema, resolve},
    parser::parse,
};

fn schema(text: &str) -> Schema {
    resolve(parse(text).unwrap_or_else(|error| panic!("{error}"))).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn comments_attributes_functions_and_lists_are_read() {
    let schema = schema(
        r#"
/// documentation
generator client {
  provider = "prisma-client"
  previewFeatures = ["views"]
}
datasource db {
  provider = "postgres" // old
  url = env("DATABASE_URL")
  extensions = [pgcrypto(schema: "ext", version: "1.3")]
}
/* a comment
   of two lines */
type Address {
  street String
}
model User {
  id String @id(map: "user key") @default(dbgenerated("gen_random_uuid()")) @db.Uuid
  tags String[] @default([])
  level Level @default(LOW)
  home Address?
  search Unsupported("tsvector")?
  score Decimal @default(-1.5e3) @db.Decimal(10, 2)
  made DateTime @default(now()) @map(name: "made at")
  code String @default(nanoid(8)) @unique(sort: Desc)
  posts Post[]
  @@unique(fields: [code, level], name: "both")
  @@index([made(sort: Desc), code(ops: raw("x"))], type: BTree)
  @@map(name: "users")
  @@schema("app")
}
enum Level {
  LOW @map("low level")
  HIGH
  @@map("levels")
}
model Post {
  id Int @id @default(autoincrement())
  userId String? @db.Uuid
  user User? @relation("Posts", fields: [userId],
    references: [id], onDelete: SetNull)
  @@ignore
}
view Recent {
  id Int
}
"#,
    );
    assert_eq!(schema.provider.as_deref(), Some("postgresql"));
    assert_eq!(schema.models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>(), ["User", "Recent"]);
    let user = schema.model("User").unwrap();
    assert_eq!((user.table.as_str(), user.schema.as_deref()), ("users", Some("app")));
    let column = |field: &str| user.column(field).unwrap();
    assert!(column("id").is_native("Uuid") && user.id_column().unwrap().field == "id");
    assert!(column("tags").is_list && column("tags").has_database_default());
    assert_eq!(column("level").default, Default::Database(Some("LOW".to_owned())));
    assert_eq!(column("home").kind, Kind::Unsupported);
    assert_eq!(column("search").kind, Kind::Unsupported);
    assert_eq!(column("score").native.as_deref(), Some("Decimal(10, 2)"));
    assert_eq!(column("score").default, Default::Database(Some("-1.5e3".to_owned())));
    assert_eq!(column("made").name, "made at");
    assert_eq!((&column("code").default, column("code").has_database_default()), (&Default::Client, false));
    assert!(user.is_unique(&["code"]) && user.is_unique(&["level", "code"]) && user.is_unique(&["id"]));
    assert!(user.indexes.contains(&vec!["made".to_owned(), "code".to_owned()]));
    let level = schema.find_enum(&column("level").kind).unwrap();
    assert_eq!(
        (level.sql_name.as_str(), &level.labels[..]),
        ("levels", &["low level".to_owned(), "HIGH".to_owned()][..])
    );
}

#[test]
fn join_tables_are_named_and_ordered_as_prisma_makes_them() {
    let schema = schema(
        "model Zoo {\n  id String @id\n  visitors Person[]\n  staff Person[] @relation(\"Staff\")\n}
         model Person {\n  id String @id\n  zoos Zoo[]\n  works Zoo[] @relation(\"Staff\")
           friends Person[] @relation(\"Friends\")\n  befriended Person[] @relation(\"Friends\")\n}
         model Keeper {\n  id String @id\n  cages Cage[]\n}
         model Cage {\n  id String @id\n  keeperId String
           keeper Keeper @relation(fields: [keeperId], references: [id])\n}",
    );
    let joins: Vec<_> = schema
        .joins
        .iter()
        .map(|join| (join.table.as_str(), join.fields.0.as_str(), join.fields.1.as_str()))
        .collect();
    assert_eq!(
        joins,
        [
            ("_Friends", "Person.befriended", "Person.friends"),
            ("_PersonToZoo", "Person.zoos", "Zoo.visitors"),
            ("_Staff", "Person.works", "Zoo.staff"),
        ]
    );
}
