//! The rows of users and clients, as the decisions that all stores share read and write them.

use exeunt_core::{ClientId, RealmId, UserId};

use super::batch::Batch;
use super::{clients, identifiers, users};
use crate::error::Result;
use crate::store::rules::accounts::AccountRows;
use crate::store::{Client, Identifier, User, Usernames};

impl<'a> AccountRows<'a> for Batch<'a> {
    fn user(&mut self, id: UserId) -> Result<Option<User>> {
        users::by_id(self.conn, id)
    }

    fn next_number(&mut self) -> Result<u64> {
        users::next_number(self.conn)
    }

    fn usernames(&mut self, realm: RealmId) -> Result<Usernames> {
        Ok(identifiers::usernames(self.conn, realm)?)
    }

    fn is_taken(&mut self, user: &User, identifier: &Identifier, usernames: Usernames) -> Result<bool> {
        identifiers::is_taken(self.conn, user, identifier, usernames)
    }

    fn is_look_alike(&mut self, user: &User, identifier: &Identifier) -> Result<bool> {
        identifiers::is_look_alike(self.conn, user, identifier)
    }

    fn put_user(&mut self, before: Option<&User>, user: &User) -> Result<()> {
        identifiers::replace(self.conn, before, user)?;
        users::put(self.conn, user)
    }

    fn delete_consents(&mut self, user: UserId) -> Result<()> {
        self.conn.prepare_cached("DELETE FROM consents WHERE user = ?")?.execute([user.0])?;
        Ok(())
    }

    fn client_version(&mut self, id: ClientId) -> Result<u64> {
        clients::version(self.conn, id)
    }

    fn is_name_taken(&mut self, client: &Client) -> Result<bool> {
        clients::is_name_taken(self.conn, client)
    }

    fn is_key_taken(&mut self, client: &Client) -> Result<bool> {
        clients::is_key_taken(self.conn, client)
    }

    fn put_client(&mut self, client: &Client) -> Result<()> {
        clients::put(self.conn, client)
    }
}
