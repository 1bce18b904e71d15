//! Slack: messages in a channel, by its Web API's document.

use std::sync::{Arc, Mutex};

use docket::{
    connectors::{
        Connector, Credentials, SlackCredentials,
        outcome::{Attached, Outcome, Sought},
        parcel::{FileBytes, Parcel},
    },
    domain::integration::{PlatformConfig, SlackConfig},
    error::Reason,
};
use serde_json::{Value, json};

use super::{
    connector, dispatch, parcel, photo,
    stand_in::{Act, Asked, Reply, StandIn},
};

pub(super) const TOKEN: &str = "xoxb-planted-token";
pub(super) const POST: &str = "chat.postMessage";
pub(super) const CHANNEL: &str = "C0123ABCDE";
/// How many messages the stand-in gives at once.
const PAGE: usize = 2;

/// A workspace with one channel.
pub(super) struct Slack {
    pub(super) stand_in: StandIn,
    pub(super) connector: Connector,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    url: String,
    messages: Vec<Value>,
    uploads: Vec<(String, u64)>,
    files: Vec<Value>,
    may_read: bool,
}

impl Slack {
    pub(super) async fn start() -> Self {
        Self::posting_to(CHANNEL).await
    }

    async fn posting_to(channel: &str) -> Self {
        let state = Arc::<Mutex<State>>::default();
        let kept = Arc::clone(&state);
        let stand_in = StandIn::start(move |asked| answer(asked, &mut kept.lock().unwrap())).await;
        {
            let mut state = state.lock().unwrap();
            state.url.clone_from(&stand_in.url);
            state.may_read = true;
        }
        let config = PlatformConfig::Slack(SlackConfig {
            channel: channel.to_owned(),
            api_url: SlackConfig::api_url(&format!("{}/api", stand_in.url)).unwrap(),
        });
        let credentials = SlackCredentials::new(TOKEN.into()).unwrap();
        let connector = connector(&config, &Credentials::Slack(credentials));
        Self {
            stand_in,
            connector,
            state,
        }
    }

    pub(super) fn messages(&self) -> Vec<Value> {
        self.state.lock().unwrap().messages.clone()
    }

    /// The names of the files, in the order in which they came.
    pub(super) fn files(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let name = |file: &Value| file["name"].as_str().unwrap().to_owned();
        state.files.iter().map(name).collect()
    }

    /// Takes the app's right to read the channel's messages.
    pub(super) fn forbid_reading(&self) {
        self.state.lock().unwrap().may_read = false;
    }
}

fn no(error: &str) -> Reply {
    Reply::json(200, &json!({ "ok": false, "error": error }))
}

/// A page of a list. Slack may give fewer than it is asked for, and tells where the next ones begin.
fn paged(asked: &Asked, all: &[&Value]) -> Value {
    let begin = asked.value("cursor").unwrap_or_default();
    let begin = begin.strip_prefix("from-").unwrap_or("0");
    let begin: usize = begin.parse().unwrap();
    let page: Vec<_> = all.iter().skip(begin).take(PAGE).collect();
    let next = match begin + PAGE < all.len() {
        true => format!("from-{}", begin + PAGE),
        false => String::new(),
    };
    json!({
        "messages": page,
        "has_more": !next.is_empty(),
        "response_metadata": { "next_cursor": next },
    })
}

