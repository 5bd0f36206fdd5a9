//! A connection to PostgreSQL in a transaction of the log. Each statement takes one JSON document with any number of
//! rows, and returns one. It is one round trip, or is pipelined with others that are awaited together.

use diesel::{
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError},
    sql_types::{Nullable, Text},
};
use diesel_async::AsyncPgConnection;
use serde::{Serialize, de::DeserializeOwned};
use tokio_postgres::{
    error::{DbError, SqlState},
    types::Type,
};

use crate::{
    chat::{Error, Result},
    db::{
        Db,
        direct::DirectClient,
        error::{broken_connection, is_refusal, refused_by_rule},
    },
};

pub(super) enum Session<'a> {
    /// The writer's own connection.
    Direct { client: &'a DirectClient, db: &'a Db },
    /// A connection of the pool, if the writer has no connection of its own.
    Pooled { connection: &'a AsyncPgConnection, db: &'a Db },
}

impl<'s> Session<'s> {
    pub(super) fn db(&self) -> &Db {
        let (Self::Direct { db, .. } | Self::Pooled { db, .. }) = self;
        db
    }

    /// Runs a statement and returns its document; the default value if that is NULL. The statement's own document is made
    /// at the call, before the future runs: statements that are awaited together are then sent without a pause.
    pub(super) fn query<'a, T: DeserializeOwned + Default, D: Serialize + ?Sized>(
        &'a self,
        sql: &'static str,
        document: &D,
    ) -> impl Future<Output = Result<T>> + use<'a, 's, T, D> {
        let sql = self.db().facts().columns().adapt("Message", sql);
        let document = serde_json::to_string(document).map_err(fault);
        async move { self.query_text(&sql, document?).await }
    }

    async fn query_text<T: DeserializeOwned + Default>(&self, sql: &str, document: String) -> Result<T> {
        let answer: Option<String> = match self {
            Self::Direct { client, db } => {
                db.statements().inc();
                let rows = client.query_typed(sql, &[(&document, Type::TEXT)]).await;
                let rows = rows.map_err(|error| to_error(db, error))?;
                rows.first()
                    .map_or(Ok(None), |row| row.try_get(0))
                    .map_err(|error| broken_connection(db, &error))?
            }
            Self::Pooled { connection, db } => {
                let statement = JsonStatement { sql, document: &document };
                let result = diesel_async::RunQueryDsl::get_result(statement, &mut &**connection).await;
                // The error is explained from the last facts seen: the transaction is over, and to look for triggers
                // again would need another connection.
                result.map_err(|error| db.explained_as_seen(error))?
            }
        };
        answer.map_or_else(|| Ok(T::default()), |answer| serde_json::from_str(&answer).map_err(fault))
    }
}

fn fault(error: serde_json::Error) -> Error {
    Error::Internal(format!("a statement's document: {error}"))
}

/// A statement with a constant text, so that diesel keeps it as a prepared statement of the connection.
struct JsonStatement<'a> {
    sql: &'a str,
    document: &'a str,
}

impl QueryId for JsonStatement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for JsonStatement<'_> {
    type SqlType = Nullable<Text>;
}

impl QueryFragment<Pg> for JsonStatement<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> diesel::QueryResult<()> {
        pass.push_sql(self.sql);
        pass.push_bind_param_value_only::<Text, _>(self.document)
    }
}

/// Converts a refused statement's error as if diesel had returned it; any other error means that the connection is at
/// fault.
pub(super) fn to_error(db: &Db, error: tokio_postgres::Error) -> Error {
    let Some(refusal) = error.as_db_error().filter(|_| is_refusal(&error)) else {
        return broken_connection(db, &error);
    };
    // PL/pgSQL's class: RAISE without a code, and other errors that only functions raise.
    if refusal.code().code().starts_with("P0") {
        return refused_by_rule(refusal.message().to_owned());
    }
    // The views over a team's own tables, as an earlier `chatoxide map` wrote them, refuse what is newer.
    if *refusal.code() == SqlState::FEATURE_NOT_SUPPORTED && refusal.message().starts_with("chatoxide never")
    {
        return refused_by_rule(format!("{}: run chatoxide map again", refusal.message()));
    }
    let kind = match *refusal.code() {
        SqlState::UNIQUE_VIOLATION => DatabaseErrorKind::UniqueViolation,
        SqlState::FOREIGN_KEY_VIOLATION => DatabaseErrorKind::ForeignKeyViolation,
        SqlState::RESTRICT_VIOLATION => DatabaseErrorKind::RestrictViolation,
        SqlState::EXCLUSION_VIOLATION => DatabaseErrorKind::ExclusionViolation,
        SqlState::T_R_SERIALIZATION_FAILURE => DatabaseErrorKind::SerializationFailure,
        SqlState::READ_ONLY_SQL_TRANSACTION => DatabaseErrorKind::ReadOnlyTransaction,
        SqlState::NOT_NULL_VIOLATION => DatabaseErrorKind::NotNullViolation,
        SqlState::CHECK_VIOLATION => DatabaseErrorKind::CheckViolation,
        _ => DatabaseErrorKind::Unknown,
    };
    let error = DieselError::DatabaseError(kind, Box::new(Refusal(refusal.clone())));
    // A trigger may raise an error with a code of its own.
    if db.facts().speaks_other_language() && db.facts().has_triggers() && is_of_nobody(refusal.code()) {
        return refused_by_rule(error.to_string());
    }
    match db.explained_as_seen(error) {
        // The error's text is not in English, so its code decides.
        Error::Internal(cause) if is_transient(refusal.code()) => Error::Unavailable(cause),
        Error::Internal(_) if is_of_value(refusal.code()) => {
            Error::BadInput("the database does not take this value".to_owned())
        }
        error => error,
    }
}

/// True if the same statement may succeed later.
fn is_transient(code: &SqlState) -> bool {
    let codes =
        [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE, SqlState::LOCK_NOT_AVAILABLE];
    // These classes are insufficient resources and operator intervention, such as a timeout.
    codes.contains(code) || ["53", "57"].iter().any(|class| code.code().starts_with(class))
}

/// True if a value is at fault, such as a text that is too long or that the encoding does not have.
fn is_of_value(code: &SqlState) -> bool {
    ["22", "54"].iter().any(|class| code.code().starts_with(class))
}

/// True if PostgreSQL itself has no such class of errors.
fn is_of_nobody(code: &SqlState) -> bool {
    let class = code.code().get(..1).unwrap_or_default();
    // The classes of the SQL standard and of PostgreSQL begin with these.
    !["0", "2", "3", "4", "5", "F", "H", "P", "X"].contains(&class) || code.code().starts_with("45")
}

struct Refusal(DbError);

impl DatabaseErrorInformation for Refusal {
    fn message(&self) -> &str {
        self.0.message()
    }

    fn details(&self) -> Option<&str> {
        self.0.detail()
    }

    fn hint(&self) -> Option<&str> {
        self.0.hint()
    }

    fn table_name(&self) -> Option<&str> {
        self.0.table()
    }

    fn column_name(&self) -> Option<&str> {
        self.0.column()
    }

    fn constraint_name(&self) -> Option<&str> {
        self.0.constraint()
    }

    fn statement_position(&self) -> Option<i32> {
        None
    }
}
