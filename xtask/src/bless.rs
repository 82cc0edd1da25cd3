//! `cargo xtask bless [filter]`: rewrites the recorded results of tests. Read the difference before you commit it.

use anyhow::{Result, bail};

use crate::parts::{Parts, cargo};

/// The tests beside the stories that compare with checked-in results, and rewrite them if `EXEUNT_BLESS` is set.
const RECORDED: [&str; 3] = ["errors::", "readme::", "document::"];

/// A test that has rewritten something fails and says so. So this fails too, unless all was as recorded.
pub(crate) fn run(words: &[&str], parts: &mut Parts) -> Result<()> {
    let filter = match words {
        [] => "",
        [filter] => *filter,
        _ => bail!("bless [filter], not {words:?}"),
    };
    let stories = bless(&["stories", "--", filter], parts);
    let others: Vec<&str> = RECORDED.into_iter().filter(|name| name.contains(filter)).collect();
    let others = if others.is_empty() { Ok(()) } else { bless(&[&["it", "--"], &*others].concat(), parts) };
    if stories.is_err() || others.is_err() {
        bail!("what is blessed above is written: read `git diff`, then run the tests");
    }
    println!("everything was as recorded");
    Ok(())
}

fn bless(test: &[&str], parts: &mut Parts) -> Result<()> {
    let mut command = cargo(&["test", "--package", "exeunt", "--locked", "--test"]);
    parts.run("write what is recorded", command.args(test).env("EXEUNT_BLESS", "1"))
}
