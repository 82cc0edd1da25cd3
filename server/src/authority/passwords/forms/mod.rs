//! The forms of password hashes. New hashes are argon2id; hashes of other systems are read, and renewed at the next
//! login if the password was verified as a whole.
//!
//! A stored hash states how much memory and time it needs. The limits below keep a hostile or mistaken one from using
//! all of either: such a hash never matches.

mod foreign;

use std::hint::black_box;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use phc::{Ident, Output, ParamsString, Salt};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use super::costs::Family;
use super::{Password, Verified};
use crate::error::{Error, Result};
use crate::store::PasswordHash;

/// Memory of our hashes, in KiB: 19 MiB (OWASP's first choice for argon2id, a smaller variant of RFC 9106 §4).
const MEMORY_KIB: u32 = 19_456;
/// Passes over that memory.
const PASSES: u32 = 2;
/// Lanes; a verification runs on one thread anyway.
const LANES: u32 = 1;
/// Output length of our hashes.
const OUTPUT_BYTES: usize = 32;

/// The most memory that a stored hash may need, in KiB: 128 MiB, for scrypt with N = 2^17 and r = 8.
const MEMORY_KIB_MAX: u32 = 128 * 1024;
/// The most argon2 work: KiB of memory times passes.
const ARGON2_WORK_MAX: u32 = 1024 * 1024;
/// The most lanes of argon2.
const ARGON2_LANES_MAX: u32 = 16;
/// The most scrypt work: N · r · p, four times what is usual today.
const SCRYPT_WORK_MAX: u64 = 1 << 22;
/// The most rounds of PBKDF2; OWASP asks for 1.3 million with SHA-1.
const PBKDF2_ROUNDS_MAX: u32 = 2_000_000;
/// The lowest cost of bcrypt.
const BCRYPT_COST_MIN: u32 = 4;
/// The highest cost of bcrypt, the logarithm of its rounds.
const BCRYPT_COST_MAX: u32 = 15;

/// The bytes of a password that bcrypt reads, including the NUL after it.
const BCRYPT_BYTES: usize = 72;

/// The salt for checks of unknown users.
const NOBODYS_SALT: [u8; 16] = *b"nobody's salt...";
/// The prefix of hashes made here.
pub(super) const OURS: &str = "$argon2id$v=19$m=19456,t=2,p=1$";
/// A hash of the form made here that matches no password.
pub(super) const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The memory of one thread, reused between verifications.
#[derive(Default)]
pub(super) struct Argon2Blocks(Vec<Block>);

/// Checks a password against a stored hash. Without a hash, or with an unreadable one, it takes as long as for one made
/// here and does not match.
pub(super) fn verify(
    hash: Option<&PasswordHash>,
    password: &Password,
    memory: &mut Argon2Blocks,
) -> Verified {
    let form = hash.and_then(|hash| match Form::read(&hash.0) {
        Ok(form) => Some(form),
        Err(unusable) => {
            tracing::warn!(reason = unusable.reason(), "a stored password hash cannot be used");
            None
        }
    });
    let text = password.expose().unwrap_or_default().as_bytes();
    let Some(form) = form else {
        black_box(ours().and_then(|argon2| fill(&argon2, text, &NOBODYS_SALT, OUTPUT_BYTES, memory)));
        return Verified::WRONG;
    };
    let right = form.matches(text, memory) & password.expose().is_some();
    Verified { right, renewable: right && !form.is_ours() && form.reads_whole(text) }
}

/// The family of a hash, and its work within the family; `None` for an unusable hash.
pub(super) fn work(hash: &PasswordHash) -> Option<(Family, u64)> {
    Form::read(&hash.0).ok().map(|form| form.work())
}

/// Checks whether [`verify`] can use this hash; if not, returns the reason.
pub(super) fn must_be_usable(hash: &PasswordHash) -> Result<(), &'static str> {
    Form::read(&hash.0).map(drop).map_err(Unusable::reason)
}

