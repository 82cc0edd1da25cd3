//! The identifiers that users log in with, in the forms that are compared: a row for each, in a table of their own.

use exeunt_core::RealmId;
use rusqlite::{Connection, OptionalExtension};

use super::encode::{bound, corrupt};
use crate::error::Result;
use crate::store::rules::name;
use crate::store::{COLLIDING_NAMES_MAX, Identifier, User, Usernames};

/// Rows migrated at once.
const PAGE_ROWS: u32 = 10_000;

/// A row of the table, without its user.
struct Forms {
    field: &'static str,
    key: String,
    folded: Option<String>,
    look: Option<String>,
    plain: bool,
}

impl Forms {
    fn of(identifier: &Identifier) -> Option<Self> {
        let (field, key) = identifier.unique_key(Usernames::Exact)?;
        let folded = match identifier {
            Identifier::Username(_) => identifier.unique_key(Usernames::IgnoreCase).map(|(_, key)| key),
            Identifier::Id(_) | Identifier::Email(_) | Identifier::AccountNumber(_) => None,
        };
        Some(Self { field, key, folded, look: identifier.look(), plain: identifier.text().is_ascii() })
    }
}

/// The key that earlier versions wrote. One that is not NFC remains only where two users had the same name in two
/// forms; each is found by its own form.
pub(super) fn earlier_key(identifier: &Identifier) -> String {
    match identifier {
        Identifier::Email(email) => email.to_lowercase(),
        Identifier::Id(_) | Identifier::Username(_) | Identifier::AccountNumber(_) => {
            identifier.text().to_owned()
        }
    }
}

/// How a realm compares user names.
pub(super) fn usernames(conn: &Connection, realm: RealmId) -> rusqlite::Result<Usernames> {
    let mut statement = conn.prepare_cached("SELECT usernames FROM realms WHERE id = ?")?;
    let word: Option<String> = statement.query_row([realm.0], |row| row.get(0)).optional()?;
    word.map_or(Ok(Usernames::default()), |word| read_usernames(&word))
}

pub(super) fn read_usernames(word: &str) -> rusqlite::Result<Usernames> {
    Usernames::from_word(word).ok_or_else(|| corrupt("an unknown way to compare user names"))
}

/// User names of a realm that differ in case only: one more than the error lists.
pub(super) fn names_but_for_case(conn: &Connection, realm: RealmId) -> rusqlite::Result<Vec<String>> {
    let groups = "SELECT folded FROM identifiers INDEXED BY identifiers_folded WHERE realm = ? AND folded IS NOT NULL \
                  GROUP BY folded HAVING count(*) > 1 LIMIT ?";
    let members = "SELECT u.username FROM identifiers i INDEXED BY identifiers_folded JOIN users u ON u.number = i.user \
                   WHERE i.realm = ? AND i.folded = ? ORDER BY i.key LIMIT ?";
    let names_max = bound(COLLIDING_NAMES_MAX as u64 + 1);
    let mut groups = conn.prepare_cached(groups)?;
    let mut members = conn.prepare_cached(members)?;
    let mut names = Vec::new();
    for folded in groups.query_map((realm.0, names_max), |row| row.get::<_, String>(0))? {
        for member in members.query_map((realm.0, folded?, names_max), |row| row.get(0))? {
            names.push(member?);
        }
    }
    names.truncate(COLLIDING_NAMES_MAX + 1);
    Ok(names)
}

/// Replaces the identifiers of a user. Unchanged ones are left alone: of those that an earlier version wrote, two users
/// may have the same name in two forms. A deleted user has none.
pub(super) fn replace(conn: &Connection, before: Option<&User>, user: &User) -> Result<()> {
    let old = before.map(User::identifiers).unwrap_or_default();
    let new = if user.deleted { Vec::new() } else { user.identifiers() };
    let mut free = conn
        .prepare_cached("DELETE FROM identifiers WHERE realm = ? AND field = ? AND key = ? AND user = ?")?;
    for identifier in old.iter().filter(|identifier| !new.contains(identifier)) {
        let own = identifier.unique_key(Usernames::Exact).map(|(_, key)| key);
        for key in own.into_iter().chain([earlier_key(identifier)]) {
            free.execute((user.realm.0, identifier.field(), key, bound(user.number)))?;
        }
    }
    let added = new.iter().filter(|identifier| !old.contains(identifier));
    added.filter_map(Forms::of).try_for_each(|forms| insert(conn, user, forms))
}

fn insert(conn: &Connection, user: &User, forms: Forms) -> Result<()> {
    let sql =
        "INSERT INTO identifiers (realm, field, key, user, folded, look, plain) VALUES (?, ?, ?, ?, ?, ?, ?)";
    let number = bound(user.number);
    let Forms { field, key, folded, look, plain } = forms;
    conn.prepare_cached(sql)?.execute((user.realm.0, field, key, number, folded, look, plain))?;
    Ok(())
}

