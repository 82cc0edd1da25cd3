//! How long a refused login takes tells nothing; and no password is renewed that was not verified whole.

use std::time::Duration;

use exeunt::authority::{Identifier, UserChange};
use exeunt::config::Config;
use exeunt::error::Kind;
use exeunt::store::{Directory, PasswordHash};

use super::callers::{PASSWORD, World, kind, username};

/// A hash of each form of "correct horse é", and the milliseconds that its check takes on the machine of this test: a
/// quarter of them is a whole number.
const FORMS: [(&str, u64); 13] = [
    (
        "$argon2id$v=19$m=65536,t=4,p=1$aVQzVkFJUGtQUHF0bUJyMg$l0B4yWKMpnwDe0TXv5QbZQFVRfsCLGiqkvbYW9WkD4A",
        140,
    ),
    ("$argon2i$v=19$m=8192,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$Box1C3Z7lzTUxiDojfyc+AFSQ/yrlH6YRmUiyVWhOm8", 8),
    ("$argon2d$v=19$m=8192,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$VA/CAmLW/lZJbWRmSdyxlXFEkYXQG+MLlU2O7UkdPxY", 8),
    ("$scrypt$ln=12,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$ll+rSYRK+i1iznr+qEHmaWrv8vP/fdpX5b+i65rQ+BI", 200),
    ("$pbkdf2-sha256$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$4XDspDRv/7n9wuJfaGpXw8XZEL0JUuwJpcZGQDTRGhM", 324),
    (
        "$pbkdf2-sha512$i=1000,l=64$MDEyMzQ1Njc4OWFiY2RlZg$lMuq/dD69/JAImt7RaDYGM25rtD5Auvr3mm9jR3Ilk4Zw1CzcJn2+q42ann7KVfa1AKnrfJ5FjPq7lcdxlv8ZQ",
        400,
    ),
    ("$pbkdf2-sha1$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$luj/dfvocExw3xl+r2xiB4MgltY", 500),
    ("$2b$04$8KFWzLBgAllvJKs5/NkryOT7l/MJdQ9IflSPGs7mDAgUZhu9Im5Em", 252),
    ("bcrypt_sha256$$2b$04$8KFWzLBgAllvJKs5/NkryOd/WhfBnJsrY1Xoj//yo8Et0RuqwonSO", 260),
    ("pbkdf2_sha256$1000$saltsaltsaltsalt$vziugTYXn+vq18wXgJqgh9qsyB3sQnHKAWx1PZZ1kkA=", 332),
    (
        "argon2$argon2id$v=19$m=8192,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$9NrKHyIK2GBknygLhmswLZkOUJUDx/25PzDbuBDGgjU",
        8,
    ),
    (
        "scrypt:4096:8:1$kfLY7Ifqs86WlXtT$7c411ff5e29b7050091b3ae9f5b2f91af1636fe481082fa2f40b432f92cf2fc2e1286a3f2f0dc0827bf412aa61c8812fa968529c169788011966d530659f10f0",
        212,
    ),
    (
        "pbkdf2:sha256:1000$Vg74ufwixI1CYbPD$cf4880b396517d4f6aa20ca306601a21d86ba8638defd10308fee4adfa61430d",
        340,
    ),
];
/// What every one of these knows.
const TYPED: &str = "correct horse é";
/// A hash that is made here, and the milliseconds that its check takes.
const OURS: (&str, u64) =
    ("$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$XmpwLTmTLPmsjUzovLvSIQlo2wzeGgSnLq2V+Cf/pSc", 20);

fn set_cost(world: &World, (hash, millis): (&str, u64)) {
    world.app.authority.set_password_cost(&PasswordHash(hash.to_owned()), Duration::from_millis(millis));
}

/// After how many milliseconds a login is refused.
async fn refused_after(world: &World, name: &str, password: &str, account_number: Option<&str>) -> u64 {
    let began = world.env.elapsed();
    let due = async {
        let due = world.env.waited_for().await - began;
        let millis = u64::try_from(due.as_millis()).unwrap();
        world.env.advance_millis(millis);
        millis
    };
    let (refused, millis) = tokio::join!(world.log_in_with(username(name), password, account_number), due);
    assert_eq!(kind(refused), Some(Kind::Unauthenticated), "{name}");
    millis
}