/// Hashes a new password.
pub(super) fn hash(password: &Password, salt: [u8; 16], memory: &mut Argon2Blocks) -> Result<PasswordHash> {
    let text = password.expose().unwrap_or_default().as_bytes();
    let params = format!("m={MEMORY_KIB},t={PASSES},p={LANES}");
    let hash = ours()
        .and_then(|argon2| fill(&argon2, text, &salt, OUTPUT_BYTES, memory))
        .ok_or_else(|| Error::internal("argon2 rejected its parameters or could not allocate memory"))?;
    let hash = phc::PasswordHash {
        algorithm: Ident::new("argon2id").map_err(Error::internal)?,
        version: Some(Version::V0x13.into()),
        params: params.parse().map_err(Error::internal)?,
        salt: Some(Salt::new(&salt).map_err(Error::internal)?),
        hash: Some(hash),
    };
    Ok(PasswordHash(hash.to_string()))
}

/// A stored hash, parsed and within the limits.
enum Form {
    Argon2 {
        argon2: Argon2<'static>,
        ours: bool,
        salt: Salt,
        output: Output,
    },
    Scrypt {
        params: scrypt::Params,
        salt: Salt,
        output: Output,
    },
    Pbkdf2 {
        digest: Digest,
        rounds: u32,
        salt: Salt,
        output: Output,
    },
    Bcrypt(String),
    /// bcrypt over the SHA-256 of the password, in hexadecimal digits.
    BcryptSha256(String),
}

/// The digest under PBKDF2.
#[derive(Clone, Copy)]
enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

/// Why a stored hash never matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unusable {
    Unknown,
    TooCostly,
}

impl Unusable {
    const fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "its format is not known",
            Self::TooCostly => "its parameters need too much memory or time",
        }
    }
}

