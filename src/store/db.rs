//! Two databases behind one set of statements: placeholders are `$1`, whole numbers `BIGINT`.

use sqlx::postgres::{PgPool, PgRow};
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{AssertSqlSafe, Column, Postgres, Row as _, Sqlite, Transaction, TypeInfo, ValueRef};

use super::error::StoreError;

/// A value of a statement or a row. Never a secret in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    Nothing,
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Self::Nothing, Self::Int)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(plain(value))
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        value.as_str().into()
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

/// Postgres has no NUL in its texts: it is kept as U+FFFD in both.
pub(super) fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A row, column by column.
pub(super) struct Row(Vec<Value>);

impl Row {
    pub(super) fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.maybe_int(column)?.ok_or_else(|| self.odd(column))
    }

    pub(super) fn maybe_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.0.get(column) {
            Some(Value::Int(value)) => Ok(Some(*value)),
            Some(Value::Nothing) => Ok(None),
            _ => Err(self.odd(column)),
        }
    }

    pub(super) fn text(&self, column: usize) -> Result<String, StoreError> {
        self.maybe_text(column)?.ok_or_else(|| self.odd(column))
    }

    pub(super) fn maybe_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        match self.0.get(column) {
            Some(Value::Text(value)) => Ok(Some(value.clone())),
            Some(Value::Nothing) => Ok(None),
            _ => Err(self.odd(column)),
        }
    }

    pub(super) fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        match self.0.get(column) {
            Some(Value::Bytes(value)) => Ok(value.clone()),
            _ => Err(self.odd(column)),
        }
    }

    /// Reads a word back as the kind it stands for.
    pub(super) fn word<T>(&self, column: usize, read: fn(&str) -> Option<T>) -> Result<T, StoreError> {
        let word = self.text(column)?;
        read(&word).ok_or_else(|| StoreError::Corrupt(format!("nothing here is called `{}`", shown(&word))))
    }

    fn odd(&self, column: usize) -> StoreError {
        StoreError::Corrupt(format!("column {column} holds something of another kind"))
    }
}

fn shown(word: &str) -> String {
    crate::model::text::shown(word.as_bytes()).chars().take(60).collect()
}

/// The connections to one database.
pub(super) enum Db {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A transaction: gone without a trace unless [`Tx::commit`] is reached.
pub(super) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

macro_rules! query {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($sql));
        for value in $values {
            query = match value {
                Value::Int(value) => query.bind(*value),
                Value::Text(value) => query.bind(value.clone()),
                Value::Bytes(value) => query.bind(value.clone()),
                Value::Nothing => query.bind(None::<i64>),
            };
        }
        query
    }};
}

macro_rules! row {
    ($row:expr) => {{
        let row = $row;
        let mut values = Vec::with_capacity(row.columns().len());
        for column in 0..row.columns().len() {
            let raw = row.try_get_raw(column)?;
            let kind = raw.type_info();
            values.push(match kind.name() {
                _ if raw.is_null() => Value::Nothing,
                "INTEGER" | "INT8" => Value::Int(row.try_get_unchecked(column)?),
                "TEXT" => Value::Text(row.try_get_unchecked(column)?),
                "BLOB" | "BYTEA" => Value::Bytes(row.try_get_unchecked(column)?),
                other => {
                    let column = row.columns()[column].name();
                    return Err(StoreError::Corrupt(format!("the column `{column}` holds {other}")));
                }
            });
        }
        Ok(Row(values))
    }};
}

fn from_sqlite(row: &SqliteRow) -> Result<Row, StoreError> {
    row!(row)
}

fn from_postgres(row: &PgRow) -> Result<Row, StoreError> {
    row!(row)
}

impl Db {
    /// Begins a transaction that writes. SQLite lets one in at a time; in Postgres rows are locked
    /// with [`Tx::locked`].
    pub(super) async fn write(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite(pool) => Tx::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?)
            }
        })
    }

    /// Begins a transaction that sees one state of the store, whatever is written meanwhile.
    pub(super) async fn read(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite(pool) => Tx::Sqlite(pool.begin_with("BEGIN").await?),
            Self::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    pub(super) async fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(pool) => {
                query!(sql, values).fetch_all(pool).await?.iter().map(from_sqlite).collect()
            }
            Self::Postgres(pool) => {
                query!(sql, values).fetch_all(pool).await?.iter().map(from_postgres).collect()
            }
        }
    }

    pub(super) async fn row(&self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Moves what SQLite has written aside into its file, so that wiped bytes are gone from both. What
    /// another program still reads stays until it is done; the wipe itself is committed either way.
    pub(super) async fn settle(&self) {
        if let Self::Sqlite(pool) = self {
            let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_all(pool).await;
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Runs a statement and returns how many rows it touched.
    pub(super) async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => query!(sql, values).execute(&mut **tx).await?.rows_affected(),
            Self::Postgres(tx) => query!(sql, values).execute(&mut **tx).await?.rows_affected(),
        })
    }

    pub(super) async fn rows(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(tx) => {
                query!(sql, values).fetch_all(&mut **tx).await?.iter().map(from_sqlite).collect()
            }
            Self::Postgres(tx) => {
                query!(sql, values).fetch_all(&mut **tx).await?.iter().map(from_postgres).collect()
            }
        }
    }

    pub(super) async fn row(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Reads rows that nobody else may change until this transaction ends.
    pub(super) async fn locked(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        let sql = if self.is_postgres() { format!("{sql} FOR UPDATE") } else { sql.to_owned() };
        self.row(&sql, values).await
    }

    pub(super) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}
