//! `exeunt client …`: manages clients, the applications that sessions are used with.

mod options;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use self::options::ClientOptions;
use super::context::{Ask, Context, asking};
use super::ending::{Confirmed, sessions, would_end};
use super::exit::{Exit, Failure, Outcome};
use super::list::{Limit, list};
use super::print::{Column, Out, Room, say, text, time};
use super::reference::{self, Named};

#[derive(Args)]
pub(super) struct Client {
    #[command(subcommand)]
    what: What,
}

asking! { What with context:
    /// Create a client
    Add(Add),
    /// List all clients
    List(List),
    /// Show a client
    Show(Show),
    /// Change a client; options that are not given keep their value
    Change(Change),
    /// Remove a client permanently and end all its sessions
    Remove(Remove),
}

impl Ask for Client {
    async fn run(self, context: &mut Context) -> Outcome {
        self.what.run(context).await
    }
}

#[derive(Args)]
struct Add {
    /// The name, unique in the realm
    name: String,
    /// The dialect it uses
    #[arg(long, default_value = "native")]
    dialect: ClientDialect,
    #[command(flatten)]
    given: ClientOptions,
}

/// The dialects that a client can be made for.
#[derive(Clone, Copy, ValueEnum)]
enum ClientDialect {
    Native,
    Runsignup,
    Rested,
}

#[derive(Args)]
struct List {
    #[command(flatten)]
    limit: Limit,
}

#[derive(Args)]
struct Show {
    #[arg(help = reference::CLIENT)]
    client: String,
}

#[derive(Args)]
struct Change {
    #[arg(help = reference::CLIENT)]
    client: String,
    /// Its new name
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    given: ClientOptions,
    /// RunSignup: make a new permanent pair; every session opened with the client ends
    #[arg(long)]
    rotate_secret: bool,
    #[command(flatten)]
    sure: Confirmed,
}

#[derive(Args)]
struct Remove {
    #[arg(help = reference::CLIENT)]
    client: String,
    #[command(flatten)]
    sure: Confirmed,
}

const COLUMNS: &[Column] = &[
    Column("ID", Room::Whole),
    Column("NAME", Room::Flexible),
    Column("DIALECT", Room::Whole),
    Column("IDLE", Room::Whole),
    Column("AT MOST", Room::Whole),
    Column("CREATED", Room::Whole),
];

impl Add {
    async fn run(self, context: &mut Context) -> Outcome {
        let dialect = match self.dialect {
            ClientDialect::Native => "native",
            ClientDialect::Runsignup => "runsignup",
            ClientDialect::Rested => "rested",
        };
        let mut client =
            Map::from_iter([("name".to_owned(), self.name.into()), ("dialect".to_owned(), dialect.into())]);
        client.extend(self.given.members());
        let made = context.remote.post("/v1/clients", &Value::Object(client)).await?;
        show(&mut context.out, &made)
    }
}

impl List {
    async fn run(self, context: &mut Context) -> Outcome {
        list(context, "/v1/clients", &[], self.limit, COLUMNS, |client| {
            vec![
                text(&client["id"]),
                text(&client["name"]),
                text(&client["dialect"]),
                lifetime(&client["idle_secs"]),
                lifetime(&client["absolute_secs"]),
                time(&client["created_at"]),
            ]
        })
        .await
    }
}

impl Show {
    async fn run(self, context: &mut Context) -> Outcome {
        let client = reference::client(&mut context.remote, &self.client).await?;
        show(&mut context.out, &client)
    }
}

impl Change {
    async fn run(self, context: &mut Context) -> Outcome {
        let Named { id, name } = reference::client_id(&mut context.remote, &self.client).await?;
        if self.rotate_secret {
            // Checked before the user is asked to end sessions in vain.
            let client = context.remote.get(&format!("/v1/clients/{id}")).await?;
            if client["dialect"] != "runsignup" || client["builtin"] == true {
                return Err(Failure::usage(format!(
                    "client {name} has no secret; only RunSignup partners have one"
                )));
            }
            let count = would_end(context, &format!("/v1/clients/{id}/sessions"), &[]).await?;
            let what = format!("This replaces the secret of client {name} and ends {}.", sessions(count));
            if !self.sure.of(context, &what).await? {
                return Ok(Exit::Failed);
            }
        }
        let mut change = self.given.members();
        change.extend(self.name.map(|name| ("name".to_owned(), name.into())));
        change.extend(self.rotate_secret.then(|| ("rotate_secret".to_owned(), true.into())));
        let changed = context.remote.patch(&format!("/v1/clients/{id}"), &Value::Object(change)).await?;
        show(&mut context.out, &changed)
    }
}

impl Remove {
    async fn run(self, context: &mut Context) -> Outcome {
        let Named { id, name } = reference::client_id(&mut context.remote, &self.client).await?;
        let count = would_end(context, &format!("/v1/clients/{id}/sessions"), &[]).await?;
        let what = format!("This removes client {name} for good and ends {}.", sessions(count));
        if !self.sure.of(context, &what).await? {
            return Ok(Exit::Failed);
        }
        context.remote.delete(&format!("/v1/clients/{id}")).await?;
        context.out.done(&format!("client {name} is removed"), &json!({ "removed": id }))
    }
}

fn show(out: &mut Out, client: &Value) -> Outcome {
    let secret = text(&client["api_secret"]);
    if !secret.is_empty() {
        say("the secret is shown only once");
    }
    if out.is_json() {
        out.json(client)?;
        return Ok(Exit::Done);
    }
    let switch = |value: &Value| value.as_bool().map(|on| if on { "yes" } else { "no" }.to_owned());
    out.record(&[
        ("id", text(&client["id"])),
        ("name", text(&client["name"])),
        ("dialect", text(&client["dialect"])),
        ("built in", switch(&client["builtin"]).filter(|it| it == "yes").unwrap_or_default()),
        ("idle", lifetime(&client["idle_secs"])),
        ("at most", lifetime(&client["absolute_secs"])),
        ("sessions", format!("{} for each user", client["max_sessions"])),
        ("key", text(&client["key"])),
        ("origins", options::origins(client)),
        ("needs an origin", switch(&client["require_origin"]).unwrap_or_default()),
        ("endpoints", options::endpoints(client)),
        ("api key", text(&client["api_key"])),
        ("api secret", secret),
        ("created", time(&client["created_at"])),
        ("changed", time(&client["updated_at"])),
    ])?;
    Ok(Exit::Done)
}

fn lifetime(secs: &Value) -> String {
    match secs.as_u64() {
        Some(0) => "unlimited".to_owned(),
        Some(secs) => format!("{secs} s"),
        None => String::new(),
    }
}
