//! Parses server-sent events (WHATWG HTML §9.2.6), which arrive in pieces.

/// The longest event that is read, in bytes.
const EVENT_BYTES_MAX: usize = 1 << 20;

/// An event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Its kind; empty if it has none.
    pub kind: String,
    /// Its position: the reader then has everything up to here.
    pub id: String,
    /// Its data.
    pub data: String,
}

/// The parser: an incomplete line, and the event that is being read.
#[derive(Default)]
pub(super) struct Events {
    rest: Vec<u8>,
    event: Event,
}

impl Events {
    /// Parses a piece, and returns the events that it completes. `None` if this is not an event stream.
    pub(super) fn take(&mut self, piece: &[u8]) -> Option<Vec<Event>> {
        self.rest.extend_from_slice(piece);
        let mut whole = Vec::new();
        let mut from = 0;
        while let Some(end) = self.rest[from..].iter().position(|byte| *byte == b'\n') {
            let line = std::str::from_utf8(&self.rest[from..from + end]).ok()?;
            let line = line.strip_suffix('\r').unwrap_or(line);
            from += end + 1;
            match line.split_once(':').unwrap_or((line, "")) {
                ("", "") if line.is_empty() => whole.push(std::mem::take(&mut self.event)),
                ("event", value) => self.event.kind = bare(value),
                ("id", value) => self.event.id = bare(value),
                ("data", value) if self.event.data.is_empty() => self.event.data = bare(value),
                ("data", value) => self.event.data += &format!("\n{}", bare(value)),
                _ => {}
            }
        }
        self.rest.drain(..from);
        (self.rest.len() + self.event.data.len() <= EVENT_BYTES_MAX).then_some(whole)
    }
}

fn bare(value: &str) -> String {
    value.strip_prefix(' ').unwrap_or(value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = ": a comment\nevent: mark\nid: a.1\ndata: {\"stamp\":1}\n\nevent:position\r\nid: a.1\r\ndata: x\r\ndata: y\r\n\r\n";

    fn expected() -> Vec<Event> {
        let event = |kind: &str, data: &str| Event {
            kind: kind.to_owned(),
            id: "a.1".to_owned(),
            data: data.to_owned(),
        };
        vec![event("mark", "{\"stamp\":1}"), event("position", "x\ny")]
    }

    #[test]
    fn events_are_the_same_however_they_are_cut() {
        assert_eq!(Events::default().take(STREAM.as_bytes()).unwrap(), expected());
        for cut in 0..STREAM.len() {
            let mut events = Events::default();
            let (first, second) = STREAM.as_bytes().split_at(cut);
            let mut all = events.take(first).unwrap();
            all.extend(events.take(second).unwrap());
            assert_eq!(all, expected(), "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_stream_of_events_is_found_out() {
        assert!(Events::default().take(b"\xff\n").is_none());
        assert!(Events::default().take(&vec![b'a'; EVENT_BYTES_MAX + 1]).is_none());
    }
}
