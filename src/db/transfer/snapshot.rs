//! One snapshot of a database, from which all rows are read in turn while a server goes on writing. It changes nothing.

use std::sync::Arc;

use diesel::{
    QueryableByName,
    connection::SimpleConnection,
    sql_types::{BigInt, Text},
    sqlite::SqliteConnection,
};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::TryStreamExt;

use super::{dialect::Dialect, stored::Exported};
use crate::{
    archive::{
        counts::Counts,
        record::{
            Entry, Kind, Log, Member, Mention, MentionMark, Message, Presence, Reaction, ReadMark, Record,
            Room, RoomDetail, Thread, ThreadFollower, ThreadReply, User, UserSetting,
        },
    },
    chat::{Error, Result},
    clock,
    config::{Config, DatabaseUrl},
    db::{
        Db,
        catalog::{Catalog, Tables, open_read_only},
        columns::{Columns, Samples},
        facts, migrations,
        moment::TimeFormat,
    },
};

/// The reader may take any time for a row, so no time limit of the database's own applies.
const BEGIN_PG: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; \
    SELECT set_config(name, '0', true) FROM pg_settings \
    WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')";

const REQUIRES_UPDATED_AT_LITE: &str =
    "SELECT count(*) AS count FROM pragma_table_info('Message') WHERE name = 'updatedAt' AND \"notnull\"";

/// Counts our table of logs, which this role may have no right to read.
const HAS_LOG_PG: &str = "SELECT count(*) AS count FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
    WHERE nspname = 'chatoxide' AND relname = 'room_log'";
const VERSIONS_PG: &str = "SELECT version::text AS name FROM chatoxide.__diesel_schema_migrations";

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

pub struct Snapshot {
    connection: Connection,
    dialect: Dialect,
    has_own: bool,
}

enum Connection {
    Pg(Box<AsyncPgConnection>),
    Lite(SqliteConnection),
}

/// Takes each row of a kind; an error ends the export.
pub type Take<'a> = &'a mut dyn FnMut(Record) -> Result<(), String>;

impl Snapshot {
    /// Opens the database's connection and begins the snapshot. Refuses a database whose tables the server would refuse.
    pub async fn open(db: &Db, config: &Config) -> Result<Self> {
        let mut found = Catalog::read(db, config).await?;
        if found.tables == Tables::Nothing {
            return Err(Error::Internal(format!(
                "{} has no tables: there is nothing to export",
                found.place
            )));
        }
        if let Some(why) = found.obstacle_to_reading() {
            return Err(Error::Internal(why));
        }
        let (connection, columns) = match (db, &config.database) {
            (Db::Pg { pool, .. }, _) => {
                facts::check(db, clock::now()).await?;
                // The connection leaves the pool for good: dropping it ends the snapshot.
                let mut connection = db.within_timeout(async { Ok(pool.get().await?.detach()) }).await?;
                connection.batch_execute(BEGIN_PG).await?;
                (Connection::Pg(Box::new(connection)), db.facts().columns())
            }
            (Db::Lite { .. }, DatabaseUrl::Sqlite(path)) => {
                let mut connection = open_read_only(path)?;
                connection.batch_execute("BEGIN")?;
                let columns = lite_columns(&mut connection)?;
                (Connection::Lite(connection), Arc::new(columns))
            }
            _ => return Err(Error::Internal("the pool is not of the configured database".to_owned())),
        };
        let mut snapshot = Self { connection, dialect: Dialect::new(db, false, columns), has_own: false };
        snapshot.find_own(db, &mut found).await?;
        Ok(snapshot)
    }

    /// Finds out whether the database has our own tables. Without them there are no logs and no read marks.
    async fn find_own(&mut self, db: &Db, found: &mut Catalog) -> Result<()> {
        self.has_own = match &mut self.connection {
            Connection::Lite(_) => !found.applied.is_empty(),
            Connection::Pg(c) => {
                let c = &mut **c;
                let row: Count =
                    diesel_async::RunQueryDsl::get_result(diesel::sql_query(HAS_LOG_PG), c).await?;
                if row.count > 0 {
                    let versions = diesel::sql_query(VERSIONS_PG);
                    let versions: Vec<Name> = diesel_async::RunQueryDsl::load(versions, c).await?;
                    found.applied = versions.into_iter().map(|row| row.name).collect();
                }
                row.count > 0
            }
        };
        if self.has_own && !migrations::pending(db, found).is_empty() {
            let why = "chatoxide's own tables are of an older version: run chatoxide migrate first";
            return Err(Error::Internal(why.to_owned()));
        }
        self.dialect = Dialect::new(db, self.has_own, Arc::clone(&self.dialect.columns));
        Ok(())
    }

