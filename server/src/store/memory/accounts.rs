//! The rows of users and clients.

use exeunt_core::{ClientId, RealmId, UserId};

use super::Tables;
use super::rows::Transaction;
use crate::error::Result;
use crate::store::rules::accounts::AccountRows;
use crate::store::{Client, Identifier, User, Usernames};

impl Tables {
    /// The other users of a user's realm.
    fn beside(&self, user: &User) -> impl Iterator<Item = &User> {
        let (realm, number) = (user.realm, user.number);
        self.users.values().filter(move |it| it.realm == realm && it.number != number && !it.deleted)
    }

    fn others(&self, id: ClientId) -> impl Iterator<Item = &Client> {
        self.clients.iter().filter(move |other| other.id != id && !other.removed)
    }
}

impl<'a> AccountRows<'a> for Transaction<'a> {
    fn user(&mut self, id: UserId) -> Result<Option<User>> {
        Ok(self.tables.users.values().find(|user| user.id == id).cloned())
    }

    fn next_number(&mut self) -> Result<u64> {
        Ok(self.tables.users.last_key_value().map_or(1, |(last, _)| last + 1))
    }

    fn usernames(&mut self, realm: RealmId) -> Result<Usernames> {
        Ok(self.tables.usernames(realm))
    }

    fn is_taken(&mut self, user: &User, identifier: &Identifier, usernames: Usernames) -> Result<bool> {
        let Some(key) = identifier.unique_key(usernames) else { return Ok(false) };
        Ok(self.tables.beside(user).any(|other| other.unique_keys(usernames).contains(&key)))
    }

    fn is_look_alike(&mut self, user: &User, identifier: &Identifier) -> Result<bool> {
        let Some(look) = identifier.look() else { return Ok(false) };
        let is_ascii = |identifier: &Identifier| identifier.text().is_ascii();
        let alike = |other: &Identifier| {
            !(is_ascii(identifier) && is_ascii(other)) && other.look().as_ref() == Some(&look)
        };
        Ok(self.tables.beside(user).any(|other| other.identifiers().iter().any(alike)))
    }

    fn put_user(&mut self, _before: Option<&User>, user: &User) -> Result<()> {
        self.tables.users.insert(user.number, user.clone());
        Ok(())
    }

    fn delete_consents(&mut self, user: UserId) -> Result<()> {
        self.tables.consents.retain(|_, consent| consent.user != user);
        Ok(())
    }

    fn client_version(&mut self, id: ClientId) -> Result<u64> {
        Ok(self.tables.clients.iter().find(|client| client.id == id).map_or(0, |client| client.version))
    }

    fn is_name_taken(&mut self, client: &Client) -> Result<bool> {
        let mut others = self.tables.others(client.id);
        Ok(others.any(|other| (other.realm, &other.name) == (client.realm, &client.name)))
    }

    fn is_key_taken(&mut self, client: &Client) -> Result<bool> {
        let Some(key) = client.settings.unique_key() else { return Ok(false) };
        Ok(self.tables.others(client.id).any(|other| other.settings.unique_key() == Some(key)))
    }

    fn put_client(&mut self, client: &Client) -> Result<()> {
        match self.tables.clients.iter_mut().find(|other| other.id == client.id) {
            Some(stored) => stored.clone_from(client),
            None => self.tables.clients.push(client.clone()),
        }
        Ok(())
    }
}
