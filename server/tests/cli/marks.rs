//! `exeunt marks`: the log read once.

use crate::support::binary::Binary;
use crate::support::command_line::{Stage, bare, ran};
use crate::support::scratch::Scratch;

#[test]
fn after_a_restore_the_log_is_read_from_where_it_begins_and_what_is_missing_is_said() {
    let stage = Stage::new();
    stage.run(&["logout", "--everybody", "--yes"]);
    let path = |name: &str| stage.scratch.path().join(name).display().to_string();
    assert_eq!(stage.run(&["backup", &path("backup")]).code, 0);
    let scratch = Scratch::new();
    let store = format!("sqlite:{}", scratch.path().join("exeunt.db").display());
    let restored = ran(&mut bare(&["restore", &path("backup"), "--store", &store]), "");
    assert_eq!(restored.code, 0, "{}", restored.err);
    let stage = Stage { server: Binary::start(scratch.path()), scratch };
    let read = stage.run(&["marks", "--json"]);
    let marks = read.values();
    assert_eq!((marks.len(), &marks[0]["why"]), (1, &"restored".into()));
    assert!(read.err.contains("older marks were deleted"), "{}", read.err);
    // Whoever names a position has all up to there, and a hole behind it is not passed over.
    let strict = stage.run(&["marks", "--after", "0"]);
    assert_eq!((strict.code, strict.out.as_str()), (8, ""));
}
