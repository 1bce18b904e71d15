//! A webhook's receiver, by the specification of Standard Webhooks.

use std::sync::{Arc, Mutex};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use docket::{
    connectors::{
        Connector, Credentials, WebhookCredentials,
        outcome::{AtFault, Outcome, WhenUncertain},
    },
    domain::integration::{PlatformConfig, WebhookConfig},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    connector, dispatch, parcel,
    stand_in::{Act, Asked, Reply, StandIn},
};

pub(super) const SECRETS: [&str; 2] = [
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQQ==",
];

/// A receiver that takes each message once, by its id.
pub(super) struct Receiver {
    pub(super) stand_in: StandIn,
    pub(super) connector: Connector,
    messages: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let messages = Arc::<Mutex<Vec<(String, Value)>>>::default();
        let kept = Arc::clone(&messages);
        let stand_in = StandIn::start(move |asked| receive(asked, &kept)).await;
        let config = PlatformConfig::Webhook(WebhookConfig {
            url: WebhookConfig::url(&format!("{}/in?team=ops", stand_in.url)).unwrap(),
            headers: [("x-team".to_owned(), "ops".to_owned())].into(),
        });
        let secrets = SECRETS.map(Into::into).to_vec();
        let credentials = WebhookCredentials::new(secrets).unwrap();
        let connector = connector(&config, &Credentials::Webhook(credentials));
        Self {
            stand_in,
            connector,
            messages,
        }
    }

    pub(super) fn messages(&self) -> Vec<(String, Value)> {
        self.messages.lock().unwrap().clone()
    }
}

fn receive(asked: &Asked, messages: &Mutex<Vec<(String, Value)>>) -> Reply {
    // The receiver may know either secret.
    if !SECRETS.iter().all(|secret| is_signed(asked, secret)) {
        return Reply::json(401, &json!({ "message": "bad signature" }));
    }
    let id = asked.header("webhook-id").unwrap().to_owned();
    let mut messages = messages.lock().unwrap();
    if messages.iter().all(|(known, _)| *known != id) {
        messages.push((id, asked.json()));
    }
    Reply::json(202, &json!({}))
}

/// As a receiver checks: any signature of the list that fits, and a time of the last five minutes.
fn is_signed(asked: &Asked, secret: &str) -> bool {
    let header = |name: &str| asked.header(name).unwrap_or_default();
    let time: i64 = header("webhook-timestamp").parse().unwrap_or_default();
    let key = BASE64_STANDARD.decode(&secret["whsec_".len()..]).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{}.{time}.", header("webhook-id")).as_bytes());
    mac.update(&asked.body);
    let expected = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
    let age = chrono::Utc::now().timestamp() - time;
    age.abs() < 300
        && header("webhook-signature")
            .split(' ')
            .any(|given| given == expected)
}

#[tokio::test]
async fn a_ticket_is_a_message_that_every_secret_has_signed() {
    let receiver = Receiver::start().await;
    let check = receiver.connector.check().await;
    assert!(check.ok, "{check:?}");
    let parcel = parcel();
    let aim = receiver.connector.aim(&parcel).await.unwrap();
    let Outcome::Created(external) = dispatch(&receiver.connector, &parcel, &aim).await else {
        panic!("not taken");
    };
    assert_eq!(external.id, parcel.key.as_str());
    let [(_, ping), (id, message)] = &receiver.messages()[..] else {
        panic!("{:?}", receiver.messages());
    };
    assert_eq!(ping["type"], "docket.ping");
    assert_eq!(id, parcel.key.as_str());
    assert_eq!(message["type"], "ticket.dispatched");
    let data = &message["data"];
    assert_eq!(data["number"], "TKT-000042");
    assert_eq!(data["priority"], "P2");
    assert_eq!(data["description_html"], parcel.description);
    assert_eq!(
        data["description_text"],
        "It jams, see #12. @octocat <!channel>"
    );
    assert_eq!(data["attachments"][0]["filename"], "photo.png");
    let asked = &receiver.stand_in.asked()[1];
    assert_eq!(
        (asked.path.as_str(), asked.query.as_str()),
        ("/in", "team=ops")
    );
    assert_eq!(asked.header("x-team"), Some("ops"));
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_sent_again_under_the_same_id() {
    let receiver = Receiver::start().await;
    let parcel = parcel();
    assert_eq!(
        receiver.connector.when_uncertain(),
        WhenUncertain::SendAgain
    );
    let aim = receiver.connector.aim(&parcel).await.unwrap();
    receiver.stand_in.order("POST", Act::DoAndDrop);
    let lost = dispatch(&receiver.connector, &parcel, &aim).await;
    assert!(matches!(lost, Outcome::Uncertain(_)), "{lost:?}");
    let again = dispatch(&receiver.connector, &parcel, &aim).await;
    assert!(matches!(again, Outcome::Created(_)), "{again:?}");
    assert_eq!(receiver.messages().len(), 1);
    assert_eq!(receiver.stand_in.asked().len(), 2);
}

#[tokio::test]
async fn a_success_without_a_readable_answer_is_one_and_a_receiver_that_is_gone_says_so() {
    let receiver = Receiver::start().await;
    let parcel = parcel();
    let aim = receiver.connector.aim(&parcel).await.unwrap();
    let plain = Reply {
        status: 200,
        headers: Vec::new(),
        body: b"thanks".to_vec(),
    };
    receiver.stand_in.order("POST", Act::DoAndAnswer(plain));
    let taken = dispatch(&receiver.connector, &parcel, &aim).await;
    assert!(matches!(taken, Outcome::Created(_)), "{taken:?}");
    receiver
        .stand_in
        .order("POST", Act::Answer(Reply::json(410, &json!({}))));
    let gone = dispatch(&receiver.connector, &parcel, &aim).await;
    let Outcome::RetryLater(failure) = gone else {
        panic!("{gone:?}");
    };
    assert_eq!(failure.at_fault, AtFault::Gone);
}
