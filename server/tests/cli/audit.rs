//! The export of the audit trail: whole, in order, and a part of it by time.

use crate::support::command_line::{Stage, text};

#[test]
fn the_trail_is_exported_to_its_beginning() {
    let stage = Stage::new();
    // More than one page of it.
    for number in 0..130 {
        stage.run(&["user", "add", &format!("user-{number:03}"), "--no-password"]);
    }
    stage.run(&["logout", "--everybody", "--yes"]);
    let all = stage.run(&["audit", "export"]);
    assert_eq!(all.code, 0, "{}", all.err);
    let lines = all.values();
    assert_eq!(lines[0]["mark"]["why"], "admin");
    let made = lines.iter().filter(|line| line["change"]["what"] == "user.create").count();
    assert_eq!(made, 130);
    assert!(all.err.contains(&format!("{} lines; the export is complete", lines.len())), "{}", all.err);
    let when = text(&lines[0]["mark"]["when"]);
    let since = stage.run(&["audit", "export", "--after", &when]);
    assert_eq!(since.values()[0], lines[0]);
    let before = stage.run(&["audit", "export", "--before", &when]).values();
    assert_eq!(since.values().len() + before.len(), lines.len(), "one begins where the other ends");
    let wrong = stage.run(&["audit", "export", "--after", "yesterday"]);
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""), "{}", wrong.err);
}