fn answer(asked: &Asked, state: &mut State) -> Reply {
    if let Some(id) = asked.path.strip_prefix("/upload/") {
        assert!(
            asked.header("authorization").is_none(),
            "the token has no business there"
        );
        state.uploads.push((id.to_owned(), asked.body.len() as u64));
        return Reply::json(200, &json!("OK"));
    }
    if asked.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return no("invalid_auth");
    }
    let yes = |body: Value| {
        let mut whole = json!({ "ok": true });
        whole
            .as_object_mut()
            .unwrap()
            .extend(body.as_object().unwrap().clone());
        Reply::json(200, &whole).with(
            "x-oauth-scopes",
            "chat:write,files:write,channels:read,channels:history",
        )
    };
    match asked.path.strip_prefix("/api/").unwrap_or_default() {
        "auth.test" => yes(json!({
            "user": "docket", "team": "Acme", "user_id": "U1", "url": "https://acme.slack.com/",
        })),
        "conversations.info" => {
            yes(json!({ "channel": { "id": CHANNEL, "is_archived": false, "is_member": true } }))
        }
        "chat.postMessage" => {
            let mut message = asked.json();
            let ts = format!(
                "{}.{:06}",
                chrono::Utc::now().timestamp(),
                state.messages.len() + 1
            );
            message["ts"] = json!(ts);
            state.messages.push(message);
            yes(json!({ "channel": CHANNEL, "ts": ts, "message": {} }))
        }
        "conversations.history" | "conversations.replies" if !state.may_read => Reply::json(
            200,
            &json!({ "ok": false, "error": "missing_scope", "needed": "channels:history" }),
        ),
        "conversations.history" => {
            assert_eq!(asked.value("include_all_metadata").as_deref(), Some("true"));
            let end = |name: &str| asked.value(name).unwrap().parse::<i64>().unwrap();
            let (oldest, latest) = (end("oldest"), end("latest"));
            let within = |message: &&Value| {
                let ts = message["ts"].as_str().unwrap();
                let (seconds, _) = ts.split_once('.').unwrap();
                (oldest..=latest).contains(&seconds.parse().unwrap())
            };
            let messages: Vec<_> = state.messages.iter().rev().filter(within).collect();
            yes(paged(asked, &messages))
        }
        "files.getUploadURLExternal" => {
            let id = format!("F{}", state.uploads.len() + 1);
            yes(json!({ "upload_url": format!("{}/upload/{id}", state.url), "file_id": id }))
        }
        "files.completeUploadExternal" => {
            let given = asked.json();
            state.files.push(json!({
                "id": given["files"][0]["id"],
                "name": given["files"][0]["title"],
                "size": state.uploads.last().unwrap().1,
                "thread": given["thread_ts"],
            }));
            yes(json!({ "files": [] }))
        }
        "conversations.replies" => {
            let files = state.files.iter().map(|file| json!({ "files": [file] }));
            let replies: Vec<_> = [json!({})].into_iter().chain(files).collect();
            yes(paged(asked, &replies.iter().collect::<Vec<_>>()))
        }
        _ => no("unknown_method"),
    }
}

#[tokio::test]
async fn a_ticket_becomes_a_message_that_calls_nobody() {
    let slack = Slack::start().await;
    let check = slack.connector.check().await;
    assert!(check.ok, "{check:?}");
    assert_eq!(check.account.as_deref(), Some("docket (Acme)"));
    let parcel = parcel();
    let aim = slack.connector.aim(&parcel).await.unwrap();
    let Outcome::Created(external) = dispatch(&slack.connector, &parcel, &aim).await else {
        panic!("not posted");
    };
    assert_eq!(external.project_key, CHANNEL);
    let place = external.id.replace('.', "");
    assert_eq!(
        external.url,
        format!("https://acme.slack.com/archives/{CHANNEL}/p{place}")
    );
    let message = &slack.messages()[0];
    assert_eq!(message["channel"], CHANNEL);
    assert_eq!(
        message["metadata"]["event_payload"]["key"],
        parcel.key.as_str()
    );
    let text = message["blocks"].to_string();
    assert!(
        text.contains("&lt;!channel&gt;") && !text.contains("<!channel>"),
        "{text}"
    );
    assert!(text.contains("It *jams*, see #12."), "{text}");
}

#[tokio::test]
async fn a_message_that_was_posted_is_told_of_before_anything_else_is_asked() {
    let slack = Slack::start().await;
    let parcel = parcel();
    // Who does not tell the workspace's address holds up no message.
    slack.stand_in.order("auth.test", Act::Hang);
    let aim = slack.connector.aim(&parcel).await.unwrap();
    let Outcome::Created(external) = dispatch(&slack.connector, &parcel, &aim).await else {
        panic!("not posted");
    };
    assert_eq!(external.url, "");
    let asked = slack.stand_in.asked();
    assert!(asked.last().unwrap().path.ends_with(POST), "{asked:?}");
}

