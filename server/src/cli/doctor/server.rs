//! Checks the running server: whether it responds, its version, and what it reports about itself.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;

use http::Method;
use serde_json::Value;

use super::finding::Finding;
use super::{logins, origins};
use crate::cli::exit::{Exit, Failure};
use crate::cli::keys::FILE;
use crate::cli::options::Options;
use crate::cli::remote::Remote;
use crate::config::Config;
use crate::store::sqlite::file::folder_of;

const CHECK: &str = "server";
/// The variable that names the server.
const URL: &str = "EXEUNT_URL";

/// Asks the server that the options name, or else the one that this configuration would start. `store` is its file, and
/// whether a process has it open.
pub(super) async fn ask(mut options: Options, config: &Config, store: Option<(&Path, bool)>) -> Vec<Finding> {
    let named = options.url.is_some() || std::env::var_os(URL).is_some();
    if !named {
        let listen = config.admin_listen.unwrap_or(config.listen);
        options.url = Some(usual(listen, config.tls_cert.is_some()));
        // Requests to an address of this machine do not leave it.
        options.allow_plain_http |= UdpSocket::bind((listen.ip(), 0)).is_ok();
    }
    let key = store.map(|(path, _)| folder_of(path).join(FILE)).filter(|key| key.exists());
    options.key_file = options.key_file.or(key.filter(|_| std::env::var_os("EXEUNT_ADMIN_KEY").is_none()));
    let url = options.url.clone().unwrap_or_default();
    let mut remote = match Remote::find(&options).await {
        Ok(remote) => remote,
        Err(failure) => return vec![unasked(&failure)],
    };
    match remote.answer(Method::GET, "/readyz", None).await {
        Ok(answer) if answer.status.is_success() => {
            let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let mut findings = vec![version(&mut remote).await];
            findings.extend(warnings(&told));
            findings.extend(latest(&mut remote, config).await);
            match origins::ask(&mut remote).await {
                Ok(open) => findings.extend(origins::judge(&open)),
                Err(failure) => findings.push(unasked(&failure)),
            }
            findings
        }
        Ok(answer) => {
            let says = format!("it is not ready: {}", remote.refused(&answer));
            vec![Finding::wrong(CHECK, says, "see its log for the reason; checks are refused until then")]
        }
        Err(failure) if !named && failure.exit == Exit::Failed => vec![Finding::warning(
            CHECK,
            format!("it uses TLS and was not checked: {failure}"),
            "give the host name in its certificate: --url https://…; for a private certificate authority \
             also --ca-file",
        )],
        Err(failure) if named || store.is_some_and(|(_, in_use)| in_use) => {
            vec![Finding::wrong(CHECK, failure.to_string(), "start it, or give its address with --url")]
        }
        Err(_) => {
            vec![Finding::well(CHECK, format!("no server answers at {url}, and none has the database open"))]
        }
    }
}

fn unasked(failure: &Failure) -> Finding {
    match failure.exit {
        Exit::Refused => Finding::warning(CHECK, "it was not checked", failure.to_string()),
        _ => Finding::wrong(CHECK, failure.to_string(), "correct the address or the key"),
    }
}

fn usual(listen: SocketAddr, tls: bool) -> String {
    let scheme = if tls { "https" } else { "http" };
    let ip = if listen.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { listen.ip() };
    format!("{scheme}://{}", SocketAddr::new(ip, listen.port()))
}

/// Compares the version of the server with that of this program.
async fn version(remote: &mut Remote) -> Finding {
    const OURS: &str = env!("CARGO_PKG_VERSION");
    let page = match remote.answer(Method::GET, "/metrics", None).await {
        Ok(answer) if answer.status.is_success() => answer.body,
        Ok(answer) => return unasked(&remote.refused(&answer)),
        Err(failure) => return unasked(&failure),
    };
    let page = String::from_utf8_lossy(&page);
    let line = page.lines().find(|line| line.contains("build_info{")).unwrap_or_default();
    match line.split_once("version=\"").and_then(|(_, rest)| rest.split_once('"')) {
        Some((OURS, _)) => Finding::well(CHECK, format!("it answers and has this version ({OURS})")),
        Some((runs, _)) => {
            let says = format!("the server has version {runs}, and this program {OURS}");
            Finding::warning(
                CHECK,
                says,
                "restart the server with this program, or use the server's version of it",
            )
        }
        None => Finding::warning(CHECK, "it answers, but does not report its version", "is it Exeunt?"),
    }
}

fn warnings(told: &Value) -> Vec<Finding> {
    let all = told["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str);
    all.map(|text| Finding::warning(CHECK, text, "see docs/operation.md")).collect()
}

/// Judges where its latest sessions were opened, from one page of them.
async fn latest(remote: &mut Remote, config: &Config) -> Option<Finding> {
    let (items, _) = match remote.page("/v1/sessions").await {
        Ok(page) => page,
        Err(failure) => return Some(unasked(&failure)),
    };
    let from =
        |item: &Value| Some((item["dialect"].as_str()?.to_owned(), item["address"].as_str()?.parse().ok()?));
    logins::judge(&items.iter().filter_map(from).collect::<Vec<_>>(), config)
}
