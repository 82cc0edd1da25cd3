//! Rules for new passwords: none of the most common ones, and none that contains a name of its user (ASVS 5.0, 6.2.4
//! and 6.2.11). Checked when a password is set, never for a login or an imported hash.

use caseless::Caseless;
use passwords::analyzer::is_common_password;
use unicode_normalization::UnicodeNormalization;

use crate::authority::passwords::Password;
use crate::error::{Error, Result};
use crate::store::User;

/// Shorter names are ignored: an attacker would not guess a password from them.
const NAME_CHARS_MIN: usize = 4;

/// Checks whether a password may be set for this user, as the user is after the change.
///
/// # Errors
/// `Malformed("password")`, with the reason and what to do, without the password.
pub(in crate::authority) fn must_be_hard_to_guess(password: &Password, user: &User) -> Result<()> {
    let Some(text) = password.expose() else { return Ok(()) };
    let folded = folded(text);
    if [text, &folded, folded.trim()].into_iter().any(is_common_password) {
        return Err(Error::malformed(
            "password",
            "this password is one of the most common ones, which attackers try first; choose another, such \
             as four unrelated words",
        ));
    }
    let email = user.email.as_deref().unwrap_or_default();
    let names = [
        ("username", user.username.as_deref().unwrap_or_default()),
        ("email", email),
        // A password that contains the whole address contains this part too, unless this part is too short.
        ("email", email.rsplit_once('@').map_or("", |(local, _)| local)),
        ("first_name", user.first_name.as_str()),
        ("last_name", user.last_name.as_str()),
    ];
    let held = names.into_iter().find(|(_, name)| {
        let name = self::folded(name);
        let name = name.trim();
        name.chars().count() >= NAME_CHARS_MIN && folded.contains(name)
    });
    held.map_or(Ok(()), |(field, _)| {
        let rule = format!(
            "the password contains the user's {field}; choose one that contains none of the user's names"
        );
        Err(Error::malformed("password", rule))
    })
}

/// Folds a text so that case, width and other variants of letters make no difference (Unicode's compatibility caseless
/// match, D146).
fn folded(text: &str) -> String {
    text.nfd().default_case_fold().nfkd().default_case_fold().nfkc().collect()
}

#[cfg(test)]
mod tests;
