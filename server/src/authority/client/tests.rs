use exeunt_core::Moment;

use super::*;

fn at(number: u64) -> Stamp {
    Stamp::from_number(number)
}

fn client(number: u8, version: u64) -> Client {
    let now = Moment::from_secs(1_767_323_045);
    Client {
        id: ClientId([number; 16]),
        realm: RealmId([1; 16]),
        name: format!("client {number}"),
        dialect: DialectName::new("native"),
        builtin: false,
        idle_secs: 60,
        absolute_secs: 0,
        sessions_max: 1,
        settings: Settings::default(),
        removed: false,
        created_at: now,
        updated_at: now,
        version,
    }
}

/// A reader may read the old secret while it is being changed, and see the mark's stamp before the new client is in
/// memory. So the evidence is only as fresh as the beginning of the change.
#[test]
fn evidence_is_as_old_as_the_oldest_change_under_way() {
    let clients = Clients::default();
    assert_eq!(clients.evidence(|| at(9)), at(9));
    let first = clients.changing(|| at(5));
    assert_eq!(clients.evidence(|| at(9)), at(5));
    let second = clients.changing(|| at(7));
    assert_eq!(clients.evidence(|| at(9)), at(5));
    drop(first);
    assert_eq!(clients.evidence(|| at(9)), at(7));
    // Two changes that began at one stamp are two.
    let third = clients.changing(|| at(7));
    drop(second);
    assert_eq!(clients.evidence(|| at(9)), at(7));
    drop(third);
    assert_eq!(clients.evidence(|| at(9)), at(9));
}

/// The position is read under the lock; otherwise a change could begin and end between the two reads, and the evidence
/// would claim to be fresher than it is.
#[test]
fn the_place_and_the_changes_are_one_look() {
    let clients = Clients::default();
    let locked = || {
        assert!(clients.changing.try_lock().is_err());
        at(1)
    };
    clients.evidence(locked);
    drop(clients.changing(locked));
}

#[test]
fn a_client_that_is_gone_from_the_store_goes_and_one_made_meanwhile_stays() {
    let clients = Clients::default();
    [client(1, 1), client(2, 1)].into_iter().for_each(|client| drop(clients.put(client)));
    let known = clients.known();
    clients.put(client(3, 1));
    // Read from the store before the third was created there; the first has been removed from it.
    clients.align(&known, vec![client(2, 1), client(4, 1)]);
    let mut left: Vec<_> = clients.known().into_iter().map(|id| id.0[0]).collect();
    left.sort_unstable();
    assert_eq!(left, [2, 3, 4]);
}

#[test]
fn a_later_form_of_a_client_is_not_overwritten_by_an_earlier_one() {
    let clients = Clients::default();
    clients.put(Client { sessions_max: 2, ..client(1, 2) });
    clients.align(&clients.known(), vec![client(1, 1)]);
    assert_eq!(clients.find(|_| true).unwrap().sessions_max, 2);
    clients.put(Client { removed: true, ..client(1, 3) });
    assert_eq!(clients.len(), 0);
}

#[test]
fn a_client_that_was_removed_while_the_store_was_read_stays_removed() {
    let clients = Clients::default();
    clients.put(client(1, 1));
    let (known, read) = (clients.known(), vec![client(1, 1)]);
    clients.put(Client { removed: true, ..client(1, 2) });
    clients.align(&known, read);
    assert!(clients.find(|client| client.version == 1).is_none());
}
