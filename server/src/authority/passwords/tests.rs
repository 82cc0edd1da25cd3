use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use super::*;
use crate::error::{Kind, Unavailability};

const TYPED: &str = "correct horse é";

/// Made by argon2-cffi, CPython's hashlib and the bcrypt package of PyPI, then by Django 5.2, passlib 1.7 and Werkzeug 3.1
/// of PyPI, and `password_hash` of PHP 8.2, all from [`TYPED`]; and whether the form is one to renew.
const HASHES: [(&str, bool); 28] = [
    (
        "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$XmpwLTmTLPmsjUzovLvSIQlo2wzeGgSnLq2V+Cf/pSc",
        false,
    ),
    ("$argon2i$v=19$m=8192,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$Box1C3Z7lzTUxiDojfyc+AFSQ/yrlH6YRmUiyVWhOm8", true),
    ("$argon2d$v=19$m=8192,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$VA/CAmLW/lZJbWRmSdyxlXFEkYXQG+MLlU2O7UkdPxY", true),
    (
        "$argon2id$v=19$m=4096,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$n+6knw4MC8dHbPwExdz07MjsILhUi0aLXi3HqQ/jiBI",
        true,
    ),
    (
        "$argon2id$v=16$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$ac0bDE2L3kD1dRwA+bqgoGUhIfJrlmsZtxw8/0j5SaA",
        true,
    ),
    ("$argon2id$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$ac0bDE2L3kD1dRwA+bqgoGUhIfJrlmsZtxw8/0j5SaA", true),
    ("$scrypt$ln=12,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$ll+rSYRK+i1iznr+qEHmaWrv8vP/fdpX5b+i65rQ+BI", true),
    ("$pbkdf2-sha256$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$4XDspDRv/7n9wuJfaGpXw8XZEL0JUuwJpcZGQDTRGhM", true),
    (
        "$pbkdf2-sha512$i=1000,l=64$MDEyMzQ1Njc4OWFiY2RlZg$lMuq/dD69/JAImt7RaDYGM25rtD5Auvr3mm9jR3Ilk4Zw1CzcJn2+q42ann7KVfa1AKnrfJ5FjPq7lcdxlv8ZQ",
        true,
    ),
    ("$pbkdf2-sha1$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$luj/dfvocExw3xl+r2xiB4MgltY", true),
    ("$2a$04$8KFWzLBgAllvJKs5/NkryOT7l/MJdQ9IflSPGs7mDAgUZhu9Im5Em", true),
    ("$2b$04$8KFWzLBgAllvJKs5/NkryOT7l/MJdQ9IflSPGs7mDAgUZhu9Im5Em", true),
    ("$2y$04$8KFWzLBgAllvJKs5/NkryOT7l/MJdQ9IflSPGs7mDAgUZhu9Im5Em", true),
    ("pbkdf2_sha256$1000$saltsaltsaltsalt$vziugTYXn+vq18wXgJqgh9qsyB3sQnHKAWx1PZZ1kkA=", true),
    ("pbkdf2_sha1$1000$saltsaltsaltsalt$nrzvkouyv/SqEfwhHZY1HNqT++A=", true),
    (
        "argon2$argon2id$v=19$m=8192,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$9NrKHyIK2GBknygLhmswLZkOUJUDx/25PzDbuBDGgjU",
        true,
    ),
    ("bcrypt_sha256$$2b$04$8KFWzLBgAllvJKs5/NkryOd/WhfBnJsrY1Xoj//yo8Et0RuqwonSO", true),
    ("bcrypt$$2b$04$8KFWzLBgAllvJKs5/NkryOT7l/MJdQ9IflSPGs7mDAgUZhu9Im5Em", true),
    (
        "scrypt$4096$saltsaltsaltsalt$8$1$tDPxJnxSOE3J0iayp6qmZzQEJIzlIcPa0G909MoZ83D2qxdbBF/vHiKkUzBzd1SKsZ9B5BmDnYdqt5Qlux8DLQ==",
        true,
    ),
    ("$pbkdf2-sha256$1000$MDEyMzQ1Njc4OWFiY2RlZg$4XDspDRv/7n9wuJfaGpXw8XZEL0JUuwJpcZGQDTRGhM", true),
    (
        "$pbkdf2-sha512$1000$MDEyMzQ1Njc4OWFiY2RlZg$lMuq/dD69/JAImt7RaDYGM25rtD5Auvr3mm9jR3Ilk4Zw1CzcJn2.q42ann7KVfa1AKnrfJ5FjPq7lcdxlv8ZQ",
        true,
    ),
    ("$pbkdf2$1000$MDEyMzQ1Njc4OWFiY2RlZg$luj/dfvocExw3xl.r2xiB4MgltY", true),
    (
        "scrypt:4096:8:1$kfLY7Ifqs86WlXtT$7c411ff5e29b7050091b3ae9f5b2f91af1636fe481082fa2f40b432f92cf2fc2e1286a3f2f0dc0827bf412aa61c8812fa968529c169788011966d530659f10f0",
        true,
    ),
    (
        "pbkdf2:sha256:1000$Vg74ufwixI1CYbPD$cf4880b396517d4f6aa20ca306601a21d86ba8638defd10308fee4adfa61430d",
        true,
    ),
    (
        "pbkdf2:sha512:1000$pbMqhmkqvgmyqSHz$2e2a6985f5377881ea639eee6f02b7e52e4750458ae21cc87fb0fbef7013878c84eb2adcac20d9d12100525cea386b92f79517d154a0a12df615527545cf2f74",
        true,
    ),
    ("$2y$04$5y92yDgLQ6RRjOxF59YdXuEeZkRw8BoNicGq2XwhPkdjbsLiQkaVm", true),
    ("$argon2i$v=19$m=8192,t=2,p=1$ZS9jaXBkY1pIWGRIQTFnUQ$DafNVInHpkp5Jv1b6G6tgvTJDqWL7I5UbFmVqTVVmcQ", true),
    (
        "$argon2id$v=19$m=65536,t=4,p=1$aVQzVkFJUGtQUHF0bUJyMg$l0B4yWKMpnwDe0TXv5QbZQFVRfsCLGiqkvbYW9WkD4A",
        true,
    ),
];

