use super::*;

#[test]
fn whoever_has_no_usable_hash_costs_a_whole_verification() {
    let unusable =
        [None, Some("plain"), Some("$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo")];
    for hash in unusable {
        let hash = hash.map(|text| PasswordHash(text.to_owned()));
        let mut memory = Argon2Blocks::default();
        assert_eq!(verify(hash.as_ref(), &Password::new("x"), &mut memory), Verified::WRONG);
        assert_eq!(memory.0.len(), MEMORY_KIB as usize);
        let untouched = |block: &Block| block.as_ref().iter().all(|word| *word == 0);
        assert!(!memory.0.iter().any(untouched), "argon2 has filled all of its memory");
    }
}

#[test]
fn what_is_made_here_begins_as_is_said() {
    let made = hash(&Password::new("x"), [7; 16], &mut Argon2Blocks::default()).unwrap();
    assert!(made.0.starts_with(OURS), "{}", made.0);
    let nobodys = Form::read(NOBODYS).ok().unwrap();
    assert!(NOBODYS.starts_with(OURS) && nobodys.is_ours());
}

#[test]
fn a_hash_that_needs_more_memory_does_not_keep_it() {
    let large = Params::new(MEMORY_KIB + 8, 1, 1, Some(OUTPUT_BYTES)).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, large);
    let mut memory = Argon2Blocks::default();
    assert!(fill(&argon2, b"x", &NOBODYS_SALT, OUTPUT_BYTES, &mut memory).is_some());
    assert!(memory.0.is_empty());
}

#[test]
fn the_bounds_are_exact() {
    let read = |head: &str| Form::read(&format!("{head}$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo")).err();
    for (within, beyond) in [
        ("$argon2id$v=19$m=131072,t=8,p=1", "$argon2id$v=19$m=131072,t=9,p=1"),
        ("$argon2id$v=19$m=131072,t=1,p=16", "$argon2id$v=19$m=131073,t=1,p=16"),
        ("$argon2id$v=19$m=1024,t=1,p=16", "$argon2id$v=19$m=1024,t=1,p=17"),
        ("$scrypt$ln=17,r=8,p=4", "$scrypt$ln=17,r=8,p=5"),
        ("$scrypt$ln=17,r=8,p=1", "$scrypt$ln=17,r=9,p=1"),
        ("$scrypt$ln=1,r=1,p=1048576", "$scrypt$ln=0,r=1,p=1048577"),
        ("$scrypt$ln=20,r=1,p=1", "$scrypt$ln=64,r=1,p=1"),
        ("$scrypt$ln=1,r=1,p=1", "$scrypt$ln=4294967295,r=4294967295,p=4294967295"),
        ("$pbkdf2-sha1$i=2000000", "$pbkdf2-sha1$i=2000001"),
    ] {
        assert_eq!(read(within), None, "{within}");
        assert_eq!(read(beyond), Some(Unusable::TooCostly), "{beyond}");
    }
}

#[test]
fn what_is_not_exactly_a_known_form_is_unknown() {
    let body = "$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo";
    for head in [
        "",
        "$argon2id$v=18$m=19456,t=2,p=1",
        "$argon2id$v=19$m=19456,t=2",
        "$argon2id$v=19$m=19456,t=2,p=1,data=YQ",
        "$argon2id$v=19$m=0,t=0,p=0",
        "$argon2id",
        "$argon2x$v=19$m=19456,t=2,p=1",
        "$scrypt$v=1$ln=10,r=8,p=1",
        "$scrypt$ln=10,r=8,p=0",
        "$pbkdf2-sha256$i=0",
        "$pbkdf2-sha256$0",
        "$pbkdf2-sha256$x",
        "pbkdf2_md5$1000",
        "scrypt:1000:8:1",
        "pbkdf2:md5:1000",
        "scrypt$1000$c2FsdHNhbHQ$8$1",
        "$pbkdf2-md5$i=1000",
    ] {
        assert_eq!(Form::read(&format!("{head}{body}")).err(), Some(Unusable::Unknown), "{head}");
    }
    let bcrypt = "$04$8KFWzLBgAllvJKs5/NkryOT7l/MJdQ9IflSPGs7mDAgUZhu9Im5Em";
    assert_eq!(Form::read(&format!("$2x{bcrypt}")).err(), Some(Unusable::Unknown));
    let cheap = format!("$2b{}", bcrypt.replace("$04$", "$03$"));
    assert_eq!(Form::read(&cheap).err(), Some(Unusable::Unknown));
    let costly = format!("$2b{}", bcrypt.replace("$04$", "$16$"));
    assert_eq!(Form::read(&costly).err(), Some(Unusable::TooCostly));
    assert_eq!(Form::read("").err(), Some(Unusable::Unknown));
}
