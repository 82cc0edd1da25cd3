//! A method, a path and a query of any bytes, one a line: one dialect at most has the path, whatever the method, and what
//! only reads never reaches a login or a logout.

use exeunt::dialect::all::ALL;
use exeunt::http::CallKind;
use http::Method;

pub(super) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.splitn(3, '\n');
    let [method, path, query] = [(); 3].map(|()| lines.next());
    let path = path.unwrap_or_default();
    let Ok(method) = Method::from_bytes(method.unwrap_or_default().as_bytes()) else { return };
    let has = |method: &Method| -> Vec<&str> {
        ALL.iter().filter(|it| (it.route)(method, path, query).is_some()).map(|it| it.name.name()).collect()
    };
    let owners = has(&method);
    assert!(owners.len() <= 1, "{owners:?}");
    // An unknown method on a known path is answered by the dialect that has the path.
    for other in [Method::GET, Method::POST, Method::OPTIONS, Method::DELETE] {
        assert_eq!(has(&other), owners);
    }
    for dialect in ALL {
        for reading in [Method::GET, Method::HEAD, Method::OPTIONS] {
            let Some(matched) = (dialect.route)(&reading, path, query) else { continue };
            assert!(!matches!(matched.route.kind, CallKind::Login | CallKind::Logout));
        }
        if let Some(matched) = (dialect.route)(&method, path, query) {
            assert!(!matched.route.call.is_empty());
        }
    }
}