impl Form {
    /// Reads `$argon2id$…`, `$argon2i$…`, `$argon2d$…`, `$scrypt$…`, `$pbkdf2-sha1|sha256|sha512$…` (PHC string
    /// format), `$2a$…`, `$2b$…`, `$2y$…` (bcrypt), and the forms of frameworks in [`foreign`]. `$2x$` marks hashes of a
    /// broken bcrypt and is not read.
    fn read(text: &str) -> Result<Self, Unusable> {
        if ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix)) {
            return Self::bcrypt(text);
        }
        if let Some(read) = foreign::read(text) {
            return read;
        }
        let hash = phc::PasswordHash::new(text).map_err(|_| Unusable::Unknown)?;
        let salt = hash.salt.ok_or(Unusable::Unknown)?;
        let output = hash.hash.ok_or(Unusable::Unknown)?;
        let version = hash.version;
        let argon2 = |algorithm| Self::argon2(algorithm, version, &hash.params, salt, output);
        let pbkdf2 = |digest| Self::pbkdf2(digest, &hash.params, salt, output);
        match (hash.algorithm.as_str(), version) {
            ("argon2id", _) => argon2(Algorithm::Argon2id),
            ("argon2i", _) => argon2(Algorithm::Argon2i),
            ("argon2d", _) => argon2(Algorithm::Argon2d),
            ("scrypt", None) => Self::scrypt(&hash.params, salt, output),
            ("pbkdf2-sha1", None) => pbkdf2(Digest::Sha1),
            ("pbkdf2-sha256", None) => pbkdf2(Digest::Sha256),
            ("pbkdf2-sha512", None) => pbkdf2(Digest::Sha512),
            _ => Err(Unusable::Unknown),
        }
    }

    fn argon2(
        algorithm: Algorithm,
        version: Option<u32>,
        params: &ParamsString,
        salt: Salt,
        output: Output,
    ) -> Result<Self, Unusable> {
        let [kib, passes, lanes] = numbers(params, ["m", "t", "p"], &[])?;
        // Hashes made before version 1.3 carry no version.
        let version = Version::try_from(version.unwrap_or(0x10)).map_err(|_| Unusable::Unknown)?;
        let work = kib.saturating_mul(passes);
        if kib > MEMORY_KIB_MAX || lanes > ARGON2_LANES_MAX || work > ARGON2_WORK_MAX {
            return Err(Unusable::TooCostly);
        }
        let params = Params::new(kib, passes, lanes, Some(output.len())).map_err(|_| Unusable::Unknown)?;
        let ours = (algorithm, version) == (Algorithm::Argon2id, Version::V0x13)
            && (kib, passes, lanes) == (MEMORY_KIB, PASSES, LANES)
            && output.len() == OUTPUT_BYTES;
        Ok(Self::Argon2 { argon2: Argon2::new(algorithm, version, params), ours, salt, output })
    }

    fn scrypt(params: &ParamsString, salt: Salt, output: Output) -> Result<Self, Unusable> {
        let [log_n, r, p] = numbers(params, ["ln", "r", "p"], &[])?;
        Ok(Self::Scrypt { params: scrypt_params(log_n, r, p)?, salt, output })
    }

    fn pbkdf2(digest: Digest, params: &ParamsString, salt: Salt, output: Output) -> Result<Self, Unusable> {
        let [rounds] = numbers(params, ["i"], &["l"])?;
        match rounds {
            0 => Err(Unusable::Unknown),
            1..=PBKDF2_ROUNDS_MAX => Ok(Self::Pbkdf2 { digest, rounds, salt, output }),
            _ => Err(Unusable::TooCostly),
        }
    }

    fn bcrypt(text: &str) -> Result<Self, Unusable> {
        let parts: bcrypt::HashParts = text.parse().map_err(|_| Unusable::Unknown)?;
        match parts.get_cost() {
            ..BCRYPT_COST_MIN => Err(Unusable::Unknown),
            BCRYPT_COST_MIN..=BCRYPT_COST_MAX => Ok(Self::Bcrypt(text.to_owned())),
            _ => Err(Unusable::TooCostly),
        }
    }

    /// Whether the password matches; compared in constant time.
    fn matches(&self, text: &[u8], memory: &mut Argon2Blocks) -> bool {
        match self {
            Self::Argon2 { argon2, salt, output, .. } => {
                fill(argon2, text, salt, output.len(), memory).as_ref() == Some(output)
            }
            Self::Scrypt { params, salt, output } => {
                let made = Output::init_with(output.len(), |bytes| {
                    scrypt::scrypt(text, salt, params, bytes).map_err(|_| phc::Error::ValueTooLong)
                });
                made.as_ref() == Ok(output)
            }
            Self::Pbkdf2 { digest, rounds, salt, output } => {
                let made = Output::init_with(output.len(), |bytes| {
                    digest.pbkdf2(text, salt, *rounds, bytes);
                    Ok(())
                });
                made.as_ref() == Ok(output)
            }
            // bcrypt itself reads only the first 72 bytes.
            Self::Bcrypt(hash) => bcrypt::verify(text, hash).unwrap_or(false),
            Self::BcryptSha256(hash) => {
                let digits: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
                bcrypt::verify(digits, hash).unwrap_or(false)
            }
        }
    }

    /// Whether it has the form made here. A more expensive one does not: its time would reveal which users exist.
    const fn is_ours(&self) -> bool {
        matches!(self, Self::Argon2 { ours: true, .. })
    }

    /// Whether only the password that was hashed can match. If another one could, it must not replace the right one.
    fn reads_whole(&self, text: &[u8]) -> bool {
        match self {
            Self::Argon2 { .. } | Self::BcryptSha256(_) => true,
            // bcrypt reads only the beginning of a longer password.
            Self::Bcrypt(_) => text.len() < BCRYPT_BYTES,
            // HMAC replaces a key longer than its block by the key's digest.
            Self::Scrypt { .. } => !may_be_a_digest(text, Digest::Sha256),
            Self::Pbkdf2 { digest, .. } => !may_be_a_digest(text, *digest),
        }
    }

    fn work(&self) -> (Family, u64) {
        match self {
            Self::Argon2 { argon2, .. } => {
                let params = argon2.params();
                (Family::Argon2, u64::from(params.m_cost()) * u64::from(params.t_cost()))
            }
            Self::Scrypt { params, .. } => {
                (Family::Scrypt, (1 << params.log_n()) * u64::from(params.r()) * u64::from(params.p()))
            }
            Self::Pbkdf2 { digest, rounds, output, .. } => {
                let blocks = output.len().div_ceil(digest.bytes()) as u64;
                (digest.family(), u64::from(*rounds) * blocks)
            }
            Self::Bcrypt(hash) | Self::BcryptSha256(hash) => {
                let cost = hash.parse::<bcrypt::HashParts>().map_or(0, |parts| parts.get_cost());
                (Family::Bcrypt, 1 << cost)
            }
        }
    }
}

