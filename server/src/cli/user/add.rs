//! `exeunt user add`.

use clap::Args;
use serde_json::{Map, Value};

use super::show;
use crate::cli::ask;
use crate::cli::context::Context;
use crate::cli::exit::Outcome;

#[derive(Args)]
pub(super) struct Add {
    /// A name to log in with; whether case matters is a setting of the realm
    username: Option<String>,
    /// An e-mail address to log in with; case does not matter
    #[arg(long)]
    email: Option<String>,
    /// An account number to log in with; leading zeros matter
    #[arg(long, value_name = "NUMBER")]
    account_number: Option<String>,
    /// First name
    #[arg(long, value_name = "NAME")]
    first_name: Option<String>,
    /// Last name
    #[arg(long, value_name = "NAME")]
    last_name: Option<String>,
    /// Additional data to store with the user, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    data: Option<Value>,
    /// Read the password from standard input, one line, instead of asking for it
    #[arg(long, conflicts_with = "no_password")]
    password_stdin: bool,
    /// Create the user without a password; only a back end can then open sessions for it
    #[arg(long)]
    no_password: bool,
}

impl Add {
    pub(super) async fn run(self, context: &mut Context) -> Outcome {
        let mut user = Map::new();
        if !self.no_password {
            user.insert("password".to_owned(), ask::new_password(self.password_stdin).await?.into());
        }
        let texts = [
            ("username", self.username),
            ("email", self.email),
            ("account_number", self.account_number),
            ("first_name", self.first_name),
            ("last_name", self.last_name),
        ];
        for (name, text) in texts {
            user.extend(text.map(|text| (name.to_owned(), text.into())));
        }
        user.extend(self.data.map(|data| ("data".to_owned(), data)));
        let made = context.remote.post("/v1/users", &Value::Object(user)).await?;
        show(&mut context.out, &made)
    }
}

fn object(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(Value::Object(object)),
        _ => Err("this is not a JSON object".to_owned()),
    }
}
