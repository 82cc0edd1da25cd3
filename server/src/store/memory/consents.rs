//! The rows of consents and of sealing keys.

use exeunt_core::{ConsentId, RealmId};

use super::rows::Transaction;
use crate::error::Result;
use crate::store::rules::consents::ConsentRows;
use crate::store::{Consent, WrappedKey};

impl<'a> ConsentRows<'a> for Transaction<'a> {
    fn consent(&mut self, id: ConsentId) -> Result<Option<Consent>> {
        Ok(self.tables.consents.values().find(|consent| consent.id() == id).cloned())
    }

    fn put_consent(&mut self, consent: &Consent) -> Result<u64> {
        self.delete_consent(consent.id())?;
        self.tables.last_consent += 1;
        let version = self.tables.last_consent;
        self.tables.consents.insert(version, Consent { version, ..consent.clone() });
        Ok(version)
    }

    fn delete_consent(&mut self, id: ConsentId) -> Result<()> {
        self.tables.consents.retain(|_, consent| consent.id() != id);
        Ok(())
    }

    fn keys(&mut self, realm: RealmId) -> Result<Vec<WrappedKey>> {
        Ok(self.tables.sealing.values().filter(|key| key.realm == realm).cloned().collect())
    }

    fn put_key(&mut self, key: &WrappedKey) -> Result<()> {
        self.tables.sealing.insert((key.realm, key.number), key.clone());
        Ok(())
    }

    fn delete_keys(&mut self, realm: RealmId, before: u32) -> Result<()> {
        self.tables.sealing.retain(|(other, number), _| *other != realm || *number >= before);
        Ok(())
    }
}
