//! The administrators' keys: given by `EXEUNT_ADMIN_KEY`, or made at the first start.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use exeunt_core::{By, Token};

use crate::app::{App, SERVER};
use crate::authority::key::GIVEN_KEY_CHARS_MIN;
use crate::authority::{Call, Mint, Role};
use crate::error::{Error, Result};

/// The variable that gives keys: several by commas, for rotation.
const VARIABLE: &str = "EXEUNT_ADMIN_KEY";
/// The file beside the database that holds the key made at the first start: the one secret kept in clear.
pub(super) const FILE: &str = "admin.key";

/// Makes sure that somebody can administer: takes the keys that the environment gives, or makes one if there is none
/// at all.
///
/// # Errors
/// `Malformed` for a key that is too short; the system's, if the file cannot be written.
pub(super) async fn prepare(app: &App, directory: Option<&Path>) -> Result<()> {
    if let Ok(given) = std::env::var(VARIABLE) {
        app.authority.give_keys(&read(&given)?, app.env.now());
        return Ok(());
    }
    if app.authority.keys().iter().any(|key| key.role == Role::Admin && key.realm.is_none()) {
        return Ok(());
    }
    let Some(directory) = directory else {
        return Err(Error::malformed(
            "store",
            format!("a memory store has no place for a key: set {VARIABLE}"),
        ));
    };
    let call = Call {
        now: app.env.now(),
        from: None,
        via: SERVER,
        by: By::System,
        mint: Mint::new(app.env.entropy()),
    };
    // The file first: a key that nobody knows would open nothing, and none would be made again.
    let file = directory.join(FILE);
    let mut options = OpenOptions::new();
    let about = |error: std::io::Error| Error::internal(error).because(file.display());
    let mut opened =
        options.write(true).create(true).truncate(true).mode(0o600).open(&file).map_err(about)?;
    let (_, text) = app.authority.create_key(&call, FILE, Role::Admin, None).await?;
    writeln!(opened, "{}", text.expose()).and_then(|()| opened.sync_all()).map_err(about)?;
    tracing::info!(file = %file.display(), "the first administrator's key was made");
    Ok(())
}

fn read(given: &str) -> Result<Vec<Token>> {
    given
        .split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| match Token::presented(text) {
            Some(token) if text.chars().count() >= GIVEN_KEY_CHARS_MIN => Ok(token),
            _ => {
                let rule = format!("each key in {VARIABLE} has {GIVEN_KEY_CHARS_MIN} to 256 characters");
                Err(Error::malformed("admin_key", rule))
            }
        })
        .collect()
}
