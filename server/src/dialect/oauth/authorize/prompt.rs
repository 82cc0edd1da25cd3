//! `prompt`: what the client wants the user to see (OIDC Core §3.1.2.1).

/// What the client wants the user to see. All `false`: what is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Prompt {
    /// No page at all.
    pub none: bool,
    /// A login, even if the user is logged in.
    pub login: bool,
    /// The question whether the client may.
    pub consent: bool,
    /// A choice of accounts: with one account a browser, a login.
    pub select_account: bool,
}

impl Prompt {
    /// Reads the value of the parameter: words with spaces between them.
    ///
    /// # Errors
    /// The rule that it breaks: a word is unknown, or `none` is not alone (OIC-02).
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut prompt = Self::default();
        for word in text.split(' ') {
            match word {
                "none" => prompt.none = true,
                "login" => prompt.login = true,
                "consent" => prompt.consent = true,
                "select_account" => prompt.select_account = true,
                _ => return Err("prompt has words of none, login, consent and select_account"),
            }
        }
        let others = prompt.login || prompt.consent || prompt.select_account;
        if prompt.none && others { Err("prompt=none must be alone") } else { Ok(prompt) }
    }

    /// Whether the user has to log in, even if logged in.
    pub const fn wants_login(self) -> bool {
        self.login || self.select_account
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oic_02_words_in_any_order_and_none_alone() {
        let usual = Prompt::default();
        for (text, prompt) in [
            ("none", Prompt { none: true, ..usual }),
            ("login", Prompt { login: true, ..usual }),
            ("consent login", Prompt { login: true, consent: true, ..usual }),
            ("login consent login", Prompt { login: true, consent: true, ..usual }),
            ("select_account", Prompt { select_account: true, ..usual }),
        ] {
            assert_eq!(Prompt::parse(text), Ok(prompt), "{text}");
        }
        for text in [
            "",
            "none login",
            "consent none",
            "none none login",
            "Login",
            "create",
            "login  consent",
            " login",
        ] {
            assert!(Prompt::parse(text).is_err(), "{text:?}");
        }
    }
}
