//! Creates the file and opens connections to it. The operator reads these errors, so each names the file and what to
//! do.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::lock::Lock;
use super::migrate::{Obstacle, STEPS, is_ours, migrate};
use super::{SqliteOptions, meta};
use crate::error::{Error, Kind, Result, Unavailability};

/// The writer's page cache, in KiB.
const WRITER_CACHE_KIB: i64 = 32 * 1024;
/// The page cache of each reader, in KiB.
const READER_CACHE_KIB: i64 = 8 * 1024;
/// Statements kept prepared on each connection; there are about eighty in all.
const STATEMENTS: usize = 128;
/// How long another program that reads the file, such as a backup, can delay the server.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// The suffix of a restored database that waits to replace the old one.
pub(super) const RESTORED: &str = ".restored";

/// Creates the file and its directory if they do not exist, and takes the lock that keeps a second process out. Returns
/// the canonical name to open it by, whatever links lead there, and the lock.
pub(super) fn prepare(path: &Path) -> Result<(PathBuf, Lock)> {
    make_folder(folder_of(path)).map_err(|error| cannot(path, "create the directory of", &error))?;
    let is_new = !path.exists();
    if is_new {
        private().truncate(false).open(path).map_err(|error| cannot(path, "make", &error))?;
    }
    let only = path.canonicalize().map_err(|error| cannot(path, "find", &error))?;
    if is_new {
        only.parent().map_or(Ok(()), sync_folder).map_err(|error| cannot(path, "make", &error))?;
    }
    must_be_whole(path, &only)?;
    must_have_one_name(path, &only)?;
    let lock = Lock::take(path, &only)?;
    Ok((only, lock))
}

/// Fails while a restored database waits to replace this one, which may have lost its WAL already.
fn must_be_whole(path: &Path, only: &Path) -> Result<()> {
    if beside(only, RESTORED).exists() {
        return Err(refused(format!(
            "a restore into {} was interrupted; run the same `exeunt restore` again",
            path.display()
        )));
    }
    Ok(())
}

/// Fails if the file has a hard link: under its second name it would get a second WAL.
pub(super) fn must_have_one_name(path: &Path, only: &Path) -> Result<()> {
    let about = fs::metadata(only).map_err(|error| cannot(path, "read", &error))?;
    if about.is_file() && about.nlink() > 1 {
        return Err(refused(format!(
            "the database {} has a second name (a hard link); remove that name, or use a copy",
            path.display()
        )));
    }
    Ok(())
}

