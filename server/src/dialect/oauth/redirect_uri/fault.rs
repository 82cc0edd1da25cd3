//! Why an address is no redirect address.

use crate::dialect::oauth::uri::UriFault;

/// The rule that an address breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectUriFault {
    /// It is no absolute URI without a fragment.
    Uri(UriFault),
    /// `javascript`, `data` or `file`.
    ForbiddenScheme,
    /// Neither `https`, `http` nor a private-use scheme.
    SchemeWithoutDot,
    /// A private-use scheme, and the client has a secret.
    PrivateScheme,
    /// `http` to another machine.
    PlainHttp,
    /// A user or a password before the host.
    UserInfo,
    /// `https` or `http` without a host.
    NoHost,
    /// The host is neither a name nor an address.
    Host,
    /// The port is no number from 1 to 65535.
    Port,
}

impl RedirectUriFault {
    /// The rule, for the person who wrote the address.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Uri(fault) => fault.text(),
            Self::ForbiddenScheme => "javascript, data and file addresses are not allowed",
            Self::SchemeWithoutDot => {
                "the scheme is not allowed: use https, or for an application on a device a scheme of its own with a dot, \
                 such as com.example.app"
            }
            Self::PrivateScheme => "a scheme of its own is for applications without a secret: use https",
            Self::PlainHttp => "http is allowed for 127.0.0.1, [::1] and localhost only: use https",
            Self::UserInfo => "a user name or password (before an @) is not allowed",
            Self::NoHost => "the host is missing: write // and the host after the scheme",
            Self::Host => "the host is not a name or an address: write it without escapes, in ASCII",
            Self::Port => "the port must be a number from 1 to 65535 without leading zeros",
        }
    }
}

impl From<UriFault> for RedirectUriFault {
    fn from(fault: UriFault) -> Self {
        Self::Uri(fault)
    }
}
