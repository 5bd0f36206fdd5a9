//! A team's database: tables as Prisma makes them, rows, and the mapping that the program makes and psql applies.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use tokio::process::Command;

use crate::support::{
    Backend, TestDatabase, TestServer,
    database::{connect, execute},
    process::{self, ServerProcess},
    required, soon,
};

/// The folder of a schema of these tests.
pub fn folder(schema: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/prisma/schemas").join(schema)
}

/// Runs the program: exit code, standard output, standard error.
pub async fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatoxide"));
    command.args(arguments).current_dir(folder).env_clear().env("PORT", "0").kill_on_drop(true);
    let output = soon("the program ends", command.output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

pub struct Mapped {
    /// Its URL names the mapping's schema.
    database: Option<TestDatabase>,
    /// The URL without a schema.
    plain: String,
    /// The schema of the team's tables.
    tables_in: &'static str,
}

impl Mapped {
    /// Makes the team's tables and rows.
    pub async fn create(schema: &str) -> Self {
        let database = TestDatabase::create(Backend::Postgres).await;
        let plain = database.url.clone();
        for file in ["tables.sql", "rows.sql"] {
            execute(&plain, &std::fs::read_to_string(folder(schema).join(file)).unwrap()).await;
        }
        let tables_in = if schema == "theatre" { "back stage" } else { "public" };
        Self { database: Some(database), plain, tables_in }
    }

    fn database(&mut self) -> &mut TestDatabase {
        self.database.as_mut().unwrap()
    }

    /// Maps the schema, with the changes of a person who was asked. Returns the file.
    pub async fn write(&mut self, schema: &str, arguments: &[&str], answers: &[(&str, &str)]) -> PathBuf {
        let path = folder(schema).join("schema.prisma");
        self.write_from(&path, arguments, answers).await
    }

    /// Maps the schema in a file.
    async fn write_from(&mut self, path: &Path, arguments: &[&str], answers: &[(&str, &str)]) -> PathBuf {
        let place = self.database().folder.path().to_owned();
        let command = [&["map", "--schema", path.to_str().unwrap(), "--out", "map.sql"], arguments].concat();
        let (code, _, error) = run(&place, &command).await;
        assert_eq!(code, 0, "{error}");
        let file = place.join("map.sql");
        let mut text = std::fs::read_to_string(&file).unwrap();
        for (field, value) in answers {
            let (before, after) = text.split_once(&format!("-- asked: a value for {field}: ")).unwrap();
            let after = after.replacen("SELECT NULL", &format!("SELECT {value}"), 1);
            text = format!("{before}-- answered: {after}");
        }
        std::fs::write(&file, text).unwrap();
        file
    }

    /// Maps the schema, and applies the mapping as the program says.
    pub async fn map(&mut self, schema: &str, arguments: &[&str], answers: &[(&str, &str)]) {
        let file = self.write(schema, arguments, answers).await;
        assert!(!self.file().contains("-- asked"), "{}", self.file());
        self.psql(&file).await;
    }

    /// Maps the schema with changes of its text, and applies the mapping.
    pub async fn map_changed(&mut self, schema: &str, changes: &[(&str, &str)], arguments: &[&str]) {
        let mut text = std::fs::read_to_string(folder(schema).join("schema.prisma")).unwrap();
        for (before, after) in changes {
            assert!(text.contains(before), "{before}");
            text = text.replacen(before, after, 1);
        }
        let path = self.database().folder.path().join("schema.prisma");
        std::fs::write(&path, text).unwrap();
        let file = self.write_from(&path, arguments, &[]).await;
        self.psql(&file).await;
    }

    /// The mapping's file, as it was applied.
    pub fn file(&mut self) -> String {
        std::fs::read_to_string(self.database().folder.path().join("map.sql")).unwrap()
    }

    /// Runs a file as a person would, which succeeds.
    pub async fn psql(&self, file: &Path) {
        self.try_psql(file).await.unwrap();
    }

    /// Runs a file as a person would; the error is what psql says.
    pub async fn try_psql(&self, file: &Path) -> Result<(), String> {
        let mut command = Command::new(format!("{}/psql", required("TEST_PG_BIN")));
        command.args(["--quiet", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-f"]).arg(file).arg(&self.plain);
        let output = soon("psql ends", command.output()).await.unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        if output.status.success() { Ok(()) } else { Err(error) }
    }

    /// The URL by which the mapping is served.
    pub fn mapped_url(&self) -> String {
        format!("{}?schema=chatoxide_map", self.plain)
    }

    /// Starts a server on the mapping.
    pub async fn serve(&mut self) -> TestServer {
        self.serve_with(&["--search", "on"]).await
    }

    /// Starts a server on the mapping, with more arguments.
    pub async fn serve_with(&mut self, arguments: &[&str]) -> TestServer {
        let mut database = self.database.take().unwrap();
        database.url = self.mapped_url();
        let mut server = TestServer::start_with(database, arguments).await;
        server.database.url = self.plain.clone();
        server
    }

    /// Starts a server as a process of its own.
    pub async fn start_process(&mut self) -> ServerProcess {
        let url = self.mapped_url();
        let settings = process::settings(self.database(), &[("DATABASE_URL", &url)]).await;
        ServerProcess::start(self.database(), &settings).await
    }

    pub async fn stop(&mut self, server: TestServer) {
        self.database = Some(server.stop().await);
    }

    pub async fn execute(&self, sql: &str) {
        execute(&self.plain, sql).await;
    }

    /// The first column of what a statement selects, as text.
    pub async fn select(&self, sql: &str) -> Vec<String> {
        let rows = connect(&self.plain)
            .await
            .simple_query(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let first = |message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("").to_owned()),
            _ => None,
        };
        rows.into_iter().filter_map(first).collect()
    }

    /// Every row of the team's tables.
    pub async fn rows(&self) -> BTreeMap<String, Vec<String>> {
        let tables = format!("SELECT tablename FROM pg_tables WHERE schemaname = '{}'", self.tables_in);
        let mut rows = BTreeMap::new();
        for table in self.select(&tables).await {
            let all = format!("SELECT t::text FROM \"{}\".\"{table}\" AS t ORDER BY 1", self.tables_in);
            let found = self.select(&all).await;
            rows.insert(table, found);
        }
        rows
    }

    /// The definitions of the team's tables, as pg_dump writes them.
    pub fn dump(&self) -> String {
        let output = std::process::Command::new(format!("{}/pg_dump", required("TEST_PG_BIN")))
            .args(["--schema-only", "--no-owner", "-n", &format!("\"{}\"", self.tables_in), &self.plain])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // Newer releases write a random word at both ends.
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .filter(|line| !line.starts_with(r"\restrict") && !line.starts_with(r"\unrestrict"))
            .collect()
    }
}

/// The rows that are in `of` and not in `other`, by table; tables without any are left out.
pub fn difference(
    of: &BTreeMap<String, Vec<String>>,
    other: &BTreeMap<String, Vec<String>>,
) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for (table, rows) in of {
        let there = other.get(table).cloned().unwrap_or_default();
        let missing: Vec<String> = rows.iter().filter(|row| !there.contains(row)).cloned().collect();
        if !missing.is_empty() {
            found.insert(table.clone(), missing);
        }
    }
    found
}
