//! What serde says about a value of the wrong type, in the words of the format that was read instead of Rust's.

/// How a format is described to its writer.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// What the format calls a map: "an object", "a table".
    pub map: &'static str,
    /// Whether the value that was found is shown. It may be a secret in the wrong place.
    pub shows_values: bool,
}

impl Words {
    /// Rewrites `invalid type: …, expected …` and `invalid value: …, expected …`; `None` for other messages.
    pub fn say(self, message: &str) -> Option<String> {
        let wrong = message.strip_prefix("invalid type: ").or(message.strip_prefix("invalid value: "))?;
        let (found, expected) = wrong.rsplit_once(", expected ")?;
        let (expected, place) = match expected.rfind(" at line ") {
            Some(at) => expected.split_at(at),
            None => (expected, ""),
        };
        Some(format!("found {}, expected {}{place}", self.found(found), self.expected(expected)))
    }

    fn found(self, found: &str) -> String {
        let (kind, value) = match found.find(['`', '"']) {
            Some(at) => (found[..at].trim_end(), found[at..].trim_matches('`')),
            None => (found, ""),
        };
        let noun = match kind {
            "integer" | "floating point" => "number",
            "map" => return self.map.to_owned(),
            "sequence" => return "a list".to_owned(),
            "null" | "unit value" | "Option value" => return "null".to_owned(),
            other => other,
        };
        if self.shows_values && !value.is_empty() {
            format!("the {noun} {value}")
        } else {
            format!("a {noun}")
        }
    }

    fn expected(self, expected: &str) -> &str {
        match expected {
            "u8" => "a whole number from 0 to 255",
            "u16" => "a whole number from 0 to 65535",
            "u32" => "a whole number from 0 to 4294967295",
            "u64" | "usize" => "a whole number that is not negative",
            "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
            "f32" | "f64" => "a number",
            "a sequence" => "a list",
            "a borrowed string" => "a string",
            "a map" => self.map,
            name if name.starts_with("struct ") => self.map,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_described_without_values() {
        let words = Words { map: "an object", shows_values: false };
        for (message, said) in [
            (
                "invalid type: string \"hunter2\", expected u32 at line 1 column 9",
                "found a string, expected a whole number from 0 to 4294967295 at line 1 column 9",
            ),
            ("invalid type: map, expected a sequence", "found an object, expected a list"),
            ("invalid type: sequence, expected struct Named", "found a list, expected an object"),
            ("invalid type: null, expected a string", "found null, expected a string"),
            (
                "invalid value: integer `-1`, expected u64",
                "found a number, expected a whole number that is not negative",
            ),
            (
                "invalid type: boolean `true`, expected a borrowed string",
                "found a boolean, expected a string",
            ),
        ] {
            assert_eq!(words.say(message).as_deref(), Some(said));
        }
        assert_eq!(words.say("missing field `name`"), None);
    }

    #[test]
    fn toml_is_described_with_values() {
        let words = Words { map: "a table", shows_values: true };
        for (message, said) in [
            (
                "invalid type: string \"much\", expected usize",
                "found the string \"much\", expected a whole number that is not negative",
            ),
            ("invalid type: integer `3`, expected struct Limits", "found the number 3, expected a table"),
        ] {
            assert_eq!(words.say(message).as_deref(), Some(said));
        }
    }
}
