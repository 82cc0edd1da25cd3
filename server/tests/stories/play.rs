//! Playing a story, from its first line to its last.

use std::path::Path;

use crate::bytes::{self, Values};
use crate::compare::difference;
use crate::script::{Item, Request, Story};
use crate::stage::Stage;
use crate::wire::Client;

/// Plays the story in this file. With `bless` the answers in the file become those that came, and that is a failure: a
/// story that was just written shows nothing.
pub(crate) fn play(path: &Path, bless: bool) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let mut story = Story::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let title = story.title.clone();
    let mut blessed = 0;
    let told = tell(&mut story, Way::Library, bless.then_some(&mut blessed))
        .and_then(|()| Way::HOT.iter().try_for_each(|way| tell(&mut story, *way, None)))
        .map_err(|error| format!("{}\n  {title}\n{error}", path.display()));
    // Also when it broke off: what came until then helps its author.
    if bless && story.print() != text {
        std::fs::write(path, story.print()).map_err(|error| error.to_string())?;
    }
    told?;
    if blessed > 0 {
        Err(format!("blessed {blessed} in {}: read the difference", path.display()))
    } else {
        Ok(())
    }
}

/// In which way the requests of a story reach the server. The answers are the same bytes in each.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// All by the HTTP library: the fast path is off.
    Library,
    /// As an ordinary client: the fast path has the connection until the first request that it does not take.
    Hot,
    /// Each request on a connection of its own, so that the fast path meets all of them.
    HotApart,
}

impl Way {
    const HOT: [Self; 2] = [Self::Hot, Self::HotApart];
}

/// Plays a story in one way; answers are blessed if there is a number of them to count.
fn tell(story: &mut Story, way: Way, blessed: Option<&mut u32>) -> Result<(), String> {
    let first = settings(&story.items);
    let (settings, rest) = story.items.split_at_mut(first);
    let front = format!("hot_front = {}", way != Way::Library);
    let lines = settings.iter().filter_map(|item| match item {
        Item::Event(line) => line.strip_prefix("config ").map(str::to_owned),
        _ => None,
    });
    let mut stage = Stage::open([front].into_iter().chain(lines).collect())?;
    let mut teller = Teller {
        client: Client::new(stage.address()),
        values: Values::from([("admin_key".to_owned(), crate::stage::ADMIN_KEY.to_owned())]),
        last: Vec::new(),
        raw: false,
        blessed,
    };
    for item in rest {
        match item {
            Item::Note(_) => {}
            Item::Event(line) => {
                teller.event(&mut stage, line).map_err(|error| format!("at `~ {line}`: {error}"))?
            }
            Item::Capture(pattern) => {
                let (name, value) = bytes::capture(pattern, &teller.last)
                    .map_err(|error| format!("{error}; it is\n{}", shown(&teller.last)))?;
                teller.values.insert(name, value);
            }
            Item::Request(exchange) => {
                if way == Way::HotApart {
                    teller.client.close()?;
                }
                let told = teller.exchange(exchange);
                told.map_err(|error| format!("line {}, {way:?}: {error}", exchange.line))?;
            }
        }
    }
    teller.client.close()?;
    stage.close()
}

/// How many items at the start only set the scene before the server starts.
fn settings(items: &[Item]) -> usize {
    items
        .iter()
        .rposition(|item| matches!(item, Item::Event(line) if line.starts_with("config ")))
        .map_or(0, |last| last + 1)
}

struct Teller<'a> {
    client: Client,
    values: Values,
    /// The last answer, as lines.
    last: Vec<String>,
    /// The next request is sent as it stands.
    raw: bool,
    /// How many answers were blessed, if they are.
    blessed: Option<&'a mut u32>,
}

impl Teller<'_> {
    fn event(&mut self, stage: &mut Stage, line: &str) -> Result<(), String> {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("raw", "") => self.raw = true,
            ("connect", "") => self.client.close()?,
            ("restart", setting) => {
                self.client.close()?;
                stage.restart(setting)?;
                self.client = Client::new(stage.address());
            }
            ("crash", "") => {
                self.client.close()?;
                stage.crash()?;
                self.client = Client::new(stage.address());
            }
            _ => stage.event(&bytes::fill_in(line, &self.values)?)?,
        }
        Ok(())
    }

    fn exchange(&mut self, exchange: &mut Request) -> Result<(), String> {
        let request = self.request(&exchange.request)?;
        let came = bytes::show(&self.client.exchange(&request)?);
        let expected = exchange.answer.iter().map(|line| bytes::fill_in(line, &self.values));
        let expected = expected.collect::<Result<Vec<_>, _>>();
        self.last.clone_from(&came);
        match (expected, &mut self.blessed) {
            (Ok(expected), _) if expected == came => Ok(()),
            (_, Some(blessed)) => {
                exchange.answer = came.iter().map(|line| bytes::take_out(line, &self.values)).collect();
                **blessed += 1;
                Ok(())
            }
            (Ok(expected), None) if expected.is_empty() => {
                Err(format!("no answer is recorded: cargo xtask bless; it is\n{}", shown(&came)))
            }
            (Ok(expected), None) => Err(format!(
                "another answer to {}\n{}",
                exchange.request.first().map_or("", String::as_str),
                difference(&expected, &came).unwrap_or_default()
            )),
            (Err(error), None) => Err(error),
        }
    }

    /// The bytes of a request. What every client sends is added where the story does not say it.
    fn request(&mut self, lines: &[String]) -> Result<Vec<u8>, String> {
        if std::mem::take(&mut self.raw) {
            let lines = lines.iter().map(|line| bytes::unescape(&bytes::fill_in(line, &self.values)?));
            return Ok(lines.collect::<Result<Vec<_>, String>>()?.concat());
        }
        let (mut head, body) = bytes::read(lines, &self.values)?;
        let has = |head: &[Vec<u8>], name: &str| {
            head.iter().any(|line| line.to_ascii_lowercase().starts_with(format!("{name}:").as_bytes()))
        };
        let first = head.first().map(|line| String::from_utf8_lossy(line).into_owned()).unwrap_or_default();
        if first.ends_with("HTTP/1.1") && !has(&head, "host") {
            head.insert(1, b"Host: exeunt.test".to_vec());
        }
        let takes_body = ["POST ", "PUT ", "PATCH "].iter().any(|method| first.starts_with(method));
        let told = has(&head, "content-length") || has(&head, "transfer-encoding");
        if !told && (takes_body || !body.is_empty()) {
            head.push(format!("Content-Length: {}", body.len()).into_bytes());
        }
        Ok(bytes::join(&head, &body))
    }
}

fn shown(lines: &[String]) -> String {
    lines.iter().map(|line| format!("    < {line}\n")).collect()
}
