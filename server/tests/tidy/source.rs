//! The files that the rules read.

use std::path::Path;
use std::sync::LazyLock;

use crate::code::bare;
use crate::root;

/// Folders that hold no text of ours.
const SKIPPED: [&str; 8] =
    [".git", "target", "corpus", "artifacts", "exeunt-demo", "exeunt-data", "node_modules", "__pycache__"];
/// What is read as text of ours.
const TEXT: [&str; 13] =
    ["rs", "toml", "md", "http", "html", "css", "js", "svg", "sql", "sh", "py", "yml", "txt"];

/// A file of the project.
pub(crate) struct Source {
    /// Its path from the root, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
    /// Of Rust: the text with comments and the insides of strings blanked, line for line. Of others: nothing.
    pub code: String,
}

impl Source {
    /// Whether it is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it is Rust of the product itself: not of tests, tools or benches.
    pub(crate) fn is_product(&self) -> bool {
        let inside = ["core/src/", "server/src/", "verifier/src/"];
        self.is_rust() && inside.iter().any(|folder| self.path.starts_with(folder))
    }

    /// Its path within `server/src/`.
    pub(crate) fn in_server(&self) -> Option<&str> {
        self.path.strip_prefix("server/src/").filter(|_| self.is_rust())
    }

    /// The lines of code that offend, each as `path:line: text`.
    pub(crate) fn offences(&self, offends: impl Fn(&str) -> bool) -> Vec<String> {
        let lines = self.code.lines().zip(self.text.lines()).enumerate();
        lines
            .filter(|(_, (code, _))| offends(code))
            .map(|(at, (_, text))| format!("{}:{}: {}", self.path, at + 1, text.trim()))
            .collect()
    }
}

/// Every file of ours, in order of path.
pub(crate) fn all() -> impl Iterator<Item = &'static Source> {
    static ALL: LazyLock<Vec<Source>> = LazyLock::new(|| {
        let mut found = Vec::new();
        walk(root(), &mut found);
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found
    });
    ALL.iter()
}

/// Every Rust file of the product.
pub(crate) fn product() -> impl Iterator<Item = &'static Source> {
    all().filter(|source| source.is_product())
}

/// Whether there is a folder at this path.
pub(crate) fn is_folder(path: &str) -> bool {
    root().join(path).is_dir()
}

/// The names of the folders directly under this one.
pub(crate) fn folders(path: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(root().join(path)) else { return Vec::new() };
    let folders = entries.flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> =
        folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn walk(folder: &Path, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).expect("a folder of ours can be read").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                walk(&path, found);
            }
        } else if TEXT.iter().any(|ending| path.extension().is_some_and(|own| own == *ending)) {
            found.push(read(&path));
        }
    }
}

fn read(path: &Path) -> Source {
    let bytes = std::fs::read(path).expect("a file of ours can be read");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let path = path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let code = if path.ends_with(".rs") { bare(&text) } else { String::new() };
    Source { path, text, code }
}