#[tokio::test]
async fn a_refused_login_takes_as_long_as_the_dearest_form_in_the_store_whoever_it_is_about() {
    for form in FORMS {
        let world = World::open().await;
        world.import("imported", form.0).await;
        world.import("without", "$2b$04$8KFWzLBgAllvJKs5/NkryOT7l/MJdQ9IflSPGs7mDAgUZhu9Im5Em").await;
        let disabled =
            world.app.authority.find_user(world.realm, username("without")).await.unwrap().unwrap();
        let change = UserChange { disabled: Some(true), ..UserChange::default() };
        world.app.authority.change_user(&world.call(), world.realm, disabled.id, change).await.unwrap();
        let costs = [OURS, ("$2b$04$8KFWzLBgAllvJKs5/NkryOT7l/MJdQ9IflSPGs7mDAgUZhu9Im5Em", 2), form];
        // A quarter more, for checks that are a little slower than most.
        let expected = form.1.max(OURS.1) * 5 / 4;
        for (name, password, account_number) in [
            ("nobody", "wrong", None),
            ("alice", "wrong", None),
            ("alice", PASSWORD, Some("000999")),
            ("imported", "wrong", None),
            ("imported", "", None),
            ("imported", "\0", None),
            ("without", TYPED, None),
        ] {
            costs.iter().for_each(|cost| set_cost(&world, *cost));
            let after = refused_after(&world, name, password, account_number).await;
            assert_eq!(after, expected, "{name} beside {}", form.0);
        }
    }
}

#[tokio::test]
async fn a_right_password_waits_for_nothing() {
    for form in FORMS {
        let world = World::open().await;
        world.import("imported", form.0).await;
        [OURS, form].iter().for_each(|cost| set_cost(&world, *cost));
        // The clock stands still.
        assert!(world.log_in(username("imported"), TYPED).await.is_ok(), "{}", form.0);
    }
}

/// What counts is the dearest hash of a family: one that was cheaper, and took longer at some time, is not taken for it.
#[tokio::test]
async fn the_forms_in_the_store_are_known_again_after_a_restart() {
    let world = World::open().await;
    world.import("imported", &FORMS[4].0.replace("i=1000", "i=3000")).await;
    let again = World::open_on(world.store.clone(), Config::default()).await;
    set_cost(&again, OURS);
    set_cost(&again, (FORMS[4].0, 999));
    assert_eq!(refused_after(&again, "nobody", "wrong", None).await, OURS.1 * 5 / 4);
    set_cost(&again, (&FORMS[4].0.replace("i=1000", "i=3000"), 800));
    assert_eq!(refused_after(&again, "nobody", "wrong", None).await, 1_000);
}

#[tokio::test]
async fn every_form_but_the_one_that_is_made_here_is_renewed_at_login() {
    for (form, _) in FORMS.into_iter().chain([OURS]) {
        let world = World::open().await;
        world.import("imported", form).await;
        world.log_in(username("imported"), TYPED).await.unwrap();
        let hash = hash_of(&world, "imported").await;
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{form} is now {hash}");
        assert_eq!(hash == form, form == OURS.0);
        assert!(world.log_in(username("imported"), TYPED).await.is_ok());
    }
}

#[tokio::test]
async fn a_wrong_password_that_agrees_in_what_the_old_form_reads_does_not_replace_the_right_one() {
    let start = "0123456789".repeat(7) + "ab";
    let right = start.clone() + " and the rest of it";
    let wrong = start.clone() + " and another end";
    let bcrypt = bcrypt::hash(&right, 4).unwrap();
    let shorter = "é".repeat(36);
    let umlauts = bcrypt::hash(shorter.clone() + "!", 4).unwrap();
    // HMAC-SHA-1 takes the digest of a key of more than 64 bytes for the key.
    let long = "correct horse battery staple, and then some more words to be long 13793";
    let digest = "(3wK\u{1d}\u{1b}\u{629}\u{2cb}\u{1d}\u{10}{ \u{1ed}G\u{17}8n";
    let pbkdf2 = "$pbkdf2-sha1$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$OUL+2WQo4H6NknT7mt0EQQGLHBM";
    for (hash, right, others) in [
        (bcrypt.as_str(), right.as_str(), [wrong.as_str(), start.as_str()]),
        (umlauts.as_str(), &(shorter.clone() + "!"), [shorter.as_str(), &(shorter.clone() + "?")]),
        (pbkdf2, long, [digest, digest]),
    ] {
        let world = World::open().await;
        world.import("imported", hash).await;
        for typed in others {
            // As the old system has it.
            world.log_in(username("imported"), typed).await.unwrap();
            assert!(hash_of(&world, "imported").await == hash, "{typed:?} was renewed");
        }
        world.log_in(username("imported"), right).await.unwrap();
    }
}

#[tokio::test]
async fn what_bcrypt_reads_whole_is_renewed() {
    let world = World::open().await;
    let longest = "p".repeat(71);
    world.import("imported", &bcrypt::hash(&longest, 4).unwrap()).await;
    world.log_in(username("imported"), &longest).await.unwrap();
    assert!(hash_of(&world, "imported").await.starts_with("$argon2id$"));
}

async fn hash_of(world: &World, name: &str) -> String {
    let user = world.store.user(world.realm, Identifier::Username(name.to_owned())).await.unwrap().unwrap();
    user.password.unwrap().0
}
