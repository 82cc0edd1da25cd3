//! Reads a device's name from `User-Agent`, so that a user recognises their own sessions.
//!
//! It is only a hint: the client chooses the header, so no decision depends on it. Why this is a list of our own:
//! `docs/decisions/0003-device-names-are-a-short-list.md`.

use std::fmt;

/// How much of a header is read, in bytes.
pub const USER_AGENT_BYTES_MAX: usize = 512;
/// The longest program name that is shown, in bytes.
const PROGRAM_BYTES_MAX: usize = 40;

/// A device as a `User-Agent` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The browser or program with its major version, such as `Firefox 145` or `curl 8`.
    pub browser: Option<String>,
    /// The operating system without its version.
    pub system: Option<&'static str>,
    pub kind: DeviceKind,
}

/// The kind of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// A browser on a desktop or laptop computer.
    Desktop,
    /// A browser on a phone.
    Phone,
    /// A browser on a tablet.
    Tablet,
    /// A program that is not a browser.
    Program,
    /// The header does not tell.
    Unknown,
}

/// Browsers by the word that identifies them. Special ones come before those that they imitate: all say `Safari`, and
/// most say `Chrome`.
const BROWSERS: [(&str, &str); 16] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edge/", "Edge"),
    ("OPR/", "Opera"),
    ("OPiOS/", "Opera"),
    ("OPT/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("MSIE ", "Internet Explorer"),
    ("Trident/", "Internet Explorer"),
    ("Version/", "Safari"),
];

/// Systems by the word that identifies them. An iPad that requests desktop pages says `Macintosh`, like a Mac. `Darwin`
/// is the kernel of both Apple's phones and computers.
const SYSTEMS: [(&str, &str); 11] = [
    ("iPad", "iPadOS"),
    ("iPhone", "iOS"),
    ("iPod", "iOS"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
    ("X11", "Linux"),
    ("Darwin/", "iOS or macOS"),
];

impl Device {
    /// Reads the header's value. It accepts any text.
    pub fn of(user_agent: &str) -> Self {
        let text = &user_agent[..user_agent.floor_char_boundary(USER_AGENT_BYTES_MAX)];
        let system = SYSTEMS.iter().find(|(word, _)| text.contains(word)).map(|(_, system)| *system);
        if text.starts_with("Mozilla/") || text.starts_with("Opera/") {
            let browser = browser(text);
            let kind = if browser.is_some() { kind(text, system) } else { DeviceKind::Unknown };
            return Self { browser, system, kind };
        }
        let browser = program(text);
        let kind = if browser.is_some() { DeviceKind::Program } else { DeviceKind::Unknown };
        Self { browser, system, kind }
    }
}

/// `Firefox 145 on Windows`, or as much of it as is known.
impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.browser, self.system) {
            (Some(browser), Some(system)) => write!(f, "{browser} on {system}"),
            (Some(browser), None) => f.write_str(browser),
            (None, Some(system)) => f.write_str(system),
            (None, None) => f.write_str("unknown device"),
        }
    }
}

fn browser(text: &str) -> Option<String> {
    if let Some(version) = text.strip_prefix("Opera/") {
        return Some(named("Opera", version));
    }
    let found = BROWSERS.iter().find_map(|(word, name)| {
        let (before, version) = text.split_once(word)?;
        let is_word = before.ends_with([' ', ';', '(']);
        is_word.then_some((*name, version))
    });
    match found? {
        // The number after `Trident` is the version of the engine.
        ("Internet Explorer", version) if text.contains("Trident/") && !text.contains("MSIE ") => {
            Some(named("Internet Explorer", text.split_once("rv:").map_or(version, |(_, version)| version)))
        }
        ("Safari", _) if !text.contains("Safari/") => None,
        (name, version) => Some(named(name, version)),
    }
}

/// The first product of the header, `name/version` (RFC 9110 §10.1.5), if it is a plain name.
fn program(text: &str) -> Option<String> {
    let product = text.split_ascii_whitespace().next()?;
    let (name, version) = product.split_once('/').unwrap_or((product, ""));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (!name.is_empty() && name.len() <= PROGRAM_BYTES_MAX && name.bytes().all(plain))
        .then(|| named(name, version))
}

/// The name with the major version, if that has one to four digits.
fn named(name: &str, version: &str) -> String {
    let digits = version.len() - version.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    if (1..=4).contains(&digits) { format!("{name} {}", &version[..digits]) } else { name.to_owned() }
}