fn start(limits: PasswordLimits) -> Result<Passwords> {
    Passwords::start(limits, Env::system())
}

const SMALL: PasswordLimits = PasswordLimits { threads: 1, queue: 1 };

fn stored(text: &str) -> Option<PasswordHash> {
    Some(PasswordHash(text.to_owned()))
}

/// Whether the future is pending after one poll: by then its job is in the queue.
async fn waits<F: Future>(future: &mut Pin<&mut F>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

#[tokio::test]
async fn every_form_knows_its_password_and_no_other() {
    let passwords = start(PasswordLimits::default()).unwrap();
    for (hash, renewable) in HASHES {
        let right = passwords.verify(stored(hash), Password::new(TYPED)).await.unwrap();
        assert_eq!(right, Verified { right: true, renewable }, "{hash}");
        for typed in ["correct horse", "", "correct horse é\0"] {
            let wrong = passwords.verify(stored(hash), Password::new(typed)).await.unwrap();
            assert_eq!(wrong, Verified::WRONG, "{hash} {typed:?}");
        }
    }
}

#[tokio::test]
async fn what_is_hashed_here_is_right_here_and_not_to_be_renewed() {
    let passwords = start(SMALL).unwrap();
    let hash = passwords.hash(Password::new(TYPED), *b"0123456789abcdef").await.unwrap();
    assert_eq!(hash.0, HASHES[0].0, "the same as argon2-cffi makes");
    let found = passwords.verify(Some(hash), Password::new(TYPED)).await.unwrap();
    assert_eq!(found, Verified { right: true, renewable: false });
}

#[tokio::test]
async fn the_longest_password_is_taken_whole_and_a_longer_one_matches_nothing() {
    let passwords = start(SMALL).unwrap();
    let longest = "p".repeat(PASSWORD_BYTES_MAX);
    let hash = passwords.hash(Password::new(&longest), [7; 16]).await.unwrap();
    for (typed, right) in
        [(longest.clone(), true), (longest.clone() + "p", false), (longest.replacen('p', "", 1), false)]
    {
        let found = passwords.verify(Some(hash.clone()), Password::new(&typed)).await.unwrap();
        assert_eq!(found.right, right, "{} bytes", typed.len());
    }
    for typed in [longest + "p", "a\0b".to_owned()] {
        let refused = passwords.hash(Password::new(&typed), [7; 16]).await.err().unwrap();
        assert_eq!(refused.kind(), Kind::Malformed("password"));
    }
}

#[tokio::test]
async fn nobody_is_never_right() {
    let passwords = start(SMALL).unwrap();
    for hash in [None, stored(""), stored("$2x$nonsense")] {
        assert_eq!(passwords.verify(hash, Password::new("")).await.unwrap(), Verified::WRONG);
    }
}

#[tokio::test]
async fn a_full_queue_is_busy_at_once_and_a_caller_that_went_away_makes_room() {
    let passwords = start(SMALL).unwrap();
    let held = passwords.hold();
    let mut first = pin!(passwords.verify(None, Password::new("")));
    assert!(waits(&mut first).await);
    held.reached().await;
    let mut second = Box::pin(passwords.verify(None, Password::new("")));
    assert!(waits(&mut second.as_mut()).await);
    assert_eq!(passwords.waiting(), 1);

    let refused = passwords.verify(None, Password::new("")).await.err().unwrap();
    assert_eq!(refused.kind(), Kind::Unavailable(Unavailability::Busy));

    drop(second);
    let mut third = pin!(passwords.verify(None, Password::new("")));
    assert!(waits(&mut third).await);
    drop(held);
    assert_eq!((first.await.unwrap(), third.await.unwrap()), (Verified::WRONG, Verified::WRONG));
    assert_eq!(passwords.waiting(), 0);
}

#[tokio::test]
async fn the_job_of_a_caller_that_went_away_is_not_done() {
    let pool = Pool::start(1, 2).unwrap();
    let done = Arc::new(AtomicUsize::new(0));
    let count = || {
        let done = Arc::clone(&done);
        move |_: &mut forms::Argon2Blocks| done.fetch_add(1, Ordering::SeqCst)
    };
    let held = pool.hold();
    let mut first = pin!(pool.run(count()));
    assert!(waits(&mut first).await);
    held.reached().await;
    let mut gone = Box::pin(pool.run(count()));
    assert!(waits(&mut gone.as_mut()).await);
    drop(gone);
    drop(held);
    first.await.unwrap();
    assert_eq!(pool.run(count()).await.unwrap(), 1, "only the first was done before");
}

#[tokio::test]
async fn a_panic_costs_its_caller_and_not_the_pool() {
    let pool = Pool::start(1, 1).unwrap();
    let failed = pool.run(|_| -> usize { panic!("as a bug would") }).await.err().unwrap();
    assert_eq!(failed.kind(), Kind::Internal);
    assert_eq!(pool.run(|_| 7).await.unwrap(), 7);
}
