//! Where a store is, and how it is opened: one file of the operator's, or a Postgres server.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use crate::model::Secret;

use super::db::Db;
use super::error::StoreError;

/// How long another program is waited for that holds the file.
const BUSY: Duration = Duration::from_secs(30);
/// How long a server is waited for.
const CONNECT: Duration = Duration::from_secs(10);

/// Opens the database that `url` names.
pub(super) async fn connect(url: &str, password: Option<&Secret>) -> Result<Db, StoreError> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        return sqlite(Path::new(path.strip_prefix("//").unwrap_or(path))).await;
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return postgres(url, password).await;
    }
    Err(StoreError::Other("its address begins with neither `sqlite:` nor `postgres://`".into()))
}

/// A file's connection is a single one: whoever writes waits for nobody of the same program.
async fn sqlite(path: &Path) -> Result<Db, StoreError> {
    let path = made(path).map_err(|e| StoreError::Unreachable(e.to_string()))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .foreign_keys(true)
        .pragma("secure_delete", "ON")
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(BUSY + BUSY)
        .before_acquire(|file, _| {
            // SQLite gives a transaction up by itself when the disk is full; sqlx does not notice, and
            // would begin no other on this connection.
            let is_sound = !file.is_in_transaction();
            Box::pin(async move { Ok(is_sound) })
        })
        .connect_with(options);
    Ok(Db::Sqlite(pool.await?))
}

/// Makes the file, if there is none, for its owner alone; SQLite gives its companions the same mode.
fn made(path: &Path) -> std::io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    if let Some(folder) = path.parent() {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(&path) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(e),
        _ => Ok(path),
    }
}

async fn postgres(url: &str, password: Option<&Secret>) -> Result<Db, StoreError> {
    if has_password(url) {
        // R27
        let why = "its address holds a password; name the password by a reference instead";
        return Err(StoreError::Other(why.into()));
    }
    let unreadable = |_| StoreError::Other("its address can't be read".into());
    let mut options = PgConnectOptions::from_str(url).map_err(unreadable)?.application_name("keywright");
    if let Some(password) = password {
        let password = std::str::from_utf8(password.expose());
        let password = password.map_err(|_| StoreError::Other("the server's password is no text".into()))?;
        options = options.password(password);
    }
    // Across a network whoever answers must prove who it is, unless the operator says otherwise.
    let is_near = options.get_socket().is_some() || is_loopback(options.get_host());
    if !is_near && !url.contains("sslmode=") && !url.contains("ssl-mode=") {
        options = options.ssl_mode(PgSslMode::VerifyFull);
    }
    let pool = PgPoolOptions::new().max_connections(4).acquire_timeout(CONNECT).after_connect(|server, _| {
        Box::pin(async move {
            // A server may be set to say "committed" before it is on disk (I1).
            let ask = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
            sqlx::query(ask).execute(server).await.map(drop)
        })
    });
    Ok(Db::Postgres(pool.connect_with(options.disable_statement_logging()).await?))
}

/// Tells whether an address holds a password, before the host or among the settings.
fn has_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (place, settings) = rest.split_once('?').unwrap_or((rest, ""));
    let who = place.rsplit_once('@').map_or("", |(who, _)| who);
    who.contains(':') || settings.split('&').any(|pair| pair.starts_with("password"))
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || host.starts_with('/') || address.is_ok_and(|a| a.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_seen() {
        // R27
        assert!(has_password("postgres://me:%70w@db.example/keys"));
        assert!(has_password("postgres://db.example/keys?sslmode=require&password=x"));
        assert!(!has_password("postgres://me@db.example:5432/keys?sslmode=verify-full"));
    }

    #[test]
    fn loopback_is_known() {
        assert!(is_loopback("127.0.0.1") && is_loopback("[::1]") && is_loopback("localhost"));
        assert!(!is_loopback("10.0.0.1") && !is_loopback("localhost.example"));
    }
}