/// Whether this may be the digest of another password, judged by its length; text of printable ASCII is assumed to be
/// none.
fn may_be_a_digest(text: &[u8], digest: Digest) -> bool {
    let plain = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    text.len() == digest.bytes() && !text.iter().all(plain)
}

impl Digest {
    const fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    const fn family(self) -> Family {
        match self {
            Self::Sha1 => Family::Pbkdf2Sha1,
            Self::Sha256 => Family::Pbkdf2Sha256,
            Self::Sha512 => Family::Pbkdf2Sha512,
        }
    }

    fn pbkdf2(self, text: &[u8], salt: &[u8], rounds: u32, bytes: &mut [u8]) {
        match self {
            Self::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(text, salt, rounds, bytes),
            Self::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(text, salt, rounds, bytes),
            Self::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(text, salt, rounds, bytes),
        }
    }
}

fn scrypt_params(log_n: u32, r: u32, p: u32) -> Result<scrypt::Params, Unusable> {
    let n = 1_u64.checked_shl(log_n).ok_or(Unusable::TooCostly)?;
    let blocks = n.saturating_mul(r.into());
    let lanes = u64::from(r) * u64::from(p);
    // Both are in units of 128 bytes, eight to a KiB.
    let memory_max = u64::from(MEMORY_KIB_MAX) * 8;
    if blocks.max(lanes) > memory_max || blocks.saturating_mul(p.into()) > SCRYPT_WORK_MAX {
        return Err(Unusable::TooCostly);
    }
    let log_n = u8::try_from(log_n).map_err(|_| Unusable::TooCostly)?;
    scrypt::Params::new(log_n, r, p).map_err(|_| Unusable::Unknown)
}

/// Argon2 with the parameters of our hashes.
fn ours() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_BYTES)).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Runs Argon2 in the thread's own memory. A foreign hash that needs more gets temporary memory, so that one such user
/// does not make every thread large for good.
fn fill(
    argon2: &Argon2<'_>,
    text: &[u8],
    salt: &[u8],
    bytes: usize,
    memory: &mut Argon2Blocks,
) -> Option<Output> {
    let count = argon2.params().block_count();
    let mut once = Vec::new();
    let usual = MEMORY_KIB as usize;
    let blocks = if count <= usual { &mut memory.0 } else { &mut once };
    if blocks.len() < count {
        let more = count.max(usual) - blocks.len();
        blocks.try_reserve_exact(more).ok()?;
        blocks.resize(blocks.len() + more, Block::new());
    }
    Output::init_with(bytes, |out| {
        let filled = argon2.hash_password_into_with_memory(text, salt, out, blocks.as_mut_slice());
        filled.map_err(|_| phc::Error::ValueTooLong)
    })
    .ok()
}

/// The values of exactly these parameters; `optional` ones may be present and are ignored.
fn numbers<const N: usize>(
    params: &ParamsString,
    names: [&str; N],
    optional: &[&str],
) -> Result<[u32; N], Unusable> {
    let known = |name: &str| names.contains(&name) || optional.contains(&name);
    if !params.iter().all(|(name, _)| known(name.as_str())) {
        return Err(Unusable::Unknown);
    }
    let mut numbers = [0; N];
    for (number, name) in numbers.iter_mut().zip(names) {
        *number = params.get_decimal(name).ok_or(Unusable::Unknown)?;
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests;
