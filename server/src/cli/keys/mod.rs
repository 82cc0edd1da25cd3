//! The administrators' keys: from `EXEUNT_ADMIN_KEY`, or made at the first start.

use std::path::Path;

use exeunt_core::Token;

use crate::app::App;
use crate::authority::key::GIVEN_KEY_CHARS_MIN;
use crate::authority::{Call, Role, private_file};
use crate::error::{Error, Result};

/// The variable with the keys: several are separated by commas, for rotation.
pub(super) const VARIABLE: &str = "EXEUNT_ADMIN_KEY";
/// The file beside the database with the key made at the first start: the only secret stored in clear.
pub(super) const FILE: &str = "admin.key";

/// Makes sure that there is an administrator's key: takes the keys from the environment, or makes one if there is none.
///
/// # Errors
/// `Malformed` for a key that is too short; the system's, if the file cannot be written.
pub(super) async fn prepare(app: &App, directory: Option<&Path>) -> Result<()> {
    let given = given()?;
    if !given.is_empty() {
        app.authority.give_keys(&given, app.env.now());
        return Ok(());
    }
    make_first(app, directory).await
}

/// Makes the first key, if the store has no key that allows everything.
async fn make_first(app: &App, directory: Option<&Path>) -> Result<()> {
    if app.authority.keys().iter().any(|key| key.role == Role::Admin && key.realm.is_none()) {
        return Ok(());
    }
    let Some(directory) = directory else {
        return Err(Error::malformed(
            "store",
            format!("a memory store cannot keep the first administrator's key; set {VARIABLE}"),
        ));
    };
    let call = Call::of_server(&app.env);
    // The file first: if only the store had the key, no file would show it, and no other would ever be made.
    let (key, text) = app.authority.mint_key(&call, FILE, Role::Admin, None)?;
    let file = directory.join(FILE);
    private_file::write(&file, text.expose()).map_err(|error| {
        let file = file.display();
        let rule = format!("make its directory writable, or set {VARIABLE}");
        Error::malformed(
            "admin_key",
            format!("cannot write {file}, the first administrator's key: {error}; {rule}"),
        )
    })?;
    app.authority.add_key(&call, key).await?;
    tracing::info!(file = %file.display(), "created the first administrator's key");
    Ok(())
}

/// The keys from the environment; none if the variable is empty.
fn given() -> Result<Vec<Token>> {
    match std::env::var(VARIABLE) {
        Ok(given) => read(&given),
        Err(std::env::VarError::NotPresent) => Ok(Vec::new()),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Error::malformed("admin_key", format!("{VARIABLE} is not UTF-8")))
        }
    }
}

fn read(given: &str) -> Result<Vec<Token>> {
    given
        .split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| match Token::presented(text) {
            Some(token) if text.chars().count() >= GIVEN_KEY_CHARS_MIN => Ok(token),
            _ => {
                let rule = format!(
                    "{VARIABLE} contains a key that is too short or too long; expected \
                     {GIVEN_KEY_CHARS_MIN} to 256 characters in each"
                );
                Err(Error::malformed("admin_key", rule))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
