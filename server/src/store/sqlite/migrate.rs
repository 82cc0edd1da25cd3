//! Migrates the file's schema to this program's: forward only, each step in one transaction under the file's lock.

use rusqlite::Connection;

use super::identifiers;

/// The steps, in order. A released step is never changed.
pub(super) const STEPS: &[Step] = &[
    Step { sql: include_str!("migrations/0001.sql"), fill: nothing },
    Step { sql: include_str!("migrations/0002.sql"), fill: nothing },
    Step { sql: include_str!("migrations/0003.sql"), fill: identifiers::bring_up_to_date },
    Step { sql: include_str!("migrations/0004.sql"), fill: nothing },
    Step { sql: include_str!("migrations/0005.sql"), fill: nothing },
];
/// "EXNT": distinguishes this program's databases from others.
const APPLICATION: i32 = 0x4558_4e54;

/// One migration step.
pub(super) struct Step {
    /// Changes the schema.
    sql: &'static str,
    /// Writes what SQL alone cannot express.
    fill: fn(&Connection) -> rusqlite::Result<()>,
}

const fn nothing(_: &Connection) -> rusqlite::Result<()> {
    Ok(())
}

/// The reason why a file cannot be migrated.
pub(super) enum Obstacle {
    /// It belongs to another program.
    Foreign,
    /// It was written by a later version of this program, with this many steps.
    Newer(i64),
    /// The database returned an error.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Obstacle {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Runs all steps that the file lacks.
pub(super) fn migrate(conn: &Connection) -> Result<(), Obstacle> {
    if pending(conn)? == 0 {
        return Ok(());
    }
    conn.execute_batch("BEGIN EXCLUSIVE")?;
    // Counted again, now that no other process can run them.
    let outcome = pending(conn).and_then(|pending| {
        for step in STEPS.iter().skip(STEPS.len() - pending) {
            conn.execute_batch(step.sql)?;
            (step.fill)(conn)?;
        }
        conn.pragma_update(None, "application_id", APPLICATION)?;
        conn.pragma_update(None, "user_version", STEPS.len())?;
        conn.execute_batch("COMMIT")?;
        Ok(())
    });
    if outcome.is_err() && !conn.is_autocommit() {
        conn.execute_batch("ROLLBACK")?;
    }
    outcome
}

/// Whether this is one of this program's databases, of any version; an empty file is not.
pub(super) fn is_ours(conn: &Connection) -> rusqlite::Result<bool> {
    let application: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    Ok(application == APPLICATION)
}

fn pending(conn: &Connection) -> Result<usize, Obstacle> {
    let taken: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION && (taken, application, tables) != (0, 0, 0) {
        return Err(Obstacle::Foreign);
    }
    let taken_steps = usize::try_from(taken).unwrap_or(usize::MAX);
    STEPS.len().checked_sub(taken_steps).ok_or(Obstacle::Newer(taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(conn: &Connection) -> Vec<(String, String)> {
        let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn schema_sql_is_what_the_migrations_come_to() {
        let (migrated, read) = (Connection::open_in_memory().unwrap(), Connection::open_in_memory().unwrap());
        assert!(migrate(&migrated).is_ok());
        read.execute_batch(include_str!("schema.sql")).unwrap();
        assert_eq!(schema(&migrated), schema(&read));
        let again = schema(&migrated);
        assert!(migrate(&migrated).is_ok());
        assert_eq!(schema(&migrated), again);
    }
}
