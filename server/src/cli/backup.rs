//! `exeunt backup`: copies the server's store into a file. An old backup stays until the new one is complete, verified
//! and synced.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use exeunt_core::Moment;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName};
use http_body_util::BodyExt;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::context::{Ask, Context};
use super::exit::{Exit, Failure, Outcome};
use super::progress::Bar;
use crate::env::Env;
use crate::store::sqlite::file::folder_of;
use crate::store::sqlite::inspect::is_store;
use crate::store::sqlite::restore::examine;
use crate::time::text::{readable, utc_or_last};

/// The suffix of the file until it is complete.
const PART: &str = ".part";
/// Seconds to wait for the next piece.
const PIECE_SECS: u64 = 30;

#[derive(Args)]
pub(super) struct Backup {
    /// The file; an existing one is replaced after the new one is complete
    #[arg(default_value = "exeunt.backup")]
    file: PathBuf,
}

impl Ask for Backup {
    async fn run(self, context: &mut Context) -> Outcome {
        let part = Part::begin(&self.file)?;
        let copied = tokio::select! {
            copied = copy(context, &part) => copied?,
            _ = tokio::signal::ctrl_c() => return Err(Failure::interrupted()),
        };
        let made_at = part.finish(&self.file)?;
        if context.out.is_json() {
            let made_at = utc_or_last(made_at).to_string();
            let told =
                json!({ "file": self.file.display().to_string(), "bytes": copied, "made_at": made_at });
            context.out.json(&told)?;
        } else {
            let made_at = readable(made_at);
            context.out.line(&format!("{}: backup of {made_at}, {copied} bytes", self.file.display()))?;
        }
        Ok(Exit::Done)
    }
}

/// Copies what the server sends and verifies its length and digest. Returns the number of bytes.
async fn copy(context: &mut Context, part: &Part) -> Outcome<u64> {
    let env = Env::system();
    let mut bar = Bar::new(&env, "copying");
    // The server makes its copy before it responds.
    let response = bar.wait(context.remote.stream("/v1/backup", &[])).await;
    bar.clear();
    let response = response?;
    let (total, digest) = promised(response.headers()).ok_or_else(|| {
        Failure::new(
            Exit::Failed,
            "the response is not a backup; the server is not Exeunt, or has another version",
        )
    })?;
    let (mut body, mut file, mut hash, mut done) = (response.into_body(), &part.file, Sha256::new(), 0);
    let broken = |why: &str| {
        Failure::new(
            Exit::Unavailable,
            format!("the backup was cut off: {why}; the previous backup was kept"),
        )
    };
    loop {
        let next = tokio::time::timeout(Duration::from_secs(PIECE_SECS), body.frame()).await;
        let frame = match next {
            Err(_) => return Err(broken("the server stopped sending")),
            Ok(None) => break,
            Ok(Some(Err(error))) => return Err(broken(&error.to_string())),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(piece) = frame.into_data() else { continue };
        hash.update(&piece);
        file.write_all(&piece).map_err(|error| part.failed(&error))?;
        done += u64::try_from(piece.len()).unwrap_or_default();
        bar.show(done, total);
    }
    bar.clear();
    if done != total {
        return Err(broken(&format!("received {done} of {total} bytes")));
    }
    if STANDARD.encode(hash.finalize()) != digest {
        return Err(broken("its checksum does not match"));
    }
    Ok(done)
}

/// The length and the digest of the copy, from the headers.
fn promised(headers: &HeaderMap) -> Option<(u64, String)> {
    let length = headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()?;
    let digest = headers.get(HeaderName::from_static("repr-digest"))?.to_str().ok()?;
    Some((length, digest.strip_prefix("sha-256=:")?.strip_suffix(':')?.to_owned()))
}

/// An incomplete file that only its owner may read; dropping it deletes the file unless it was finished.
struct Part {
    path: PathBuf,
    file: File,
}

/// Checks that a backup may replace what is at this path.
///
/// # Errors
/// `Usage`: it is a store, or not a file.
fn may_be_replaced(whole: &Path) -> Outcome<()> {
    let refused = |why: &str| Err(Failure::usage(format!("{} {why}", whole.display())));
    match fs::metadata(whole) {
        Ok(there) if !there.is_file() => refused("exists and is not a regular file; choose another name"),
        Ok(_) if is_store(whole) => refused("is a store, not a backup; choose another name"),
        // If it cannot be read, the rename fails as well, with a better error.
        Ok(_) | Err(_) => Ok(()),
    }
}

impl Part {
    fn begin(whole: &Path) -> Outcome<Self> {
        may_be_replaced(whole)?;
        let mut name: OsString = whole.into();
        name.push(PART);
        let path = PathBuf::from(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&path, &error)),
            _ => {}
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        Ok(Self { file: file.map_err(|error| failed(&path, &error))?, path })
    }

    /// Verifies and syncs the file, and renames it over the old one. Returns when the backup was made.
    fn finish(self, whole: &Path) -> Outcome<Moment> {
        let made_at = examine(&self.path)?;
        let put = || {
            self.file.sync_all()?;
            fs::rename(&self.path, whole)?;
            File::open(folder_of(whole))?.sync_all()
        };
        put().map_err(|error| self.failed(&error))?;
        Ok(made_at)
    }

    fn failed(&self, error: &io::Error) -> Failure {
        failed(&self.path, error)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After `finish` there is no such file.
        let _gone = fs::remove_file(&self.path);
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("cannot write {}: {error}; the previous backup was kept", path.display()),
    )
}
