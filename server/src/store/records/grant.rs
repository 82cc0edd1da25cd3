//! What an OAuth client was granted: kept with the session that the grant is.

use std::net::IpAddr;

use exeunt_core::{ClientId, Fingerprint, Mark, Moment, SessionId, Verdict};
use serde::{Deserialize, Serialize};

use super::{Raise, RaiseOutcome, Record};

/// What a client was granted. Who granted it, and what ends it, are the anchors of its session: a parent, a
/// consent, a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// How it came about.
    pub kind: GrantKind,
    /// Its scopes, in the order of the bits in its tokens.
    pub scopes: Vec<String>,
    /// Its resources, in the order of the numbers in its tokens.
    pub resources: Vec<String>,
    /// The browser session that it was made in, also if that is not its parent.
    pub made_in: Option<SessionId>,
    /// When its user proved who it is.
    pub authenticated_at: Option<Moment>,
}

/// How a grant came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantKind {
    /// A code was redeemed.
    AuthorizationCode,
    /// The client asked for itself.
    ClientCredentials,
}

impl Record {
    /// Of a session of client credentials: what only one living session has, made of its client, its scopes as a set and
    /// its resources as a set.
    pub fn sole_key(&self) -> Option<Fingerprint> {
        let grant = self.grant.as_ref().filter(|grant| grant.kind == GrantKind::ClientCredentials)?;
        let ClientId(client) = self.session.client()?;
        let mut bytes = client.to_vec();
        for list in [&grant.scopes, &grant.resources] {
            let mut texts: Vec<&String> = list.iter().collect();
            texts.sort();
            texts.dedup();
            // With their lengths: no two sets make the same bytes.
            bytes.extend((texts.len() as u64).to_be_bytes());
            for text in texts {
                bytes.extend((text.len() as u64).to_be_bytes());
                bytes.extend(text.as_bytes());
            }
        }
        Some(Fingerprint::of(&bytes))
    }
}

/// The last use of a refresh token or of a browser's cookie, kept beside its session as last-seen is. Tokens of an earlier
/// generation are superseded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// The highest generation used.
    pub number: u32,
    /// When it was used first.
    pub at: Moment,
    /// The address that used it first.
    pub from: Option<IpAddr>,
    /// The number of the sealing key of its successor.
    pub sealed_with: u32,
    /// The thumbprint of the key that it was bound to.
    pub thumbprint: Option<[u8; 32]>,
    /// How many generations in a row, up to this one, were presented from two addresses.
    pub doubled: u8,
    /// This one was.
    pub is_doubled: bool,
    /// When and how the user last proved who it is, if that was after the session was issued.
    pub proof: Option<Proof>,
}

/// That a user proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// When.
    pub at: Moment,
    /// How: a short word.
    pub how: String,
}

/// A refresh token or a browser's cookie that is presented to get the next one.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The session that it names.
    pub session: SessionId,
    /// The client that presents it.
    pub client: ClientId,
    /// Its generation.
    pub generation: u32,
    /// The thumbprint of the key that it is bound to.
    pub thumbprint: Option<[u8; 32]>,
    /// The number of the sealing key for its successor.
    pub seal_with: u32,
    /// It is answered again for so many seconds after its first use.
    pub again_secs: u32,
    /// A proof that comes with it; `None`: the one before stays.
    pub proof: Option<Proof>,
    /// The content of the mark if it is a reuse; the anchor and `known` are ignored, the time and the address are also
    /// those of the turn. The reuse of a cookie ends nothing: see `ends_reuse`.
    pub raise: Raise,
    /// Whether reuse ends the session.
    pub ends_reuse: bool,
}

/// What became of a turn.
#[derive(Clone, Debug)]
pub enum Turned {
    /// The generation is used now, for the first time.
    Next(Successor),
    /// It was used a moment ago: the same successor as then.
    Again(Successor),
    /// It was superseded: somebody else may have it. The session has ended.
    Reused(RaiseOutcome),
    /// The session is not alive.
    Dead(Verdict),
}

/// All that a successor is made of besides its session: the same values make the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Successor {
    /// Its generation.
    pub generation: u32,
    /// When its predecessor was used first.
    pub at: Moment,
    /// The number of its sealing key.
    pub sealed_with: u32,
}

impl Generation {
    /// What follows it; `None` after the last generation that a token can have.
    pub fn successor(&self) -> Option<Successor> {
        let generation = self.number.checked_add(1)?;
        Some(Successor { generation, at: self.at, sealed_with: self.sealed_with })
    }
}

impl Turned {
    /// The mark that it raised.
    pub fn mark(&self) -> Option<&Mark> {
        match self {
            Self::Reused(outcome) => Some(&outcome.mark),
            Self::Next(_) | Self::Again(_) | Self::Dead(_) => None,
        }
    }
}