fn kind(text: &str, system: Option<&str>) -> DeviceKind {
    match system {
        Some("iPadOS") => DeviceKind::Tablet,
        Some("iOS") => DeviceKind::Phone,
        // Android tablets omit the word.
        Some("Android") if !text.contains("Mobile") => DeviceKind::Tablet,
        _ if text.contains("Mobile") => DeviceKind::Phone,
        Some(_) => DeviceKind::Desktop,
        None => DeviceKind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::DeviceKind::{Desktop, Phone, Program, Tablet, Unknown};
    use super::*;

    #[test]
    fn devices_by_their_names() {
        const MAC: &str =
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        const WINDOWS: &str =
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)";
        const PHONE: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)";
        const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15";
        let linux = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
        for (agent, name, kind) in [
            (linux.to_owned(), "Firefox 145 on Linux", Desktop),
            (format!("{WINDOWS} Chrome/141.0.0.0 Safari/537.36"), "Chrome 141 on Windows", Desktop),
            (format!("{WINDOWS} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.1"), "Edge 141 on Windows", Desktop),
            (format!("{WINDOWS} Chrome/141.0.0.0 Safari/537.36 OPR/120.0"), "Opera 120 on Windows", Desktop),
            (format!("{WINDOWS} HeadlessChrome/141.0 Safari/537.36"), "Chrome 141 on Windows", Desktop),
            (format!("{MAC} Version/18.1 Safari/605.1.15"), "Safari 18 on macOS", Desktop),
            (MAC.to_owned(), "macOS", Unknown),
            (format!("{IPHONE} Version/18.1 Mobile/15E148 Safari/604.1"), "Safari 18 on iOS", Phone),
            (format!("{IPHONE} CriOS/141.0 Mobile/15E148 Safari/604.1"), "Chrome 141 on iOS", Phone),
            (format!("{IPHONE} FxiOS/145.0 Mobile/15E148 Safari/605.1.15"), "Firefox 145 on iOS", Phone),
            (
                IPHONE.replace("iPhone;", "iPad;") + " Version/18.1 Mobile/1 Safari/604.1",
                "Safari 18 on iPadOS",
                Tablet,
            ),
            (format!("{PHONE} Chrome/141.0.0.0 Mobile Safari/537.36"), "Chrome 141 on Android", Phone),
            (format!("{PHONE} Chrome/141.0.0.0 Safari/537.36"), "Chrome 141 on Android", Tablet),
            (
                format!("{PHONE} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36"),
                "Samsung Internet 28 on Android",
                Phone,
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 1) AppleWebKit/1 Chrome/141.0 Safari/1".to_owned(),
                "Chrome 141 on ChromeOS",
                Desktop,
            ),
            (
                "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko".to_owned(),
                "Internet Explorer 11 on Windows",
                Desktop,
            ),
            (
                "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)".to_owned(),
                "Internet Explorer 8 on Windows",
                Desktop,
            ),
            (
                "Opera/9.80 (Windows NT 6.1) Presto/2.12 Version/12.16".to_owned(),
                "Opera 9 on Windows",
                Desktop,
            ),
            ("curl/8.5.0".to_owned(), "curl 8", Program),
            ("python-requests/2.32.3".to_owned(), "python-requests 2", Program),
            ("Python-urllib/1.16".to_owned(), "Python-urllib 1", Program),
            ("okhttp/4.12.0".to_owned(), "okhttp 4", Program),
            ("Go-http-client/1.1".to_owned(), "Go-http-client 1", Program),
            ("PostmanRuntime/7.42.0".to_owned(), "PostmanRuntime 7", Program),
            ("RunClub/12 CFNetwork/1568.200 Darwin/24.1.0".to_owned(), "RunClub 12 on iOS or macOS", Program),
            ("Dalvik/2.1.0 (Linux; U; Android 13; SM-A536B)".to_owned(), "Dalvik 2 on Android", Program),
            ("probe".to_owned(), "probe", Program),
            (String::new(), "unknown device", Unknown),
            ("<script>alert(1)</script>".to_owned(), "unknown device", Unknown),
            ("x".repeat(41), "unknown device", Unknown),
            ("agent/12345678901".to_owned(), "agent", Program),
        ] {
            let device = Device::of(&agent);
            assert_eq!((device.to_string().as_str(), device.kind), (name, kind), "{agent}");
        }
    }

    #[test]
    fn only_the_start_of_a_long_header_is_looked_at() {
        let long = format!("Mozilla/5.0 {} Firefox/145.0", "é".repeat(USER_AGENT_BYTES_MAX));
        assert_eq!(Device::of(&long), Device { browser: None, system: None, kind: Unknown });
    }

    proptest! {
        #[test]
        fn any_text_gives_a_short_plain_name(agent in any::<String>()) {
            let name = Device::of(&agent).to_string();
            prop_assert!(name.len() <= 80 && name.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '));
        }
    }
}
