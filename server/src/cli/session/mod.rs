//! `exeunt session …`: lists, shows, ends and imports sessions.

mod import;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::context::{Ask, Context, asking};
use super::ending::ended;
use super::exit::{Exit, Outcome};
use super::list::{Limit, list};
use super::print::{Column, Out, Room, text, time};
use super::reference;

#[derive(Args)]
pub(super) struct Session {
    #[command(subcommand)]
    what: What,
}

asking! { What with context:
    /// List sessions, newest first
    List(List),
    /// Show a session, and what ended it
    Show(Show),
    /// End sessions, each by its id
    End(End),
    /// Import live sessions of another system; the tokens of its clients keep working
    Import(import::Import),
}

impl Ask for Session {
    async fn run(self, context: &mut Context) -> Outcome {
        self.what.run(context).await
    }
}

#[derive(Args)]
struct List {
    /// Only sessions of this user: an id, username or e-mail address
    #[arg(long)]
    user: Option<String>,
    /// Only sessions of this client: an id or name
    #[arg(long)]
    client: Option<String>,
    /// Only sessions in this state
    #[arg(long, default_value = "alive")]
    state: StateFilter,
    #[command(flatten)]
    limit: Limit,
}

#[derive(Clone, Copy, ValueEnum)]
enum StateFilter {
    /// Sessions that can be used
    Alive,
    /// Sessions that have expired or were ended, and are still on record
    Dead,
    /// Both
    All,
}

#[derive(Args)]
struct Show {
    /// Its id
    #[arg(value_parser = reference::id)]
    session: String,
}

#[derive(Args)]
struct End {
    /// Their ids
    #[arg(required = true, value_parser = reference::id)]
    session: Vec<String>,
}

const COLUMNS: &[Column] = &[
    Column("ID", Room::Whole),
    Column("USER", Room::Whole),
    Column("DIALECT", Room::Whole),
    Column("STATE", Room::Whole),
    Column("LAST SEEN", Room::Whole),
    Column("ADDRESS", Room::Flexible),
    Column("DEVICE", Room::Flexible),
];

impl List {
    async fn run(self, context: &mut Context) -> Outcome {
        let state = match self.state {
            StateFilter::Alive => "alive",
            StateFilter::Dead => "dead",
            StateFilter::All => "all",
        };
        let mut parameters = vec![("state", state.to_owned())];
        if let Some(user) = self.user {
            parameters.push(("user", reference::user_id(&mut context.remote, &user).await?.id));
        }
        if let Some(client) = self.client {
            parameters.push(("client", reference::client_id(&mut context.remote, &client).await?.id));
        }
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        list(context, "/v1/sessions", &parameters, self.limit, COLUMNS, |session| {
            vec![
                text(&session["id"]),
                text(&session["user"]),
                text(&session["dialect"]),
                standing(session),
                time(&session["last_seen_at"]),
                text(&session["address"]),
                text(&session["device"]),
            ]
        })
        .await
    }
}

impl Show {
    async fn run(self, context: &mut Context) -> Outcome {
        let session = context.remote.get(&format!("/v1/sessions/{}", self.session)).await?;
        show(&mut context.out, &session)
    }
}

impl End {
    async fn run(self, context: &mut Context) -> Outcome {
        for id in self.session {
            let told = context.remote.delete(&format!("/v1/sessions/{id}")).await?;
            ended(context, &format!("session {id}"), &told)?;
        }
        Ok(Exit::Done)
    }
}

/// The state of a session and, if it was ended, the kind of logout.
fn standing(session: &Value) -> String {
    let (verdict, why) = (text(&session["verdict"]), text(&session["ended_by"]["why"]));
    if why.is_empty() { verdict } else { format!("{verdict}: {why}") }
}

fn show(out: &mut Out, session: &Value) -> Outcome {
    if out.is_json() {
        out.json(session)?;
        return Ok(Exit::Done);
    }
    let mark = &session["ended_by"];
    let ended = match mark {
        Value::Null => String::new(),
        mark => format!("{} by {} at {}", text(&mark["why"]), text(&mark["by"]["kind"]), time(&mark["when"])),
    };
    out.record(&[
        ("id", text(&session["id"])),
        ("user", text(&session["user"])),
        ("client", text(&session["client"])),
        ("dialect", text(&session["dialect"])),
        ("state", text(&session["verdict"])),
        ("because", ended),
        ("issued", time(&session["issued_at"])),
        ("last seen", time(&session["last_seen_at"])),
        ("expires", time(&session["expires_at"])),
        ("address", text(&session["address"])),
        ("device", text(&session["device"])),
        ("user agent", text(&session["user_agent"])),
    ])?;
    Ok(Exit::Done)
}