/// Whether another user in the realm logs in with it.
pub(super) fn is_taken(
    conn: &Connection,
    user: &User,
    identifier: &Identifier,
    usernames: Usernames,
) -> Result<bool> {
    let Some(forms) = Forms::of(identifier) else { return Ok(false) };
    let by_key = "SELECT 1 FROM identifiers WHERE realm = ? AND field = ? AND key = ? AND user <> ?";
    let by_folded = "SELECT 1 FROM identifiers INDEXED BY identifiers_folded WHERE realm = ? AND folded = ? AND user <> ?";
    let (realm, number) = (user.realm.0, bound(user.number));
    Ok(match (usernames, &forms.folded) {
        (Usernames::IgnoreCase, Some(folded)) => {
            conn.prepare_cached(by_folded)?.exists((realm, folded, number))?
        }
        _ => conn.prepare_cached(by_key)?.exists((realm, forms.field, &forms.key, number))?,
    })
}

/// Whether another user's name looks like it and one of the two is not ASCII.
pub(super) fn is_look_alike(conn: &Connection, user: &User, identifier: &Identifier) -> Result<bool> {
    // Many ASCII names may look alike; `plain <=` skips them.
    let sql = "SELECT 1 FROM identifiers INDEXED BY identifiers_look \
               WHERE realm = ? AND look = ? AND look IS NOT NULL AND plain <= ? AND user <> ?";
    let Some((look, forms)) = Forms::of(identifier).and_then(|forms| Some((forms.look.clone()?, forms)))
    else {
        return Ok(false);
    };
    Ok(conn.prepare_cached(sql)?.exists((user.realm.0, look, !forms.plain, bound(user.number)))?)
}

/// Migrates the forms that earlier versions wrote.
pub(super) fn bring_up_to_date(conn: &Connection) -> rusqlite::Result<()> {
    let mut place = (Vec::new(), String::new(), String::new());
    loop {
        let rows = page(conn, &place)?;
        let Some(last) = rows.last() else { break };
        place = (last.realm.clone(), last.field.clone(), last.key.clone());
        rows.iter().try_for_each(|row| rewrite(conn, row))?;
    }
    compose_names_of_clients(conn)
}

/// A row as an earlier version wrote it, and the identifier's text.
struct Earlier {
    realm: Vec<u8>,
    field: String,
    key: String,
    text: Option<String>,
}

fn page(conn: &Connection, after: &(Vec<u8>, String, String)) -> rusqlite::Result<Vec<Earlier>> {
    let sql = "SELECT i.realm, i.field, i.key, \
               CASE i.field WHEN 'username' THEN u.username WHEN 'email' THEN u.email ELSE u.account_number END \
               FROM identifiers i LEFT JOIN users u ON u.number = i.user \
               WHERE (i.realm, i.field, i.key) > (?, ?, ?) ORDER BY i.realm, i.field, i.key LIMIT ?";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Earlier { realm: row.get(0)?, field: row.get(1)?, key: row.get(2)?, text: row.get(3)? })
    };
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map((&after.0, &after.1, &after.2, PAGE_ROWS), read)?;
    rows.collect()
}

fn rewrite(conn: &Connection, row: &Earlier) -> rusqlite::Result<()> {
    let text = row.text.clone().unwrap_or_else(|| row.key.clone());
    let identifier = match row.field.as_str() {
        "username" => Identifier::Username(text),
        "email" => Identifier::Email(text),
        _ => Identifier::AccountNumber(text),
    };
    let Some(forms) = Forms::of(&identifier) else { return Ok(()) };
    if forms.folded.is_some() || forms.look.is_some() {
        let sql = "UPDATE identifiers SET folded = ?, look = ?, plain = ? WHERE realm = ? AND field = ? AND key = ?";
        let values = (forms.folded, forms.look, forms.plain, &row.realm, &row.field, &row.key);
        conn.prepare_cached(sql)?.execute(values)?;
    }
    if forms.key != row.key {
        // If another user has the composed form already, each keeps its own.
        let sql = "UPDATE OR IGNORE identifiers SET key = ? WHERE realm = ? AND field = ? AND key = ?";
        conn.prepare_cached(sql)?.execute((forms.key, &row.realm, &row.field, &row.key))?;
    }
    Ok(())
}

fn compose_names_of_clients(conn: &Connection) -> rusqlite::Result<()> {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
    let mut all = conn.prepare("SELECT number, name FROM clients")?;
    let clients: Vec<(i64, String)> = all.query_map([], read)?.collect::<rusqlite::Result<_>>()?;
    let sql = "UPDATE clients SET name = ?1 WHERE number = ?2 AND NOT EXISTS (SELECT 1 FROM clients c \
               WHERE c.name = ?1 AND c.realm = clients.realm AND NOT c.removed)";
    for (number, text) in clients {
        let composed = name::composed(&text);
        if composed != text {
            conn.execute(sql, (composed, number))?;
        }
    }
    Ok(())
}
