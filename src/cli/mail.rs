//! `carnet mail`

use clap::Subcommand;

use super::{Done, Output, commit, text};
use crate::{
    config::Config,
    domain::{
        batch::Op,
        id::{OutgoingId, Timestamp},
        item::random_id,
        outbox::{
            Channel, Letter, Outbox as _, OutboxOp, Outgoing, State, again, dropping, is_address,
        },
    },
    mail::smtp::{Fate, Smtp},
    store::sqlite::Sqlite,
};

/// Messages listed.
const LISTED: usize = 1000;

#[derive(Subcommand)]
pub enum Command {
    /// Send a test to an address now, and print what the mail server says
    Test { address: String },
    /// List the outgoing messages that have not left, and change what becomes of them
    Queue {
        #[command(subcommand)]
        change: Option<Change>,
        /// Also those that were sent or dropped (kept for 30 days)
        #[arg(long)]
        all: bool,
    },
}

#[derive(Subcommand)]
pub enum Change {
    /// Try a message again now
    Retry { message: i64 },
    /// Take a message out of the queue
    Drop { message: i64 },
}

/// Runs `carnet mail`.
pub async fn run(store: &Sqlite, config: &Config, command: Command, json: bool) -> Done {
    match command {
        Command::Test { address } => test(config, address).await,
        Command::Queue { change: None, all } => list(store, all, json).await,
        Command::Queue {
            change: Some(change),
            ..
        } => {
            let (id, step): (_, fn(&Outgoing) -> _) = match change {
                Change::Retry { message } => (message, again),
                Change::Drop { message } => (message, dropping),
            };
            let found = store.outgoing(OutgoingId(id)).await;
            let message = found
                .map_err(|error| error.to_string())?
                .ok_or_else(|| format!("there is no message {id}"))?;
            let step: OutboxOp = step(&message).map_err(|error| error.to_string())?;
            commit(store, Op::Outbox(step)).await?;
            text(format!("message {id}: done\n"))
        }
    }
}

async fn test(config: &Config, address: String) -> Done {
    let relay = config
        .mail
        .as_ref()
        .ok_or("no mail leaves this server: there is no [mail] in its configuration")?;
    let url = config
        .public_url
        .as_deref()
        .ok_or("[mail] needs public_url: links in mails begin with it")?;
    if !is_address(&address) {
        return Err(format!("{address} is no address"));
    }
    let now = Timestamp::now();
    let message = Outgoing {
        id: OutgoingId(0),
        channel: Channel::Mail,
        name: random_id(16),
        person: None,
        recipient: address,
        language: "en".to_owned(),
        letter: Some(Letter::Test),
        state: State::Sending,
        attempts: 1,
        queued: now,
        due: now,
        until: now,
        ended: None,
        answer: String::new(),
    };
    let smtp = Smtp::new(relay, url)?;
    let mut line = None;
    let fate = smtp.send(&mut line, &message, &message.recipient).await;
    smtp.close(line).await;
    match fate {
        Fate::Sent(answer) => text(format!("taken: {answer}\n")),
        Fate::Later(why) => Err(format!("not taken now: {why}")),
        Fate::Refused(why) => Err(format!("refused: {why}")),
        Fate::Unreached(why) => Err(format!("not reached: {why}")),
    }
}

async fn list(store: &Sqlite, all: bool, json: bool) -> Done {
    let messages = store.outbox(None, LISTED).await;
    let mut messages = messages.map_err(|error| error.to_string())?;
    messages.retain(|message| all || !message.state.is_settled());
    if json {
        return Ok(Output::Json(serde_json::json!(messages)));
    }
    let rows = messages.iter().map(|message| {
        format!(
            "{}\t{}\t{}\t{}\t{} attempts\t{}\n",
            message.id,
            message.channel.as_str(),
            message.recipient,
            message.state.as_str(),
            message.attempts,
            message.answer
        )
    });
    text(rows.collect::<String>())
}
