//! The text of a story: what is read, kept, and written back line for line.

use std::fmt::Write as _;

/// A story: its title, and what happens in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Story {
    /// The first line, without its `# `.
    pub title: String,
    /// Everything after the first line.
    pub items: Vec<Item>,
}

/// A piece of a story, with the lines that it was written in, without their mark.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// `# …` or an empty line: for the reader.
    Note(String),
    /// `~ …`: something happens to the server.
    Event(String),
    /// `= …`: a value is taken from the last answer.
    Capture(String),
    /// `> …` and, below, `< …`.
    Request(Request),
}

/// A request and its answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The number of its first line in the file.
    pub line: usize,
    /// What is sent.
    pub request: Vec<String>,
    /// What must come back; empty: nothing is recorded yet.
    pub answer: Vec<String>,
}

impl Story {
    /// Reads a story; the error names the line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().zip(1..);
        let title =
            lines.next().and_then(|(line, _)| line.strip_prefix("# ")).filter(|title| title.ends_with('.'));
        let title = title.ok_or("line 1: a story begins with its title, `# A sentence.`")?.to_owned();
        let mut items = Vec::new();
        let mut before = ' ';
        for (line, number) in lines {
            let mark = line.chars().next().unwrap_or('#');
            let rest = line.get(1..).unwrap_or_default();
            let content = rest.strip_prefix(' ').unwrap_or(rest).to_owned();
            if !rest.is_empty() && !rest.starts_with(' ') {
                return Err(format!("line {number}: `{mark}` is followed by a space"));
            }
            match (mark, items.last_mut()) {
                ('#', _) => items.push(Item::Note(line.to_owned())),
                ('~', _) => items.push(Item::Event(content)),
                ('=', _) => items.push(Item::Capture(content)),
                ('>', Some(Item::Request(exchange))) if before == '>' => exchange.request.push(content),
                ('>', _) => items.push(Item::Request(Request {
                    line: number,
                    request: vec![content],
                    answer: vec![],
                })),
                ('<', Some(Item::Request(exchange))) => exchange.answer.push(content),
                ('<', _) => return Err(format!("line {number}: an answer follows its request at once")),
                _ => return Err(format!("line {number}: a line begins with one of # ~ = > <")),
            }
            before = mark;
        }
        if !items.iter().any(|item| matches!(item, Item::Request(_))) {
            return Err("nothing is said in this story".to_owned());
        }
        Ok(Self { title, items })
    }

    /// The text of the story: what [`Story::parse`] read, if nothing was changed.
    pub(crate) fn print(&self) -> String {
        let mut text = format!("# {}\n", self.title);
        for item in &self.items {
            match item {
                Item::Note(line) => text.push_str(&format!("{line}\n")),
                Item::Event(line) => print_line(&mut text, '~', line),
                Item::Capture(line) => print_line(&mut text, '=', line),
                Item::Request(exchange) => {
                    exchange.request.iter().for_each(|line| print_line(&mut text, '>', line));
                    exchange.answer.iter().for_each(|line| print_line(&mut text, '<', line));
                }
            }
        }
        text
    }
}

fn print_line(text: &mut String, mark: char, line: &str) {
    let space = if line.is_empty() { "" } else { " " };
    let _ = writeln!(text, "{mark}{space}{line}");
}