/// Opens the connection that writes, and migrates the file.
pub(super) fn writer(options: &SqliteOptions) -> Result<Connection> {
    let conn = connect(options, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let explain = |error: rusqlite::Error| explain(&options.path, error);
    if meta::backup(&conn).map_err(explain)?.is_some() {
        let path = options.path.display();
        return Err(refused(format!(
            "{path} is a backup, in which sessions that ended later are still alive; make it a store with \
             `exeunt restore --in-place --store sqlite:{path}`"
        )));
    }
    configure(&conn, WRITER_CACHE_KIB).map_err(explain)?;
    if !log_beside(&conn).map_err(explain)? {
        let path = options.path.display();
        return Err(refused(format!("the database {path} cannot have a WAL; move it to a local disk")));
    }
    conn.pragma_update(None, "synchronous", if options.synchronous_off { "off" } else { "full" })
        .map_err(explain)?;
    // A thread of its own does the checkpoints.
    conn.pragma_update(None, "wal_autocheckpoint", 0).map_err(explain)?;
    // Nothing is written before the commit, so a failure before it has certainly changed nothing.
    conn.pragma_update(None, "cache_spill", false).map_err(explain)?;
    // Deleted content is overwritten where that costs no more I/O.
    conn.pragma_update_and_check(None, "secure_delete", "fast", |_| Ok(())).map_err(explain)?;
    migrate(&conn).map_err(|obstacle| in_the_way(&options.path, obstacle))?;
    Ok(conn)
}

/// Opens a connection that cannot write.
pub(super) fn reader(options: &SqliteOptions) -> Result<Connection> {
    let conn = connect(options, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    configure(&conn, READER_CACHE_KIB).map_err(|error| explain(&options.path, error))?;
    Ok(conn)
}

/// Opens the connection for checkpoints.
pub(super) fn checkpointer(options: &SqliteOptions) -> Result<Connection> {
    let conn = connect(options, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let explain = |error| explain(&options.path, error);
    conn.pragma_update(None, "wal_autocheckpoint", 0).map_err(explain)?;
    conn.pragma_update(None, "synchronous", if options.synchronous_off { "off" } else { "full" })
        .map_err(explain)?;
    Ok(conn)
}

/// Prepares a failed connection for closing: SQLite would otherwise sync the files again if it is the last one.
pub(super) fn forsake(conn: &Connection) {
    // If this fails too, the store is no worse off.
    let _kept = conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}

/// Opens a database or a backup that no server uses, and migrates it. `named` is its name for the operator.
pub(super) fn alone(named: &Path, path: &Path) -> Result<Connection> {
    let conn = sound(named, path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    migrate(&conn).map_err(|obstacle| in_the_way(named, obstacle))?;
    Ok(conn)
}

/// Opens a database or a backup, and checks that it is Exeunt's and not damaged.
pub(super) fn sound(named: &Path, path: &Path, mode: OpenFlags) -> Result<Connection> {
    let explain = |error| explain(named, error);
    let conn = Connection::open_with_flags(path, mode).map_err(explain)?;
    configure(&conn, WRITER_CACHE_KIB).map_err(explain)?;
    if !is_ours(&conn).map_err(explain)? {
        return Err(refused(format!(
            "{} is neither a backup nor a store of Exeunt; give another file",
            named.display()
        )));
    }
    let verdict: String = conn.pragma_query_value(None, "quick_check", |row| row.get(0)).map_err(explain)?;
    if verdict != "ok" {
        return Err(refused(format!("{} is damaged; use another backup", named.display())).because(verdict));
    }
    Ok(conn)
}

/// Turns on WAL mode; `false` if that is not possible.
fn log_beside(conn: &Connection) -> rusqlite::Result<bool> {
    let mut statement = conn.prepare("PRAGMA journal_mode = wal")?;
    let mut rows = statement.query([])?;
    let mode = rows.next()?.map(|row| row.get::<_, String>(0)).transpose()?;
    // This row comes before the change is written: a full disk is reported only at the end.
    rows.next()?;
    Ok(mode.as_deref() == Some("wal"))
}

fn connect(options: &SqliteOptions, mode: OpenFlags) -> Result<Connection> {
    let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = match &options.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(&options.path, flags, vfs.as_str()),
        None => Connection::open_with_flags(&options.path, flags),
    };
    conn.map_err(|error| explain(&options.path, error))
}

fn configure(conn: &Connection, cache_kib: i64) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // Otherwise SQLite parses and plans a statement again for each new value bound to it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.busy_timeout(BUSY)?;
    conn.pragma_update(None, "cache_size", -cache_kib)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "temp_store", "memory")
}

/// SQLite's error, with a text that helps the operator.
pub(super) fn explain(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.display();
    let public = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            format!("{path} is not a database, or is damaged; give another file, or restore a backup")
        }
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            format!("{path} cannot be opened; give this user read and write access to it and its directory")
        }
        Some(ErrorCode::ReadOnly) => {
            format!("{path} cannot be written; give this user write access to it and its directory")
        }
        Some(ErrorCode::DiskFull) => format!("the disk of {path} is full; free some space on it"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!("{path} is locked by another program; stop that program first")
        }
        _ => format!("{path} cannot be used: {error}"),
    };
    refused(public).because(error)
}

fn in_the_way(path: &Path, obstacle: Obstacle) -> Error {
    let path_text = path.display();
    match obstacle {
        Obstacle::Sqlite(error) => explain(path, error),
        Obstacle::Foreign => {
            refused(format!("{path_text} is the database of another program; give another file"))
        }
        Obstacle::Newer(steps) => refused(format!(
            "{path_text} was written by a later version of Exeunt (schema {steps}; this version supports \
             {}); use that version",
            STEPS.len()
        )),
    }
}

pub(super) fn cannot(path: &Path, what: &str, error: &io::Error) -> Error {
    let advice = match error.kind() {
        io::ErrorKind::PermissionDenied => "give this user write access",
        io::ErrorKind::ReadOnlyFilesystem => "the file system is mounted read-only",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space on the disk",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "another file has that name",
        _ => "check that this user can write there",
    };
    refused(format!("cannot {what} {}: {error}; {advice}", path.display()))
}

pub(super) fn refused(public: String) -> Error {
    Error::new(Kind::Unavailable(Unavailability::Refused), public)
}

/// Options that create a file for this user alone.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600);
    options
}

/// The directory of a file.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a directory for this user alone, and syncs it so that it survives a power cut.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let missing: Vec<_> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    missing.iter().filter_map(|folder| folder.parent()).try_for_each(sync_folder)
}

pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?.sync_all()
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
