//! What holds for stories themselves.

use libtest_mimic::{Failed, Trial};

use crate::bytes::{self, Values};
use crate::compare::difference;
use crate::script::{Item, Story};

const STORY: &str = "# Somebody asks.\n# More of it.\n\n~ 10m\n> GET / HTTP/1.1\n>\n> a\\r\n>  b\n< HTTP/1.1 200 OK\n<\n< c\n= {{d}}\n";

/// The laws, as tests beside the stories.
pub(crate) fn all() -> Vec<Trial> {
    let law = |name: &str, holds: fn() -> Result<(), String>| {
        Trial::test(format!("laws/{name}"), move || holds().map_err(Failed::from))
    };
    vec![
        law("a_story_prints_as_it_was_read", a_story_prints_as_it_was_read),
        law("what_is_no_story_is_refused", what_is_no_story_is_refused),
        law("every_byte_is_shown", every_byte_is_shown),
        law("captures_find_and_fill", captures_find_and_fill),
        law("differences_are_shown", differences_are_shown),
    ]
}

fn a_story_prints_as_it_was_read() -> Result<(), String> {
    let story = Story::parse(STORY)?;
    equal(&story.print(), &STORY.to_owned())?;
    let Some(Item::Request(exchange)) = story.items.get(3) else { return Err(format!("{story:?}")) };
    let (head, body) = bytes::read(&exchange.request, &Values::new())?;
    equal(&bytes::join(&head, &body), &b"GET / HTTP/1.1\r\n\r\na\r\n b".to_vec())
}

fn what_is_no_story_is_refused() -> Result<(), String> {
    for text in
        ["", "no title", "# No end\n", "# A.\n< a\n", "# A.\n>a\n", "# A.\n?\n", "# A.\n", "# A.\né\n"]
    {
        if Story::parse(text).is_ok() {
            return Err(format!("was taken for a story: {text:?}"));
        }
    }
    Ok(())
}

fn every_byte_is_shown() -> Result<(), String> {
    let body: Vec<u8> = (0..=255).chain(*b"\n a \n\n").collect();
    let head = [b"A: 1".to_vec(), b"B: \\ \xff ".to_vec()];
    let message = bytes::join(&head, &body);
    let lines = bytes::show(&message);
    if lines.iter().any(|line| line.contains(|c: char| c.is_control()) || line.ends_with(' ')) {
        return Err(format!("{lines:?}"));
    }
    equal(&bytes::read(&lines, &Values::new())?, &(head.to_vec(), body))
}

fn captures_find_and_fill() -> Result<(), String> {
    let lines =
        ["Set-Cookie: a=token1; Path=/".to_owned(), "<key>k1</key>".to_owned(), "X: whole line".to_owned()];
    equal(&bytes::capture("a={{cookie}};", &lines)?, &("cookie".to_owned(), "token1".to_owned()))?;
    equal(&bytes::capture("<key>{{key}}</key>", &lines)?.1, &"k1".to_owned())?;
    equal(&bytes::capture("X: {{x}}", &lines)?.1, &"whole line".to_owned())?;
    let values = Values::from([("key".to_owned(), "k1".to_owned())]);
    equal(&bytes::fill_in("?key={{key}}&", &values)?, &"?key=k1&".to_owned())?;
    equal(&bytes::take_out("?key=k1&", &values), &"?key={{key}}&".to_owned())?;
    match (bytes::capture("<no>{{key}}", &lines), bytes::fill_in("{{other}}", &values)) {
        (Err(_), Err(_)) => Ok(()),
        found => Err(format!("{found:?}")),
    }
}

fn differences_are_shown() -> Result<(), String> {
    let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    equal(&difference(&lines("a b"), &lines("a b")), &None)?;
    let shown = difference(&lines("a b c"), &lines("a x c")).unwrap_or_default();
    equal(&shown, &"      a\n    - b\n    + x\n      c\n".to_owned())
}

fn equal<T: PartialEq + std::fmt::Debug>(left: &T, right: &T) -> Result<(), String> {
    if left == right { Ok(()) } else { Err(format!("{left:?}\nis not\n{right:?}")) }
}
