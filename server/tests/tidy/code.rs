//! Rust with comments and the insides of strings blanked: enough of a lexer for rules about words.

/// The code alone, line for line: comments and what is within quotes become spaces.
pub(crate) fn bare(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(next) = text[at..].find(['/', '"', '\'']) {
        code.push_str(&text[at..at + next]);
        at += next;
        let blanked = blanked_bytes(&text[at..], &text[..at]);
        let kept = usize::from(blanked == 0);
        code.push_str(&text[at..at + kept]);
        code.extend(
            text[at + kept..at + blanked.max(kept)].chars().map(|c| if c == '\n' { '\n' } else { ' ' }),
        );
        at += blanked.max(kept);
    }
    code.push_str(&text[at..]);
    code
}

/// The words of a line of code: names and numbers.
pub(crate) fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Whether a line of code holds `path`, not as the end or the start of a longer name.
pub(crate) fn names(line: &str, path: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().last().is_some_and(part);
        let after = line[at + path.len()..].chars().next().is_some_and(part);
        let joined = path.ends_with(|c: char| !part(c));
        !(before && path.starts_with(part)) && (joined || !after)
    })
}

/// How many bytes from here on are a comment, a string or a character; 0: none.
fn blanked_bytes(rest: &str, before: &str) -> usize {
    match rest.as_bytes() {
        [b'/', b'/', ..] => rest.find('\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment_bytes(rest),
        [b'"', ..] => match raw_hashes(before) {
            Some(hashes) => raw_string_bytes(rest, hashes),
            None => string_bytes(rest),
        },
        [b'\'', ..] => character_bytes(rest),
        _ => 0,
    }
}

fn block_comment_bytes(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        match rest.as_bytes().get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") if depth == 1 => return at + 2,
            Some(b"*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    rest.len()
}

fn string_bytes(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The number of hashes before the quote of a raw string: `r"`, `r##"`, `br#"`.
fn raw_hashes(before: &str) -> Option<usize> {
    let opened = before.trim_end_matches('#');
    let prefix = opened.strip_suffix("br").or(opened.strip_suffix("cr")).or(opened.strip_suffix('r'))?;
    let in_a_name = prefix.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    (!in_a_name).then_some(before.len() - opened.len())
}

fn raw_string_bytes(rest: &str, hashes: usize) -> usize {
    let end = format!("\"{}", "#".repeat(hashes));
    rest[1..].find(&end).map_or(rest.len(), |at| 1 + at + end.len())
}

/// A character, or nothing if the quote starts the name of a lifetime.
fn character_bytes(rest: &str) -> usize {
    let mut inside = rest.chars().skip(1);
    match (inside.next(), inside.next()) {
        (Some('\\'), _) => {
            rest[2..].char_indices().skip(1).find(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 3)
        }
        (Some(c), Some('\'')) => c.len_utf8() + 2,
        _ => 0,
    }
}

#[test]
fn only_code_is_left() {
    let text = r##"let a = "x\"y // no"; // comment
    /* a /* nested */ one
    */ let b = 'c'; let d = '\''; let e: &'static str = r#"raw " text"#; br"x" f"##;
    let left = bare(text);
    assert_eq!(left.lines().count(), text.lines().count());
    let kept: Vec<&str> = left.split_whitespace().collect();
    let expected = [
        "let", "a", "=", ";", "let", "b", "=", ";", "let", "d", "=", ";", "let", "e:", "&'static", "str",
        "=", "r#", ";", "br", "f",
    ];
    assert_eq!(kept, expected);
}

#[test]
fn a_name_is_found_whole() {
    assert!(names("use http::Method;", "http::") && names("hyper", "hyper") && names("a(http::x)", "http::"));
    assert!(!names("use my_http::Method;", "http::") && !names("hyper_util", "hyper"));
}