    /// Counts the rows of each kind that are exported, and those that are left out because their references lead nowhere.
    pub async fn count(&mut self) -> Result<(Counts, Counts)> {
        let (mut counts, mut left_out) = (Counts::default(), Counts::default());
        for kind in Kind::ALL {
            let (count, all) = match kind {
                Kind::User => self.count_of::<User>().await?,
                Kind::Room => self.count_of::<Room>().await?,
                Kind::Member => self.count_of::<Member>().await?,
                Kind::Message => self.count_of::<Message>().await?,
                Kind::Reaction => self.count_of::<Reaction>().await?,
                _ if !self.has_own => (0, 0),
                Kind::Entry => self.count_of::<Entry>().await?,
                Kind::Log => self.count_of::<Log>().await?,
                Kind::ReadMark => self.count_of::<ReadMark>().await?,
                Kind::UserSetting => self.count_of::<UserSetting>().await?,
                Kind::RoomDetail => self.count_of::<RoomDetail>().await?,
                Kind::ThreadReply => self.count_of::<ThreadReply>().await?,
                Kind::Thread => self.count_of::<Thread>().await?,
                Kind::ThreadFollower => self.count_of::<ThreadFollower>().await?,
                Kind::Mention => self.count_of::<Mention>().await?,
                Kind::MentionMark => self.count_of::<MentionMark>().await?,
                Kind::Presence => self.count_of::<Presence>().await?,
            };
            counts.add(kind, count);
            left_out.add(kind, all.saturating_sub(count));
        }
        Ok((counts, left_out))
    }

    async fn count_of<T: Exported>(&mut self) -> Result<(u64, u64)> {
        let mut counts = [0, 0];
        for (place, joins) in counts.iter_mut().zip([T::JOINS, ""]) {
            let sql = format!("SELECT count(*) AS count FROM {} AS t {joins}", T::FROM);
            let query = diesel::sql_query(self.dialect.write(T::TABLE, &[], &sql));
            let row: Count = match &mut self.connection {
                Connection::Pg(c) => diesel_async::RunQueryDsl::get_result(query, &mut **c).await?,
                Connection::Lite(c) => diesel::RunQueryDsl::get_result(query, c)?,
            };
            *place = u64::try_from(row.count).unwrap_or(0);
        }
        let [count, all] = counts;
        Ok((count, all))
    }

    /// Reads all rows of a kind, one by one, in the order of the export.
    pub async fn read(&mut self, kind: Kind, take: Take<'_>) -> Result<()> {
        match kind {
            Kind::User => self.read_all::<User>(take).await,
            Kind::Room => self.read_all::<Room>(take).await,
            Kind::Member => self.read_all::<Member>(take).await,
            Kind::Message => self.read_all::<Message>(take).await,
            Kind::Reaction => self.read_all::<Reaction>(take).await,
            _ if !self.has_own => Ok(()),
            Kind::Entry => self.read_all::<Entry>(take).await,
            Kind::Log => self.read_all::<Log>(take).await,
            Kind::ReadMark => self.read_all::<ReadMark>(take).await,
            Kind::UserSetting => self.read_all::<UserSetting>(take).await,
            Kind::RoomDetail => self.read_all::<RoomDetail>(take).await,
            Kind::ThreadReply => self.read_all::<ThreadReply>(take).await,
            Kind::Thread => self.read_all::<Thread>(take).await,
            Kind::ThreadFollower => self.read_all::<ThreadFollower>(take).await,
            Kind::Mention => self.read_all::<Mention>(take).await,
            Kind::MentionMark => self.read_all::<MentionMark>(take).await,
            Kind::Presence => self.read_all::<Presence>(take).await,
        }
    }

    async fn read_all<T: Exported>(&mut self, take: Take<'_>) -> Result<()> {
        let dialect = &self.dialect;
        // SQLite reads a CROSS JOIN in this order, and so the table by its key, without sorting.
        let joins = match self.connection {
            Connection::Pg(_) => T::JOINS.to_owned(),
            Connection::Lite(_) => T::JOINS.replace("JOIN ", "CROSS JOIN "),
        };
        let sql = format!("SELECT {} FROM {} AS t {joins} ORDER BY {}", T::SELECT, T::FROM, T::ORDER);
        let query = diesel::sql_query(dialect.write(T::TABLE, &[], &sql));
        let mut take = |row| take(T::from_row(row, dialect).into_record()).map_err(Error::Unavailable);
        match &mut self.connection {
            Connection::Pg(c) => {
                // The driver reads no further than the rows are taken.
                let rows = diesel_async::RunQueryDsl::load_stream::<T::Row>(query, &mut **c).await?;
                let mut rows = std::pin::pin!(rows);
                while let Some(row) = rows.try_next().await? {
                    take(row)?;
                }
            }
            Connection::Lite(c) => {
                for row in diesel::RunQueryDsl::load_iter::<T::Row, _>(query, c)? {
                    take(row?)?;
                }
            }
        }
        Ok(())
    }
}

/// The columns of a SQLite file as far as reading depends on them: each value says its own format.
fn lite_columns(connection: &mut SqliteConnection) -> Result<Columns> {
    let row: Count =
        diesel::RunQueryDsl::get_result(diesel::sql_query(REQUIRES_UPDATED_AT_LITE), connection)?;
    let required = if row.count > 0 { vec!["Message".to_owned()] } else { Vec::new() };
    Ok(Columns::of_sqlite(&Samples::default(), required, TimeFormat::default()))
}
