//! What a code contains, and its exact form.
//!
//! In this order, without gaps; *n* is a count, numbers are big-endian, times are milliseconds since 1970:
//!
//! | bytes | what |
//! |---|---|
//! | 16 | id of the session to be |
//! | 8, then 1 or 17 | place: its stamp; 0, or 1 and 16 bytes that complete it |
//! | 1 + 17 *n* | its anchors, at most 24: kind (1 byte) and id (16 bytes) |
//! | 1 + 17 *n* | anchors of the code alone, at most 24 |
//! | 6 | when its user proved who it is |
//! | 4, 4 | its idle and its absolute limit, in seconds; 0: none |
//! | 1 or 17; 1 or 17 | its parent; the session it was made in: 0, or 1 and an id |
//! | 1 + (2 + *n*) … | scopes, at most 64, each at most 255 bytes |
//! | 1 + (2 + *n*) … | resources, at most 8, each at most 512 bytes |
//! | 1 or 17 | address of the browser: 0, or 1 and an IPv6 address (IPv4 is mapped) |
//! | 1 or 3 + *n* | `User-Agent`: 0, or 1 and at most 256 bytes |
//! | 16, 16 | id of the client; incarnation of the store |
//! | 2 | number of the redirect address among those registered |
//! | 1 or 33 | challenge (RFC 7636, S256): 0, or 1 and a SHA-256 |
//! | 6 | until when the code is accepted |

use std::net::Ipv6Addr;

use exeunt_core::{ClientId, Moment, SessionId};

use super::super::codec::{Reader, Writer};

/// The most anchors in each of the two lists.
pub const ANCHORS_MAX: u8 = 24;
/// The most scopes: a token has one bit for each.
pub const SCOPES_MAX: u8 = 64;
/// The longest scope, in bytes.
pub const SCOPE_BYTES_MAX: u16 = 255;
/// The most resources.
pub const RESOURCES_MAX: u8 = 8;
/// The longest resource, in bytes.
pub const RESOURCE_BYTES_MAX: u16 = 512;
/// The longest `User-Agent`, in bytes.
pub const USER_AGENT_BYTES_MAX: u16 = 256;

/// Everything that redeeming a code needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeContents {
    /// The id of the session to be. It is unique, so a code is redeemed once.
    pub session: SessionId,
    /// The last place in the log of marks before any evidence was read.
    pub place: CodePlace,
    /// The anchors of the session to be.
    pub anchors: Vec<CodeAnchor>,
    /// What only the code depends on, such as the browser session if the grant outlives it.
    pub code_anchors: Vec<CodeAnchor>,
    /// When the user proved who it is.
    pub authenticated_at: Moment,
    /// The idle limit of the session to be, in seconds; 0: none.
    pub idle_secs: u32,
    /// The absolute limit of the session to be, in seconds; 0: none.
    pub absolute_secs: u32,
    /// Its parent.
    pub parent: Option<SessionId>,
    /// The browser session that it was made in.
    pub made_in: Option<SessionId>,
    /// The scopes of the grant, in the order of the bits in its tokens.
    pub scopes: Vec<String>,
    /// The resources of the grant, in the order of the numbers in its tokens.
    pub resources: Vec<String>,
    /// The address of the browser.
    pub from: Option<Ipv6Addr>,
    /// The `User-Agent` of the browser.
    pub user_agent: Option<String>,
    /// The client that may redeem it.
    pub client: ClientId,
    /// The incarnation of the store that it was made in, the only one where it is accepted.
    pub incarnation: [u8; 16],
    /// The number of the redirect address among those registered.
    pub redirect: u16,
    /// The S256 challenge, if the request had one.
    pub challenge: Option<[u8; 32]>,
    /// It is accepted before this time.
    pub until: Moment,
}

/// A place in the log of marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePlace {
    /// The stamp.
    pub stamp: u64,
    /// The batch of the log, in stores that have them.
    pub batch: Option<[u8; 16]>,
}

