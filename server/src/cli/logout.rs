//! `exeunt logout`: ends many sessions at once. It first shows how many, and asks for confirmation.

use clap::Args;
use serde_json::json;

use super::context::{Ask, Context};
use super::ending::{Confirmed, ended, sessions, would_end};
use super::exit::{Exit, Failure, Outcome};
use super::reference::{self, Named};
use super::remote::with_query;

#[derive(Args)]
pub(super) struct Logout {
    #[command(flatten)]
    whom: Whom,
    /// Only print how many sessions would end
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    #[command(flatten)]
    sure: Confirmed,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Whom {
    /// All sessions of this user: an id, username or e-mail address
    #[arg(long)]
    user: Option<String>,
    /// All sessions of this client: an id or name
    #[arg(long)]
    client: Option<String>,
    /// This one session
    #[arg(long, value_name = "ID", value_parser = reference::id)]
    session: Option<String>,
    /// All sessions of the realm
    #[arg(long)]
    everybody: bool,
    /// All sessions of this session's user except this one
    #[arg(long, value_name = "SESSION", value_parser = reference::id)]
    others_of: Option<String>,
}

impl Ask for Logout {
    async fn run(self, context: &mut Context) -> Outcome {
        let LogoutTarget { what, path, except } = self.whom.target(context).await?;
        let parameters: Vec<_> = except.iter().map(|session| ("except", session.as_str())).collect();
        if self.dry_run || !self.sure.is_said() {
            let count = would_end(context, &path, &parameters).await?;
            if self.dry_run && context.out.is_json() {
                context.out.json(&json!({ "would_end": count }))?;
                return Ok(Exit::Done);
            }
            let preview = format!("This ends {}: {what}.", sessions(count));
            if self.dry_run {
                context.out.line(&preview.replace("This ends", "this would end"))?;
                return Ok(Exit::Done);
            }
            if !self.sure.of(context, &preview).await? {
                return Ok(Exit::Failed);
            }
        }
        let told = context.remote.delete(&with_query(&path, parameters)).await?;
        ended(context, &what, &told)
    }
}

/// What to end.
struct LogoutTarget {
    /// For messages.
    what: String,
    /// The path for `DELETE`.
    path: String,
    /// A session to keep.
    except: Option<String>,
}

impl Whom {
    async fn target(self, context: &mut Context) -> Outcome<LogoutTarget> {
        let remote = &mut context.remote;
        let all = |what: String, path: String| LogoutTarget { what, path, except: None };
        if let Some(user) = self.user {
            let Named { id, name } = reference::user_id(remote, &user).await?;
            return Ok(all(format!("everything of user {name}"), format!("/v1/users/{id}/sessions")));
        }
        if let Some(client) = self.client {
            let Named { id, name } = reference::client_id(remote, &client).await?;
            let what = format!("everything opened with client {name}");
            return Ok(all(what, format!("/v1/clients/{id}/sessions")));
        }
        if let Some(id) = self.session {
            return Ok(all(format!("session {id}"), format!("/v1/sessions/{id}")));
        }
        let Some(kept) = self.others_of else {
            let realm = remote.realm().map_or_else(|| "the realm".to_owned(), |name| format!("realm {name}"));
            return Ok(all(format!("everybody in {realm}"), "/v1/realm/sessions".to_owned()));
        };
        let session = remote.get(&format!("/v1/sessions/{kept}")).await?;
        let user = session["user"].as_str().ok_or_else(|| {
            Failure::usage("this session has no user, so there are no other sessions to end")
        })?;
        let user = reference::id(user).map_err(Failure::usage)?;
        Ok(LogoutTarget {
            what: format!("everything of user {user} but session {kept}"),
            path: format!("/v1/users/{user}/sessions"),
            except: Some(kept),
        })
    }
}
