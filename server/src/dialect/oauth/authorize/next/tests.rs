//! The decision over its whole table: every combination of what can be asked for, logged in and agreed to, against rules
//! that are written each by itself from the text of the standard, and not in the order of the code.

use super::*;

/// In milliseconds, and not on a whole second.
const NOW: Moment = Moment::from_millis(1_767_323_045_678);

/// One row of the table, in plain values.
#[derive(Clone, Copy, Debug)]
struct Row {
    prompt: Prompt,
    max_age_secs: Option<u64>,
    offline: bool,
    resource: bool,
    rule: ConsentRule,
    browser: Option<Browser>,
    record: Record,
    now: Option<Decision>,
}

/// What the user agreed to earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Record {
    Nothing,
    LessScope,
    LessResource,
    Everything,
}

const PROMPTS: [&str; 8] = [
    "",
    "none",
    "login",
    "consent",
    "select_account",
    "login consent",
    "login select_account",
    "consent select_account",
];
const RULES: [ConsentRule; 3] = [ConsentRule::Always, ConsentRule::Once, ConsentRule::Never];
const RECORDS: [Record; 4] = [Record::Nothing, Record::LessScope, Record::LessResource, Record::Everything];
const DECISIONS: [Option<Decision>; 3] = [None, Some(Decision::Allow), Some(Decision::Deny)];
/// How long ago the user logged in, in milliseconds.
const AGES: [u64; 4] = [0, 60_000, 60_001, 3_600_000];
const MAX_AGES: [Option<u64>; 4] = [None, Some(0), Some(60), Some(u64::MAX)];

fn browsers() -> Vec<Option<Browser>> {
    let mut all = vec![None];
    for age in AGES {
        for newest_cookie in [false, true] {
            for logged_in_for_this in [false, true] {
                let proven_at = Moment::from_millis(NOW.millis() - age);
                all.push(Some(Browser { proven_at, newest_cookie, logged_in_for_this }));
            }
        }
    }
    all
}

fn table() -> Vec<Row> {
    let mut rows = Vec::new();
    for prompt in PROMPTS {
        let prompt = if prompt.is_empty() { Prompt::default() } else { Prompt::parse(prompt).unwrap() };
        for max_age_secs in MAX_AGES {
            for browser in browsers() {
                for rule in RULES {
                    for record in RECORDS {
                        for now in DECISIONS {
                            for (offline, resource) in
                                [(false, false), (true, false), (false, true), (true, true)]
                            {
                                rows.push(Row {
                                    prompt,
                                    max_age_secs,
                                    offline,
                                    resource,
                                    rule,
                                    browser,
                                    record,
                                    now,
                                });
                            }
                        }
                    }
                }
            }
        }
    }
    rows
}

fn decided(row: &Row) -> Next {
    let scopes = Scopes::parse(if row.offline { "offline_access read write" } else { "read write" }).unwrap();
    let (all, less) =
        (Scopes::parse("admin offline_access read write").unwrap(), Scopes::parse("read").unwrap());
    let (api, other) = (Resource::parse("urn:a:b").unwrap(), Resource::parse("urn:a:c").unwrap());
    let (both, one) = ([other.clone(), api.clone()], [other]);
    let asked = Demands {
        prompt: row.prompt,
        max_age_secs: row.max_age_secs,
        scopes: &scopes,
        resource: row.resource.then_some(&api),
    };
    let earlier = match row.record {
        Record::Nothing => None,
        Record::LessScope => Some(Agreed { scopes: &less, resources: &both }),
        Record::LessResource => Some(Agreed { scopes: &all, resources: &one }),
        Record::Everything => Some(Agreed { scopes: &all, resources: &both }),
    };
    next(&asked, row.rule, row.browser.as_ref(), &Consent { earlier, now: row.now }, NOW)
}