/// An anchor as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeAnchor {
    /// The number of its kind.
    pub kind: u8,
    /// Its id.
    pub id: [u8; 16],
}

impl CodeContents {
    /// Whether the code is no longer accepted at `now`. It is over at the exact millisecond.
    pub fn is_over(&self, now: Moment) -> bool {
        now >= self.until
    }

    /// Its bytes; `None` if a list or a text is too long, or a time is after the year 10888.
    pub fn write(&self) -> Option<Vec<u8>> {
        let mut writer = Writer(Vec::with_capacity(512));
        let to = &mut writer;
        to.bytes(&self.session.0).bytes(&self.place.stamp.to_be_bytes());
        to.optional(self.place.batch.as_ref(), write_array)?;
        to.list(&self.anchors, ANCHORS_MAX, write_anchor)?;
        to.list(&self.code_anchors, ANCHORS_MAX, write_anchor)?;
        to.moment(self.authenticated_at)?;
        to.bytes(&self.idle_secs.to_be_bytes()).bytes(&self.absolute_secs.to_be_bytes());
        to.optional(self.parent.as_ref(), write_session)?;
        to.optional(self.made_in.as_ref(), write_session)?;
        to.list(&self.scopes, SCOPES_MAX, |to, scope| to.text(scope, SCOPE_BYTES_MAX))?;
        to.list(&self.resources, RESOURCES_MAX, |to, resource| to.text(resource, RESOURCE_BYTES_MAX))?;
        to.optional(self.from.as_ref(), |to, from| write_array(to, &from.octets()))?;
        to.optional(self.user_agent.as_ref(), |to, agent| to.text(agent, USER_AGENT_BYTES_MAX))?;
        to.bytes(&self.client.0).bytes(&self.incarnation).bytes(&self.redirect.to_be_bytes());
        to.optional(self.challenge.as_ref(), write_array)?;
        to.moment(self.until)?;
        Some(writer.0)
    }

    /// Reads exactly what [`CodeContents::write`] writes.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let from = &mut reader;
        let contents = Self {
            session: SessionId(from.array()?),
            place: CodePlace {
                stamp: u64::from_be_bytes(from.array()?),
                batch: from.optional(Reader::array)?,
            },
            anchors: from.list(ANCHORS_MAX, read_anchor)?,
            code_anchors: from.list(ANCHORS_MAX, read_anchor)?,
            authenticated_at: from.moment()?,
            idle_secs: u32::from_be_bytes(from.array()?),
            absolute_secs: u32::from_be_bytes(from.array()?),
            parent: from.optional(Reader::array)?.map(SessionId),
            made_in: from.optional(Reader::array)?.map(SessionId),
            scopes: from.list(SCOPES_MAX, |from| from.text(SCOPE_BYTES_MAX))?,
            resources: from.list(RESOURCES_MAX, |from| from.text(RESOURCE_BYTES_MAX))?,
            from: from.optional(Reader::array::<16>)?.map(Ipv6Addr::from),
            user_agent: from.optional(|from| from.text(USER_AGENT_BYTES_MAX))?,
            client: ClientId(from.array()?),
            incarnation: from.array()?,
            redirect: u16::from_be_bytes(from.array()?),
            challenge: from.optional(Reader::array)?,
            until: from.moment()?,
        };
        reader.end()?;
        Some(contents)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a writer of an optional value may fail")]
fn write_array<const N: usize>(to: &mut Writer, bytes: &[u8; N]) -> Option<()> {
    to.bytes(bytes);
    Some(())
}

fn write_session(to: &mut Writer, id: &SessionId) -> Option<()> {
    write_array(to, &id.0)
}

fn write_anchor(to: &mut Writer, anchor: &CodeAnchor) -> Option<()> {
    to.bytes(&[anchor.kind]);
    write_array(to, &anchor.id)
}

fn read_anchor(from: &mut Reader<'_>) -> Option<CodeAnchor> {
    Some(CodeAnchor { kind: from.byte()?, id: from.array()? })
}
