//! Finds projects that any web page may call: such a page can read the data of its visitors there, and log them out.

use serde_json::Value;

use super::finding::Finding;
use crate::cli::exit::Outcome;
use crate::cli::print::text;
use crate::cli::remote::Remote;

const CHECK: &str = "origins";
/// The most projects that are named.
const NAMED_MAX: usize = 20;

/// Judges the projects that any web page may call, each with its realm.
pub(super) fn judge(open: &[(String, String)]) -> Vec<Finding> {
    if open.is_empty() {
        return vec![Finding::well(CHECK, "no rested project can be called by every web page")];
    }
    let mut findings: Vec<Finding> =
        open.iter().take(NAMED_MAX).map(|(name, realm)| found(name, realm)).collect();
    if open.len() > NAMED_MAX {
        let says = format!("the same is true of {} more projects", open.len() - NAMED_MAX);
        findings.push(Finding::warning(CHECK, says, "see `exeunt client list` and `exeunt client show`"));
    }
    findings
}

fn found(name: &str, realm: &str) -> Finding {
    let says = format!(
        "any web page can call project {name} of realm {realm} with its visitors' cookies, and read their data"
    );
    let advice = format!("exeunt client change '{name}' --realm {realm} --allowed-origin https://…");
    Finding::warning(CHECK, says, advice)
}

/// Asks a running server for these projects, in each realm that the key may see.
///
/// # Errors
/// The server's.
pub(super) async fn ask(remote: &mut Remote) -> Outcome<Vec<(String, String)>> {
    let (realms, _) = remote.page("/v1/realms").await?;
    let mut open = Vec::new();
    for realm in realms.iter().map(|realm| text(&realm["name"])) {
        let (clients, _) = remote.page_of_realm("/v1/clients", &realm).await?;
        let any = clients.iter().filter(|client| client["any_origin"] == Value::Bool(true));
        open.extend(any.map(|client| (text(&client["name"]), realm.clone())));
    }
    Ok(open)
}