/// A rule of the standard: when it applies, and what it demands then.
type Rule = (&'static str, fn(&Row) -> bool, fn(Next) -> bool);

const RULES_OF_THE_STANDARD: [Rule; 15] = [
    (
        "OIC-03: prompt=none shows no page",
        |row| row.prompt.none,
        |next| !matches!(next, Next::Login | Next::Consent),
    ),
    (
        "OIC-03: only prompt=none is answered login_required or consent_required",
        |row| !row.prompt.none,
        |next| !matches!(next, Next::Refuse(ErrorCode::LoginRequired | ErrorCode::ConsentRequired)),
    ),
    ("RFC 6749 §4.1.2.1: whoever denies is answered access_denied", denied, |next| {
        next == Next::Refuse(ErrorCode::AccessDenied)
    }),
    (
        "only a denial is answered access_denied",
        |row| !denied(row),
        |next| next != Next::Refuse(ErrorCode::AccessDenied),
    ),
    ("without a session there is a login", |row| !denied(row) && row.browser.is_none(), login),
    ("an older cookie is as prompt=login", |row| !denied(row) && old_cookie(row), login),
    (
        "OIC-04: prompt=login is a login, unless it was for this request",
        |row| !denied(row) && (row.prompt.login || row.prompt.select_account) && !proof(row),
        login,
    ),
    (
        "OIC-05: older than max_age is a login, unless it was for this request",
        |row| !denied(row) && too_old(row) && !proof(row),
        login,
    ),
    (
        "OIC-05: max_age=0 equals prompt=login",
        |row| !denied(row) && row.max_age_secs == Some(0) && !proof(row),
        login,
    ),
    ("OIC-04: a login for this request is enough", proof, |next| {
        !matches!(next, Next::Login | Next::Refuse(ErrorCode::LoginRequired))
    }),
    (
        "a session that nothing speaks against is enough",
        |row| {
            let fresh = !too_old(row) && row.max_age_secs != Some(0);
            row.browser.is_some_and(|it| it.newest_cookie)
                && fresh
                && !row.prompt.login
                && !row.prompt.select_account
        },
        |next| !matches!(next, Next::Login | Next::Refuse(ErrorCode::LoginRequired)),
    ),
    (
        "OIC-18: nothing is given that the user did not agree to",
        |row| row.now.is_none() && unsettled(row),
        |next| next != Next::Code,
    ),
    (
        "prompt=consent asks, whatever was said",
        |row| row.now.is_none() && row.prompt.consent,
        |next| next != Next::Code,
    ),
    (
        "whoever has just allowed is not asked",
        |row| row.now == Some(Decision::Allow),
        |next| !matches!(next, Next::Consent | Next::Refuse(ErrorCode::ConsentRequired)),
    ),
    (
        "whoever agreed to all of it is not asked",
        |row| !unsettled(row) && !row.prompt.consent,
        |next| !matches!(next, Next::Consent | Next::Refuse(ErrorCode::ConsentRequired)),
    ),
];

fn login(next: Next) -> bool {
    matches!(next, Next::Login | Next::Refuse(ErrorCode::LoginRequired))
}

fn denied(row: &Row) -> bool {
    row.now == Some(Decision::Deny)
}

fn old_cookie(row: &Row) -> bool {
    row.browser.is_some_and(|browser| !browser.newest_cookie)
}

/// A login for this request, which an older cookie is no proof of.
fn proof(row: &Row) -> bool {
    row.browser.is_some_and(|browser| browser.logged_in_for_this && browser.newest_cookie)
}

/// "If the elapsed time is greater than this value": a login of exactly that age is good.
fn too_old(row: &Row) -> bool {
    let age = row.browser.map(|browser| NOW.millis() - browser.proven_at.millis());
    match (age, row.max_age_secs) {
        (Some(age), Some(secs)) => u128::from(age) > u128::from(secs) * 1_000,
        _ => false,
    }
}

/// Whether the user has not agreed to what is asked for, as far as the client's rule wants it.
fn unsettled(row: &Row) -> bool {
    match row.rule {
        ConsentRule::Never => false,
        ConsentRule::Always => true,
        ConsentRule::Once => {
            let missing = match row.record {
                Record::Nothing | Record::LessScope => true,
                Record::LessResource => row.resource,
                Record::Everything => false,
            };
            missing || row.offline
        }
    }
}

#[test]
fn every_row_obeys_every_rule() {
    let rows = table();
    let mut applied = [0; RULES_OF_THE_STANDARD.len()];
    for row in &rows {
        let next = decided(row);
        for ((name, applies, demands), count) in RULES_OF_THE_STANDARD.iter().zip(&mut applied) {
            if applies(row) {
                *count += 1;
                assert!(demands(next), "{name}\n{row:?}\n{next:?}");
            }
        }
    }
    println!("{} rows", rows.len());
    assert!(applied.iter().all(|count| *count > 100), "a rule that never applies: {applied:?}");
}

/// The rules leave no choice: for each row, exactly one outcome obeys all of them.
#[test]
fn the_rules_decide_every_row() {
    let outcomes = [
        Next::Login,
        Next::Consent,
        Next::Code,
        Next::Refuse(ErrorCode::LoginRequired),
        Next::Refuse(ErrorCode::ConsentRequired),
        Next::Refuse(ErrorCode::AccessDenied),
    ];
    for row in table() {
        let obeys = |next: Next| {
            RULES_OF_THE_STANDARD.iter().all(|(_, applies, demands)| !applies(&row) || demands(next))
        };
        let left: Vec<Next> = outcomes.into_iter().filter(|next| obeys(*next)).collect();
        assert_eq!(left, [decided(&row)], "{row:?}");
    }
}

#[test]
fn a_clock_that_went_back_makes_no_login_old() {
    let scopes = Scopes::parse("read").unwrap();
    let asked =
        Demands { prompt: Prompt::default(), max_age_secs: Some(60), scopes: &scopes, resource: None };
    let browser = Browser { proven_at: NOW.plus_secs(5), newest_cookie: true, logged_in_for_this: false };
    let decided = next(&asked, ConsentRule::Never, Some(&browser), &Consent::default(), NOW);
    assert_eq!(decided, Next::Code);
}
