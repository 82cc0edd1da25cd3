//! Encodes values of the domain in columns: ids as bytes, enums as small numbers.

use std::net::IpAddr;

use exeunt_core::{
    Anchor, Anchors, By, ClientId, ConsentId, DialectName, KeyId, Mark, Moment, RealmId, SessionId, Stamp,
    UserId, Why,
};
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Error, Result, Row};

/// The kind of a session anchor: `marks_pulled` is an index of all others.
pub(super) const KIND_SESSION: u8 = 3;
/// The columns that [`mark`] reads.
pub(super) const MARK: &str = "stamp, kind, anchor, realm, why, by, via, source, at";
/// The number of these columns.
pub(super) const MARK_COLUMNS: usize = 9;

pub(super) const fn kind(anchor: Anchor) -> u8 {
    match anchor {
        Anchor::Realm(_) => 0,
        Anchor::Client(_) => 1,
        Anchor::User(_) => 2,
        Anchor::Session(_) => KIND_SESSION,
        Anchor::Consent(_) => 4,
    }
}

pub(super) fn anchor(kind: u8, id: [u8; 16]) -> Result<Anchor> {
    Ok(match kind {
        0 => Anchor::Realm(RealmId(id)),
        1 => Anchor::Client(ClientId(id)),
        2 => Anchor::User(UserId(id)),
        KIND_SESSION => Anchor::Session(SessionId(id)),
        4 => Anchor::Consent(ConsentId(id)),
        _ => return Err(corrupt("an unknown kind of anchor")),
    })
}

/// The kind and the id of each anchor, one after the other.
pub(super) fn write_anchors(anchors: &[Anchor]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(anchors.len() * ANCHOR_BYTES);
    for anchor in anchors {
        bytes.push(kind(*anchor));
        bytes.extend_from_slice(&anchor.id());
    }
    bytes
}

pub(super) fn read_anchors(bytes: &[u8]) -> Result<Anchors> {
    let (chunks, rest) = bytes.as_chunks::<ANCHOR_BYTES>();
    if !rest.is_empty() {
        return Err(corrupt("an incomplete anchor"));
    }
    chunks.iter().map(|chunk| tagged(chunk).and_then(|(kind, id)| anchor(kind, id))).collect()
}

const ANCHOR_BYTES: usize = 17;

pub(super) fn write_by(by: By) -> Option<Vec<u8>> {
    let (kind, id) = match by {
        By::System => return None,
        By::User(id) => (1, id.0),
        By::Client(id) => (2, id.0),
        By::Key(id) => (3, id.0),
    };
    Some([&[kind], &id[..]].concat())
}

pub(super) fn read_by(bytes: Option<&[u8]>) -> Result<By> {
    let Some(bytes) = bytes else { return Ok(By::System) };
    Ok(match tagged(bytes)? {
        (1, id) => By::User(UserId(id)),
        (2, id) => By::Client(ClientId(id)),
        (3, id) => By::Key(KeyId(id)),
        _ => return Err(corrupt("an unknown kind of caller")),
    })
}

fn tagged(bytes: &[u8]) -> Result<(u8, [u8; 16])> {
    let (kind, id) = bytes.split_first().ok_or_else(|| corrupt("an empty id"))?;
    Ok((*kind, id.try_into().map_err(|_| corrupt("an id of the wrong length"))?))
}

/// Four or sixteen bytes.
pub(super) fn write_address(address: Option<IpAddr>) -> Option<Vec<u8>> {
    address.map(|address| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    })
}

pub(super) fn read_address(bytes: Option<&[u8]>) -> Result<Option<IpAddr>> {
    let Some(bytes) = bytes else { return Ok(None) };
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let v6 = || <[u8; 16]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| v6()).map(Some).map_err(|_| corrupt("an address of the wrong length"))
}

/// The index of a reason in [`Why::ALL`].
pub(super) fn write_why(why: Why) -> usize {
    Why::ALL.iter().position(|other| *other == why).unwrap_or_default()
}

pub(super) fn mark(row: &Row<'_>) -> Result<Mark> {
    Ok(Mark {
        at: Stamp::from_number(row.get(0)?),
        anchor: anchor(row.get(1)?, row.get(2)?)?,
        realm: RealmId(row.get(3)?),
        why: *Why::ALL.get(row.get::<_, usize>(4)?).ok_or_else(|| corrupt("an unknown reason"))?,
        by: read_by(row.get_ref(5)?.as_blob_or_null()?)?,
        via: DialectName::new(row.get_ref(6)?.as_str()?),
        from: read_address(row.get_ref(7)?.as_blob_or_null()?)?,
        when: moment(row, 8)?,
    })
}

pub(super) fn moment(row: &Row<'_>, column: usize) -> Result<Moment> {
    row.get(column).map(Moment::from_millis)
}

/// A number for a bound: larger numbers than a column can hold become the largest.
pub(super) fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The error for a stored value that this program cannot have written.
pub(super) fn corrupt(what: &'static str) -> Error {
    Error::FromSqlConversionFailure(0, Type::Blob, FromSqlError::Other(what.into()).into())
}
