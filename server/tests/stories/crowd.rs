//! A crowd that logs in at once, and fills the pool that checks passwords.

use std::pin::Pin;

use exeunt::app::{App, SERVER};
use exeunt::authority::login::Login;
use exeunt::authority::passwords::{Held, Password};
use exeunt::authority::realm::MAIN;
use exeunt::authority::{Call, Identifier, Mint};
use exeunt::dialect::ADMIN;
use exeunt::env::Env;
use exeunt::error::{Error, Kind, Result, Unavailability};
use exeunt_core::{By, Moment};
use futures_util::FutureExt;
use tokio::runtime::Runtime;

/// More people than any pool has room for.
const PEOPLE_MAX: u32 = 10_000;

/// Somebody who waits to be logged in.
type Waiting = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// People whose passwords are being checked, until they are released.
pub(crate) struct Crowd {
    held: Held,
    people: Vec<Waiting>,
}

impl Crowd {
    /// Fills the pool: one login stands before its answer, the others wait, and the next is refused.
    pub(crate) fn gather(runtime: &Runtime, app: &App) -> std::result::Result<Self, String> {
        if app.config.passwords.threads != 1 {
            return Err("say `~ config passwords.threads = 1`: how many wait is then known".to_owned());
        }
        let _inside = runtime.enter();
        let held = app.authority.hold_passwords();
        let mut people = vec![somebody(app, 0)];
        // The store of a story answers at once, so whoever is not done when first asked is in the pool.
        let refused = people[0].as_mut().now_or_never();
        runtime.block_on(held.reached());
        for number in 1..PEOPLE_MAX {
            let mut next = somebody(app, number);
            match next.as_mut().now_or_never() {
                None => people.push(next),
                Some(Err(error)) if refused.is_none() && is_full(&error) => return Ok(Self { held, people }),
                Some(outcome) => return Err(format!("somebody was answered: {outcome:?}")),
            }
        }
        Err("the pool is never full".to_owned())
    }

    /// Lets them all have their answers.
    pub(crate) fn leave(self, runtime: &Runtime) {
        drop(self.held);
        for one in self.people {
            // Their responses do not matter.
            let _refused = runtime.block_on(one);
        }
    }
}

/// A login of somebody whom nobody knows, which costs what every login costs; of a different one each time, since only
/// so many tries of one may be in flight.
fn somebody(app: &App, number: u32) -> Waiting {
    let app = app.clone();
    Box::pin(async move {
        // Randomness of its own, so that a crowd of any size leaves the story's as it is.
        let mint = Mint::new(Env::seeded(0, Moment::from_millis(0)).entropy());
        let call = Call { now: app.env.now(), from: None, via: SERVER, by: By::System, mint };
        let realm = app.authority.realm(MAIN)?.id;
        let client = app.authority.builtin_client(realm, ADMIN)?;
        let login = Login {
            client: &client,
            identifier: Identifier::Username(format!("number {number} in a crowd")),
            account_number: None,
            password: Password::new("of no importance"),
            token: |mint| mint.plain_token(22),
            user_agent: None,
        };
        app.authority.login(&call, &login).await.map(drop)
    })
}

fn is_full(error: &Error) -> bool {
    error.kind() == Kind::Unavailable(Unavailability::Busy)
}
