//! A fault of an authorization request: shown to the user, or reported to the client.

use crate::dialect::oauth::error::OAuthError;
use crate::dialect::oauth::parameters::ParameterFault;
use crate::dialect::oauth::redirect_uri::Destination;

/// A fault, by who gets to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestFault {
    /// A page for the user. The answer has no `Location`.
    Page(PageFault),
    /// An answer to the client.
    Answer {
        /// Where it goes.
        destination: Destination,
        /// The `state` of the request, unless that is at fault.
        state: Option<String>,
        /// What is wrong.
        error: OAuthError,
    },
}

/// A fault that is shown to the user, because it cannot be reported to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFault {
    /// A parameter that decides where the answer goes is missing.
    Missing(&'static str),
    /// It is repeated, or cannot be read.
    Parameter(ParameterFault),
    /// No client has this id.
    UnknownClient,
    /// The redirect address is not one of the client's.
    NotRegistered,
    /// The answer is wanted in a way that this server does not have.
    ResponseMode,
}

impl PageFault {
    /// What is wrong, for the user and for the developer of the application.
    pub fn text(self) -> String {
        match self {
            Self::Missing(name) => format!("{name} is missing"),
            Self::Parameter(fault) => fault.text(),
            Self::UnknownClient => "no application has this client_id".to_owned(),
            Self::NotRegistered => {
                "redirect_uri is not an address that the application has registered".to_owned()
            }
            Self::ResponseMode => "response_mode must be query".to_owned(),
        }
    }
}

impl From<ParameterFault> for PageFault {
    fn from(fault: ParameterFault) -> Self {
        Self::Parameter(fault)
    }
}

impl From<PageFault> for RequestFault {
    fn from(fault: PageFault) -> Self {
        Self::Page(fault)
    }
}
