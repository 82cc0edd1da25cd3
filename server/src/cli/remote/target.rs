//! Which server to call, and whether a key may be sent to it.

use crate::cli::exit::{Failure, Outcome};
use crate::outbound::{Fault, Target};

/// The default server: the default address of `exeunt serve`.
const USUAL: &str = "http://127.0.0.1:8080";
/// The variable that names the server.
const VARIABLE: &str = "EXEUNT_URL";

/// Finds the server from the command line, the environment, or else the default one on this machine.
///
/// # Errors
/// `Usage` for an invalid address, and for one to which the key would go unencrypted; `Unavailable` if the name does not
/// resolve.
pub(super) async fn find(given: Option<&str>, allow_plain_http: bool) -> Outcome<Target> {
    let url = match (given, std::env::var(VARIABLE)) {
        (Some(url), _) => url.to_owned(),
        (None, Ok(url)) if !url.is_empty() => url,
        (None, Err(std::env::VarError::NotUnicode(_))) => {
            return Err(Failure::usage(format!("{VARIABLE} is not UTF-8")));
        }
        (None, _) => USUAL.to_owned(),
    };
    let invalid = |fault: Fault| Failure::usage(format!("--url or {VARIABLE}: {fault}"));
    let mut target = Target::parse(&url).map_err(invalid)?;
    target.resolve().await.map_err(|fault| {
        let failure = Failure::from(fault);
        let advice = format!("{failure}. Is the name in --url or {VARIABLE} right?");
        Failure::new(failure.exit, advice)
    })?;
    if !target.secure && !allow_plain_http && !target.is_here() {
        return Err(Failure::usage(format!(
            "{url} is another machine, and http:// would send the key unencrypted; use https://, or \
             --allow-plain-http if you trust the network"
        )));
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;

    async fn found(url: &str) -> Result<(bool, String, u16, String), Exit> {
        let target = find(Some(url), false).await.map_err(|failure| failure.exit)?;
        Ok((target.secure, target.host.clone(), target.addresses[0].port(), target.path("/v1")))
    }

    #[tokio::test]
    async fn a_url_names_host_port_and_prefix() {
        let told =
            |secure, host: &str, port, path: &str| Ok((secure, host.to_owned(), port, path.to_owned()));
        assert_eq!(found("http://127.0.0.1:8080").await, told(false, "127.0.0.1", 8080, "/v1"));
        assert_eq!(found("http://[::1]").await, told(false, "::1", 80, "/v1"));
        assert_eq!(found("https://192.0.2.7/a/b/").await, told(true, "192.0.2.7", 443, "/a/b/v1"));
    }

    #[tokio::test]
    async fn a_key_goes_in_clear_to_this_machine_alone() {
        assert_eq!(found("http://192.0.2.7").await, Err(Exit::Usage));
        assert_eq!(found("http://0.0.0.0").await, Err(Exit::Usage));
        assert!(found("http://[::ffff:127.0.0.1]").await.is_ok());
        assert!(find(Some("http://192.0.2.7"), true).await.is_ok());
    }

    #[tokio::test]
    async fn what_names_no_server_is_refused() {
        for url in
            ["", "127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://a:b@127.0.0.1", "http://127.0.0.1?a"]
        {
            assert_eq!(found(url).await, Err(Exit::Usage), "{url}");
        }
    }
}
