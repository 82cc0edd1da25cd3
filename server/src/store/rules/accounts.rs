//! Whether users and clients may be written: versions, and names that are taken.

use exeunt_core::{ClientId, Mark, RealmId, UserId};

use super::end;
use super::rows::Rows;
use crate::error::Result;
use crate::store::{AuditEntry, Client, Identifier, Raise, Saved, User, Usernames, conflict, look_alike};

/// The rows of users and clients. A deleted user and a removed client have no names.
pub trait AccountRows<'a>: Rows<'a> {
    /// A user, deleted or not.
    fn user(&mut self, id: UserId) -> Result<Option<User>>;

    /// The number of the next new user, greater than every number given before.
    fn next_number(&mut self) -> Result<u64>;

    /// How a realm compares user names.
    fn usernames(&mut self, realm: RealmId) -> Result<Usernames>;

    /// Whether another user of the realm than this one logs in with an identifier.
    fn is_taken(&mut self, user: &User, identifier: &Identifier, usernames: Usernames) -> Result<bool>;

    /// Whether an identifier of another user of the realm than this one looks like this one, and one of the two is not
    /// ASCII.
    fn is_look_alike(&mut self, user: &User, identifier: &Identifier) -> Result<bool>;

    /// Writes a user and its identifiers, in place of those that it had before.
    fn put_user(&mut self, before: Option<&User>, user: &User) -> Result<()>;

    /// Deletes all that a user has allowed clients.
    fn delete_consents(&mut self, user: UserId) -> Result<()>;

    /// The version of a client, removed or not; 0 if there is none.
    fn client_version(&mut self, id: ClientId) -> Result<u64>;

    /// Whether another client of the realm than this one has its name.
    fn is_name_taken(&mut self, client: &Client) -> Result<bool>;

    /// Whether another client than this one has its unique key.
    fn is_key_taken(&mut self, client: &Client) -> Result<bool>;

    /// Writes a client.
    fn put_client(&mut self, client: &Client) -> Result<()>;
}

/// Writes a user, with the mark and the line of the trail that commit with it.
pub fn save_user<'a>(
    rows: &mut impl AccountRows<'a>,
    user: User,
    raise: Option<&Raise>,
    audit: Option<AuditEntry>,
) -> Result<Saved<User>> {
    let mark = raised(rows, raise)?;
    let (before, user) = numbered(rows, user)?;
    if let Some(field) = taken(rows, before.as_ref(), &user)? {
        return Err(conflict(field));
    }
    let record = put_user(rows, before.as_ref(), user)?;
    rows.write_audit(audit)?;
    Ok(Saved { record, mark })
}

/// Creates a user unless one of its names looks like a taken one.
pub fn register_user<'a>(
    rows: &mut impl AccountRows<'a>,
    user: User,
    audit: Option<AuditEntry>,
) -> Result<User> {
    let (before, user) = numbered(rows, user)?;
    if before.is_some() {
        return Err(conflict("version"));
    }
    if let Some(field) = taken(rows, None, &user)? {
        return Err(conflict(field));
    }
    for identifier in user.identifiers() {
        if rows.is_look_alike(&user, &identifier)? {
            return Err(look_alike(identifier.field()));
        }
    }
    let user = put_user(rows, None, user)?;
    rows.write_audit(audit)?;
    Ok(user)
}

/// Adds those of these users whose identifiers are free, and returns the number of each. `audit` is written if there are
/// any.
pub fn import_users<'a>(
    rows: &mut impl AccountRows<'a>,
    users: Vec<User>,
    audit: Option<AuditEntry>,
) -> Result<Vec<Result<u64>>> {
    if users.iter().any(|user| user.version != 0) {
        return Err(conflict("version"));
    }
    let mut outcomes = Vec::with_capacity(users.len());
    for mut user in users {
        user.number = rows.next_number()?;
        outcomes.push(match taken(rows, None, &user)? {
            Some(field) => Err(conflict(field)),
            None if rows.user(user.id)?.is_some() => return Err(conflict("version")),
            None => Ok(put_user(rows, None, user)?.number),
        });
    }
    rows.write_audit(audit.filter(|_| outcomes.iter().any(Result::is_ok)))?;
    Ok(outcomes)
}

/// Writes a client, with the mark and the line of the trail that commit with it.
pub fn save_client<'a>(
    rows: &mut impl AccountRows<'a>,
    client: Client,
    raise: Option<&Raise>,
    audit: Option<AuditEntry>,
) -> Result<Saved<Client>> {
    let mark = raised(rows, raise)?;
    let record = put_client(rows, client)?;
    rows.write_audit(audit)?;
    Ok(Saved { record, mark })
}

/// Creates the clients of a new realm.
pub fn build_in<'a>(rows: &mut impl AccountRows<'a>, clients: Vec<Client>) -> Result<()> {
    for client in clients {
        // Saving it would change an existing client.
        if client.version != 0 {
            return Err(conflict("version"));
        }
        put_client(rows, client)?;
    }
    Ok(())
}

fn put_client<'a>(rows: &mut impl AccountRows<'a>, mut client: Client) -> Result<Client> {
    if rows.client_version(client.id)? != client.version {
        return Err(conflict("version"));
    }
    if !client.removed && rows.is_name_taken(&client)? {
        return Err(conflict("name"));
    }
    if !client.removed && rows.is_key_taken(&client)? {
        return Err(conflict("key"));
    }
    client.version += 1;
    rows.put_client(&client)?;
    Ok(client)
}

fn put_user<'a>(rows: &mut impl AccountRows<'a>, before: Option<&User>, mut user: User) -> Result<User> {
    user.version += 1;
    rows.put_user(before, &user)?;
    if user.deleted {
        rows.delete_consents(user.id)?;
    }
    Ok(user)
}

/// The user as stored, and the user to write with its number.
fn numbered<'a>(rows: &mut impl AccountRows<'a>, mut user: User) -> Result<(Option<User>, User)> {
    let before = rows.user(user.id)?;
    if before.as_ref().map_or(0, |before| before.version) != user.version {
        return Err(conflict("version"));
    }
    user.number = before.as_ref().map_or_else(|| rows.next_number(), |before| Ok(before.number))?;
    Ok((before, user))
}

/// The field of the first identifier that another user has. One that this user had before stays, even if another has it
/// too: an earlier version took two forms of a name for two names.
fn taken<'a>(
    rows: &mut impl AccountRows<'a>,
    before: Option<&User>,
    user: &User,
) -> Result<Option<&'static str>> {
    if user.deleted {
        return Ok(None);
    }
    let had = before.map(User::identifiers).unwrap_or_default();
    let usernames = rows.usernames(user.realm)?;
    for identifier in user.identifiers().iter().filter(|identifier| !had.contains(identifier)) {
        if rows.is_taken(user, identifier, usernames)? {
            return Ok(Some(identifier.field()));
        }
    }
    Ok(None)
}

fn raised<'a>(rows: &mut impl AccountRows<'a>, raise: Option<&Raise>) -> Result<Option<Mark>> {
    Ok(raise.map(|raise| end::raise(rows, raise)).transpose()?.map(|outcome| outcome.mark))
}
