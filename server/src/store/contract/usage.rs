//! Usage of the calls of a legacy dialect.

use exeunt_core::{ClientId, DialectName};

use super::fixture::{NOW, REALM, id};
use crate::error::Result;
use crate::store::{Store, Usage};

/// For each call and client the greatest count and the latest time stay, in whatever order they are written.
pub async fn usage_only_grows(store: &dyn Store) -> Result<()> {
    let usage = |client: Option<u64>, count, secs| Usage {
        realm: REALM,
        dialect: DialectName::new("videntity"),
        call: "login".to_owned(),
        client: client.map(|number| ClientId(id(number))),
        count,
        last_at: NOW.plus_secs(secs),
    };
    store.put_usage(vec![usage(None, 1, 0), usage(Some(1), 5, 9)]).await?;
    store.put_usage(vec![usage(Some(1), 7, 3), usage(None, 1, 0)]).await?;
    store
        .put_usage(vec![
            usage(Some(1), 6, 4),
            Usage { dialect: DialectName::new("rested"), ..usage(Some(1), 2, 2) },
        ])
        .await?;
    let mut all = store.usage().await?;
    all.sort_by_key(|usage| usage.count);
    let expected = [
        usage(None, 1, 0),
        Usage { dialect: DialectName::new("rested"), ..usage(Some(1), 2, 2) },
        usage(Some(1), 7, 9),
    ];
    assert_eq!(all, expected);
    Ok(())
}
