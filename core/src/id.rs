//! Ids: 16 bytes each, written as 32 lower-case hexadecimal digits.
//!
//! An id is public and never a secret. Each kind has its own type, so that one cannot be passed for another.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The text is not an id: it is not exactly 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is 32 hexadecimal digits")
    }
}

impl std::error::Error for NotAnId {}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// The id as 32 lower-case hexadecimal digits, in ASCII.
            pub fn digits(&self) -> [u8; 32] {
                let mut text = [0; 32];
                write_hex(&self.0, &mut text);
                text
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(std::str::from_utf8(&self.digits()).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                read_hex(text).map(Self)
            }
        }
    };
}

id!(
    /// A realm: an isolated tenant with its own users, clients, sessions and keys.
    RealmId
);
id!(
    /// A client: an application that sessions are used with.
    ClientId
);
id!(
    /// A user: a person who logs in. The id outlives the person's data.
    UserId
);
id!(
    /// A consent: that a user has allowed a client to act for them. [`ConsentId::of`] derives it from both.
    ConsentId
);
id!(
    /// A session. Session ids grow with the time of issue, so that indexes over them grow at their end.
    SessionId
);
id!(
    /// A key: the credential of a caller of the native API.
    KeyId
);

impl ConsentId {
    /// The consent of this user to this client: one, whether or not it was given, and the same when it is given again.
    pub fn of(user: UserId, client: ClientId) -> Self {
        let digest =
            Sha256::new().chain_update("consent").chain_update(user.0).chain_update(client.0).finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }
}

fn write_hex(bytes: &[u8; 16], text: &mut [u8; 32]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (digits, byte) in text.chunks_exact_mut(2).zip(bytes) {
        digits[0] = DIGITS[usize::from(byte >> 4)];
        digits[1] = DIGITS[usize::from(byte & 15)];
    }
}

/// Reads two digits for each byte, in upper or lower case.
pub(crate) fn read_hex<const N: usize>(text: &str) -> Result<[u8; N], NotAnId> {
    if text.len() != 2 * N {
        return Err(NotAnId);
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(digits[0])? << 4 | digit(digits[1])?;
    }
    Ok(bytes)
}

fn digit(letter: u8) -> Result<u8, NotAnId> {
    char::from(letter).to_digit(16).and_then(|value| u8::try_from(value).ok()).ok_or(NotAnId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_writes() {
        let id = UserId([0, 1, 2, 0xff, 0x10, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(id.to_string(), "000102ff100506070809 0a0b0c0d0e0f".replace(' ', ""));
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn a_consent_is_of_one_user_to_one_client() {
        let of = |user, client| ConsentId::of(UserId([user; 16]), ClientId([client; 16]));
        assert_eq!(of(1, 2), of(1, 2));
        assert!(of(1, 2) != of(2, 1) && of(1, 2) != of(1, 3) && of(1, 2) != of(3, 2));
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in ["", "0", "g00102ff1005060708090a0b0c0d0e0f", "+00102ff1005060708090a0b0c0d0e0f", "é"] {
            assert_eq!(text.parse::<UserId>(), Err(NotAnId), "{text}");
        }
    }
}