#[tokio::test]
async fn a_description_that_slack_finds_too_long_is_cut_until_it_is_not() {
    let slack = Slack::start().await;
    let parcel = Parcel {
        description: "<p>many words in a row</p>".repeat(1_000),
        ..parcel()
    };
    let aim = slack.connector.aim(&parcel).await.unwrap();
    let too_long = || Act::Answer(no("msg_blocks_too_long"));
    slack.stand_in.order(POST, too_long());
    slack.stand_in.order(POST, too_long());
    let outcome = dispatch(&slack.connector, &parcel, &aim).await;
    assert!(matches!(outcome, Outcome::Created(_)), "{outcome:?}");
    let sent = slack.stand_in.asked_for(POST);
    let lengths: Vec<_> = sent.iter().map(|asked| asked.body.len()).collect();
    assert_eq!(lengths.len(), 3);
    assert!(
        lengths.is_sorted_by(|longer, shorter| longer > shorter),
        "{lengths:?}"
    );
    let message = slack.messages()[0]["blocks"].to_string();
    assert!(message.contains("TKT-000042.)_"), "{message}");
}

#[tokio::test]
async fn a_lost_message_is_found_where_the_channel_may_be_read_and_else_nobody_can_tell() {
    let slack = Slack::start().await;
    let parcel = parcel();
    let aim = slack.connector.aim(&parcel).await.unwrap();
    assert_eq!(slack.connector.look(&parcel, &aim).await, Sought::Absent);
    slack.stand_in.order(POST, Act::DoAndDrop);
    let lost = dispatch(&slack.connector, &parcel, &aim).await;
    assert!(matches!(lost, Outcome::Uncertain(_)), "{lost:?}");
    // Other people's messages lie above it, more than a page of them.
    for number in 1..=2 * PAGE {
        let ts = format!("{}.9{number:05}", chrono::Utc::now().timestamp());
        let other = json!({ "text": "hello", "ts": ts });
        slack.state.lock().unwrap().messages.push(other);
    }
    let found = slack.connector.look(&parcel, &aim).await;
    assert!(matches!(found, Sought::Found(_)), "{found:?}");
    // More than one look reads, and no later one reads less: a person decides.
    for number in 0..=40 * PAGE {
        let ts = format!("{}.8{number:05}", chrono::Utc::now().timestamp());
        let other = json!({ "text": "hello", "ts": ts });
        slack.state.lock().unwrap().messages.push(other);
    }
    let endless = slack.connector.look(&parcel, &aim).await;
    assert!(matches!(endless, Sought::CannotAsk(text) if text.contains("more messages")));
    let gone = || Act::Answer(no("channel_not_found"));
    slack.stand_in.order("conversations.history", gone());
    let away = slack.connector.look(&parcel, &aim).await;
    assert!(
        matches!(away, Sought::NotYetKnown(_)),
        "the bot may be let in again"
    );
    slack.stand_in.order("conversations.history", gone());
    let before = json!({ "channel": "C0OTHER0000", "since": chrono::Utc::now() });
    let elsewhere = slack.connector.look(&parcel, &before).await;
    assert!(matches!(elsewhere, Sought::CannotAsk(text) if text.contains("another one")));
    slack.forbid_reading();
    let blind = slack.connector.look(&parcel, &aim).await;
    assert!(matches!(blind, Sought::CannotAsk(text) if text.contains("channels:history")));
    let named = Slack::posting_to("#ops").await;
    let aim = named.connector.aim(&parcel).await.unwrap();
    let blind = named.connector.look(&parcel, &aim).await;
    assert!(matches!(blind, Sought::CannotAsk(text) if text.contains("by its name")));
}

