//! A `scope` of any bytes, and in the second line a `resource`: what is read is written and read again alike, and no answer
//! has more than the client.

use exeunt::dialect::oauth::resource::Resource;
use exeunt::dialect::oauth::scope::{SCOPE_BYTES_MAX, SCOPES_MAX, Scopes, asked, narrowed};

pub(super) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (scope, resource) = text.split_once('\n').unwrap_or((&text, ""));
    let registered = Scopes::parse("offline_access read write").unwrap_or_default();
    let granted = Scopes::parse("read write").unwrap_or_default();
    assert_eq!((registered.len(), granted.len()), (3, 2));
    if let Ok(read) = Scopes::parse(scope) {
        assert!((1..=SCOPES_MAX).contains(&read.len()));
        assert!(read.iter().all(|name| (1..=SCOPE_BYTES_MAX).contains(&name.len())));
        assert_eq!(Scopes::parse(&read.to_string()), Ok(read.clone()));
        assert_eq!(asked(Some(scope), &registered).is_ok(), read.are_within(&registered));
    } else {
        assert!(asked(Some(scope), &registered).is_err());
        assert!(narrowed(Some(scope), &granted, &registered).is_err());
    }
    if let Ok(given) = narrowed(Some(scope), &granted, &registered) {
        assert!(given.are_within(&granted));
    }
    if let Ok(read) = Resource::parse(resource) {
        assert_eq!(read.as_str(), resource);
        assert!(resource.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'));
    }
}
