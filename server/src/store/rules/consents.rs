//! Whether consents and sealing keys may be written.

use exeunt_core::{Anchor, ConsentId, Mark, RealmId};

use super::accounts::AccountRows;
use super::end;
use super::rows::append;
use crate::error::{Error, Result};
use crate::store::{AuditEntry, Consent, Raise, Saved, SecretChange, WrappedKey, conflict};

/// The rows of consents and of sealing keys.
pub trait ConsentRows<'a>: AccountRows<'a> {
    /// A consent.
    fn consent(&mut self, id: ConsentId) -> Result<Option<Consent>>;

    /// Writes a consent in place of the one before, and returns its version: greater than every one given before.
    fn put_consent(&mut self, consent: &Consent) -> Result<u64>;

    /// Deletes a consent.
    fn delete_consent(&mut self, id: ConsentId) -> Result<()>;

    /// The sealing keys of a realm.
    fn keys(&mut self, realm: RealmId) -> Result<Vec<WrappedKey>>;

    /// Writes a sealing key in place of the one with its number.
    fn put_key(&mut self, key: &WrappedKey) -> Result<()>;

    /// Deletes the sealing keys of a realm with a smaller number than this.
    fn delete_keys(&mut self, realm: RealmId, before: u32) -> Result<()>;
}

/// Writes a consent. With a mark, withdraws it: the record goes away, also where there is none, and the mark is raised on
/// the consent.
pub fn save_consent<'a>(
    rows: &mut impl ConsentRows<'a>,
    mut consent: Consent,
    raise: Option<&Raise>,
    audit: Option<AuditEntry>,
) -> Result<Saved<Consent>> {
    let id = consent.id();
    if rows.consent(id)?.map_or(0, |before| before.version) != consent.version {
        return Err(conflict("version"));
    }
    let mark = match raise {
        Some(raise) => {
            rows.delete_consent(id)?;
            let raise = &Raise { realm: consent.realm, ..raise.clone() };
            Some(append(rows, raise, Anchor::Consent(id), raise.why)?)
        }
        None => {
            let user = rows.user(consent.user)?;
            if user.is_none_or(|user| user.deleted || user.realm != consent.realm) {
                return Err(Error::not_found("user"));
            }
            consent.version = rows.put_consent(&consent)?;
            None
        }
    };
    rows.write_audit(audit)?;
    Ok(Saved { record: consent, mark })
}

/// Writes a sealing key, deletes older ones, and returns the marks that commit with that.
pub fn save_secret<'a>(
    rows: &mut impl ConsentRows<'a>,
    change: &SecretChange,
    audit: Option<AuditEntry>,
) -> Result<Vec<Mark>> {
    let SecretChange { key, replaces, keep_from, raises } = change;
    let stored = rows.keys(key.realm)?;
    let last = stored.iter().map(|other| other.number).max();
    let is_due = match replaces {
        Some(wrapped) => {
            let before = WrappedKey { wrapped: wrapped.clone(), ..key.clone() };
            stored.contains(&before)
        }
        None => last.is_none_or(|last| last < key.number),
    };
    if !is_due {
        return Err(conflict("version"));
    }
    // The newest key stays.
    if *keep_from > last.unwrap_or_default().max(key.number) {
        return Err(Error::malformed("keep_from", "the newest sealing key cannot be deleted"));
    }
    let marks = raises.iter().map(|raise| Ok(end::raise(rows, raise)?.mark)).collect::<Result<Vec<_>>>()?;
    rows.put_key(key)?;
    rows.delete_keys(key.realm, *keep_from)?;
    rows.write_audit(audit)?;
    Ok(marks)
}