#[tokio::test]
async fn files_hang_below_the_message_and_are_found_there() {
    let slack = Slack::start().await;
    let parcel = parcel();
    let aim = slack.connector.aim(&parcel).await.unwrap();
    let Outcome::Created(external) = dispatch(&slack.connector, &parcel, &aim).await else {
        panic!("not posted");
    };
    let attached = slack.connector.attach(&external, photo()).await;
    assert_eq!(
        attached,
        Attached::Attached {
            id: "F1".to_owned()
        }
    );
    let known = slack.connector.files_on(&external).await.unwrap();
    assert_eq!(
        (known[0].filename.as_str(), known[0].size),
        ("photo.png", 5)
    );
    assert_eq!(slack.state.lock().unwrap().files[0]["thread"], external.id);
    // A thread has more than a page.
    for _ in 0..PAGE {
        slack.connector.attach(&external, photo()).await;
    }
    let known = slack.connector.files_on(&external).await.unwrap();
    assert_eq!(known.len(), 1 + PAGE);
    // Nobody sees an upload before its last call: what breaks earlier may be sent again.
    slack.stand_in.order("/upload/", Act::DoAndDrop);
    let early = slack.connector.attach(&external, photo()).await;
    assert!(matches!(early, Attached::RetryLater(_)), "{early:?}");
    // What Slack does not take however often it is sent is told at once.
    slack
        .stand_in
        .order("getUploadURLExternal", Act::Answer(no("blocked_file_type")));
    let never = slack.connector.attach(&external, photo()).await;
    assert!(matches!(never, Attached::Rejected(_)), "{never:?}");
    // Whoever lost the ticket to another process while Slack took the bytes hangs nothing below the message.
    let asked = slack.stand_in.asked().len();
    let fenced = FileBytes {
        ours: &|| false,
        ..photo()
    };
    let late = slack.connector.attach(&external, fenced).await;
    assert!(matches!(late, Attached::RetryLater(_)), "{late:?}");
    assert_eq!(slack.stand_in.asked().len(), asked + 2);
    slack.stand_in.order("completeUpload", Act::DoAndDrop);
    let late = slack.connector.attach(&external, photo()).await;
    assert!(matches!(late, Attached::Uncertain(_)), "{late:?}");
}

#[tokio::test]
async fn slacks_own_words_decide_whose_turn_it_is() {
    let slack = Slack::start().await;
    let parcel = parcel();
    let aim = slack.connector.aim(&parcel).await.unwrap();
    let cases = [
        ("token_revoked", Reason::PlatformUnauthorized, "later"),
        ("missing_scope", Reason::PlatformForbidden, "later"),
        ("not_in_channel", Reason::PlatformForbidden, "later"),
        ("channel_not_found", Reason::PlatformNotFound, "later"),
        ("is_archived", Reason::PlatformNotFound, "later"),
        ("ratelimited", Reason::PlatformRateLimited, "later"),
        ("msg_too_long", Reason::PlatformContentTooLarge, "rejected"),
        ("invalid_blocks", Reason::PlatformRejected, "rejected"),
        // What is not about the content, or not known, is no reason to give the ticket up.
        (
            "metadata_must_be_sent_from_app",
            Reason::PlatformRejected,
            "later",
        ),
        ("a_word_of_tomorrow", Reason::PlatformRejected, "later"),
        ("internal_error", Reason::PlatformServerError, "uncertain"),
    ];
    for (word, reason, expected) in cases {
        // However short it is made.
        let times = if word == "msg_too_long" { 4 } else { 1 };
        for _ in 0..times {
            slack.stand_in.order(POST, Act::Answer(no(word)));
        }
        let outcome = dispatch(&slack.connector, &parcel, &aim).await;
        let (kind, failure) = match outcome {
            Outcome::RetryLater(failure) => ("later", failure),
            Outcome::Rejected(failure) => ("rejected", failure),
            Outcome::Uncertain(failure) => ("uncertain", failure),
            Outcome::Created(_) => panic!("{word} made something"),
        };
        assert_eq!((kind, failure.reason), (expected, reason), "{word}");
        assert!(failure.message.contains(word), "{}", failure.message);
    }
}
