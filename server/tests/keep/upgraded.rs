//! A store of every schema that was ever released is opened, and tells what it told before.

use std::fs;
use std::path::{Path, PathBuf};

use exeunt::store::sqlite::inspect::{SCHEMA, look};
use exeunt::store::{Directory, Ledger, List, SessionBy, SessionMarks, Upkeep, User, contract};
use exeunt_core::{Anchor, Moment, Stamp, Token, Verdict, Why};
use rusqlite::Connection;
use serde_json::json;

use crate::keep::stage::open;
use crate::support::binary::{Binary, Connection as Http};
use crate::support::scratch::Scratch;

/// When everything in the fixtures happened.
const THEN: Moment = Moment::from_secs(1_577_836_800);
/// The session that lives until 2083.
const LIVING: &str = "exs_mtJiua65KiRU5NCfWr8pfKeSGsRcMSS1bPL662";
/// Sessions that were ended: one by itself, one with its user.
const ENDED: [&str; 2] =
    ["exs_mHJHeqoSnaJM72GYMoNLQBnAYWCec8o1WZQMQ4", "exs_WMFyfa7p8RswWnI4E4mfQ8FcisT2ZYTXAW3lu0"];

fn text(name: &str) -> String {
    let read = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
    read.unwrap_or_else(|error| {
        panic!("{name}: {error}; each schema needs one: the dump of a store that it left")
    })
}

/// The store that a version with this many steps left.
fn left_by(schema: usize, folder: &Scratch) -> PathBuf {
    let path = folder.path().join("exeunt.db");
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(&text(&format!("tests/fixtures/schema-{schema:04}.sql"))).unwrap();
    path
}

fn tables(conn: &Connection) -> Vec<(String, String)> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn there_is_a_store_of_every_schema_and_it_is_of_that_schema() {
    let stepped = Connection::open_in_memory().unwrap();
    for schema in 1..=SCHEMA {
        stepped.execute_batch(&text(&format!("src/store/sqlite/migrations/{schema:04}.sql"))).unwrap();
        let folder = Scratch::new();
        let path = left_by(schema, &folder);
        assert_eq!(look(&path).unwrap().schema, schema);
        assert_eq!(tables(&Connection::open(path).unwrap()), tables(&stepped), "schema {schema}");
    }
}

#[tokio::test]
async fn it_tells_of_the_same_people_sessions_and_marks() {
    for schema in 1..=SCHEMA {
        let folder = Scratch::new();
        let path = left_by(schema, &folder);
        let store = open(&path);
        let realms = store.realms().await.unwrap();
        assert_eq!(realms.iter().map(|realm| &*realm.name).collect::<Vec<_>>(), ["main", "shop"]);
        let main = realms[0].id;
        let users = store.users(main, 0, 10).await.unwrap();
        assert_eq!(
            users.iter().map(seen).collect::<Vec<_>>(),
            [
                (1, "ann", "Ann@example.org", "", true, false),
                (2, "bob", "", "000123", false, false),
                (3, "carol", "", "", false, true),
            ]
        );
        assert_eq!(users[0].data["seat"], "12a");
        let marks = store.marks(None, Stamp::ZERO, 10).await.unwrap().marks;
        let raised: Vec<_> = marks.iter().map(|mark| (mark.at.number(), mark.why, mark.realm)).collect();
        assert_eq!(raised, [(1, Why::Admin, main), (2, Why::Everywhere, main), (3, Why::Disabled, main)]);
        assert_eq!(
            contract::all_in_force(&store, None, SessionMarks::Included).await.unwrap().marks.len(),
            3
        );
        let clients = store.clients().await.unwrap();
        assert_eq!(clients.iter().filter(|client| client.builtin).count(), 6);
        assert!(clients.iter().any(|client| client.name == "timer" && client.realm == main));
        let keys = store.keys().await.unwrap();
        assert_eq!(
            keys.iter().map(|key| (&*key.name, key.realm)).collect::<Vec<_>>(),
            [("shop front", Some(realms[1].id))]
        );
        for (token, alive) in [(LIVING, true), (ENDED[0], false), (ENDED[1], false)] {
            let by = SessionBy::Token(Token::presented(token).unwrap().fingerprint());
            let found = store.session(by, THEN).await.unwrap().unwrap();
            assert_eq!(found.verdict == Verdict::Alive, alive, "{token}");
        }
        store.close().await.unwrap();
        assert_eq!(look(&path).unwrap().schema, SCHEMA);
    }
}

/// The first schema with grants.
const GRANTS_SINCE: usize = 5;

#[tokio::test]
async fn it_tells_of_the_same_grants() {
    for schema in GRANTS_SINCE..=SCHEMA {
        let folder = Scratch::new();
        let store = open(&left_by(schema, &folder));
        let parent = SessionBy::Token(Token::presented(LIVING).unwrap().fingerprint());
        let parent = store.session(parent, THEN).await.unwrap().unwrap().record.session;
        let consents = store.consents(parent.user().unwrap(), 0, 10).await.unwrap();
        assert_eq!(consents.iter().map(|it| (it.version, &*it.scopes[0])).collect::<Vec<_>>(), [(3, "read")]);
        let under = vec![Anchor::Session(parent.id), Anchor::Consent(consents[0].id())];
        let list = List {
            realm: parent.realm().unwrap(),
            under,
            before: u64::MAX,
            floor: Stamp::ZERO,
            limit: 10,
            now: THEN,
        };
        let found = store.sessions(list).await.unwrap().found;
        let [found] = &found[..] else { panic!("{} sessions", found.len()) };
        assert_eq!((found.record.token, found.verdict), (None, Verdict::Alive));
        let grant = found.record.grant.as_ref().unwrap();
        assert_eq!((grant.made_in, grant.authenticated_at), (Some(parent.id), Some(THEN)));
        let used = found.generation.as_ref().unwrap();
        assert_eq!((used.number, used.at, used.sealed_with), (2, THEN.plus_secs(5), 1));
        let keys = store.secrets().await.unwrap();
        assert_eq!(keys.iter().map(|key| (key.number, key.wrapped.len())).collect::<Vec<_>>(), [(1, 61)]);
    }
}

fn seen(user: &User) -> (u64, &str, &str, &str, bool, bool) {
    (
        user.number,
        user.username.as_deref().unwrap_or_default(),
        user.email.as_deref().unwrap_or_default(),
        user.account_number.as_deref().unwrap_or_default(),
        user.password.is_some(),
        user.disabled,
    )
}

/// No user has to log in again because of an upgrade, and no ended session is alive again.
#[test]
fn sessions_outlive_an_upgrade() {
    for schema in 1..=SCHEMA {
        let folder = Scratch::new();
        left_by(schema, &folder);
        let server = Binary::start(folder.path());
        let mut server = Http::open(server.address).unwrap();
        for (token, active) in [(LIVING, true), (ENDED[0], false), (ENDED[1], false)] {
            let (status, told) =
                server.ask("POST", "/v1/check", &json!({ "token": token }).to_string()).unwrap();
            assert_eq!((status, told["active"].as_bool()), (200, Some(active)), "{token}: {told}");
        }
    }
}
