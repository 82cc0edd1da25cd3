//! Hashes in the forms of frameworks: Django (`django.contrib.auth.hashers`), passlib, Werkzeug. PHP's `password_hash`
//! makes bcrypt or PHC strings, which are read as such.

use phc::{Output, Salt};

use super::{Digest, Form, PBKDF2_ROUNDS_MAX, Unusable, scrypt_params};

/// Reads a framework's form; `None` if the text has none of their prefixes.
pub(super) fn read(text: &str) -> Option<Result<Form, Unusable>> {
    if let Some(rest) = text.strip_prefix("argon2$") {
        // Django's prefix replaces the leading `$` of a PHC string.
        return Some(if rest.starts_with("argon2") { Form::read(&format!("${rest}")) } else { UNKNOWN });
    }
    if let Some(rest) = text.strip_prefix("bcrypt$") {
        return Some(Form::bcrypt(rest));
    }
    if let Some(rest) = text.strip_prefix("bcrypt_sha256$") {
        return Some(Form::bcrypt(rest).map(|_| Form::BcryptSha256(rest.to_owned())));
    }
    let pieces: Vec<&str> = text.split('$').collect();
    match *pieces {
        [method @ ("pbkdf2_sha256" | "pbkdf2_sha1"), rounds, salt, hash] => {
            let digest = if method == "pbkdf2_sha1" { Digest::Sha1 } else { Digest::Sha256 };
            Some(pbkdf2(digest, rounds, Salt::new(salt.as_bytes()), base64(hash)))
        }
        ["scrypt", n, salt, r, p, hash] => Some(scrypt([n, r, p], salt, base64(hash))),
        ["", method @ ("pbkdf2" | "pbkdf2-sha256" | "pbkdf2-sha512"), rounds, salt, hash]
            if rounds.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            let digest = match method {
                "pbkdf2" => Digest::Sha1,
                "pbkdf2-sha256" => Digest::Sha256,
                _ => Digest::Sha512,
            };
            Some(pbkdf2(digest, rounds, Salt::from_b64(&standard(salt)), base64(&standard(hash))))
        }
        [method, salt, hash] => werkzeug(method, salt, hash),
        _ => None,
    }
}

const UNKNOWN: Result<Form, Unusable> = Err(Unusable::Unknown);

/// `scrypt:N:r:p$salt$hex` and `pbkdf2:digest:rounds$salt$hex`.
fn werkzeug(method: &str, salt: &str, hash: &str) -> Option<Result<Form, Unusable>> {
    let pieces: Vec<&str> = method.split(':').collect();
    match *pieces {
        ["scrypt", n, r, p] => Some(scrypt([n, r, p], salt, hex(hash))),
        ["pbkdf2", digest, rounds] => {
            let digest = match digest {
                "sha1" => Digest::Sha1,
                "sha256" => Digest::Sha256,
                "sha512" => Digest::Sha512,
                _ => return Some(UNKNOWN),
            };
            Some(pbkdf2(digest, rounds, Salt::new(salt.as_bytes()), hex(hash)))
        }
        _ => None,
    }
}

fn pbkdf2(
    digest: Digest,
    rounds: &str,
    salt: phc::Result<Salt>,
    output: Option<Output>,
) -> Result<Form, Unusable> {
    let (Ok(salt), Some(output)) = (salt, output) else { return UNKNOWN };
    match rounds.parse::<u32>() {
        Err(_) | Ok(0) => UNKNOWN,
        Ok(rounds @ 1..=PBKDF2_ROUNDS_MAX) => Ok(Form::Pbkdf2 { digest, rounds, salt, output }),
        Ok(_) => Err(Unusable::TooCostly),
    }
}

/// Both Django and Werkzeug write N itself, not its logarithm.
fn scrypt(params: [&str; 3], salt: &str, output: Option<Output>) -> Result<Form, Unusable> {
    let mut numbers = [0_u32; 3];
    for (number, text) in numbers.iter_mut().zip(params) {
        *number = text.parse().map_err(|_| Unusable::Unknown)?;
    }
    let [n, r, p] = numbers;
    let (Ok(salt), Some(output)) = (Salt::new(salt.as_bytes()), output) else { return UNKNOWN };
    if !n.is_power_of_two() {
        return UNKNOWN;
    }
    Ok(Form::Scrypt { params: scrypt_params(n.ilog2(), r, p)?, salt, output })
}

fn base64(text: &str) -> Option<Output> {
    Output::decode(text.trim_end_matches('=')).ok()
}

/// passlib writes `.` instead of `+`.
fn standard(text: &str) -> String {
    text.replace('.', "+")
}

fn hex(text: &str) -> Option<Output> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    let bytes = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok());
    Output::new(&bytes.collect::<Option<Vec<u8>>>()?).ok()
}
