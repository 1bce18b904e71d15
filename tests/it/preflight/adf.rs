//! Trying out descriptions: what they become, what they lose, and whether their files can go along.

use docket::{
    domain::{actor::Role, ticket::ScanStatus},
    proto::v1,
    sandbox::{Operation, Options, Site, check_adf, plain_text},
};
use prost::Message as _;
use rstest::rstest;
use tonic::Code;

use super::bench::{Bench, fields, reason, ticket};
use crate::support::database::Kind;

impl Bench {
    async fn try_out(&self, tickets: &[&str], files: bool) -> v1::TestAdfConversionResponse {
        let request = v1::TestAdfConversionRequest {
            session_id: self.session.clone(),
            ticket_ids: tickets.iter().map(|&id| id.to_owned()).collect(),
            include_attachments: files,
        };
        let answer = self.exports().test_adf_conversion(request).await.unwrap();
        let answer = answer.into_inner();
        assert!(answer.encoded_len() < 4 << 20, "clients take 4 MiB");
        assert_eq!(answer.tickets_tested, answer.passed + answer.failed);
        answer
    }
}

fn described(reference: &str, html: &str) -> v1::NewSessionTicket {
    v1::NewSessionTicket {
        description: html.to_owned(),
        ..ticket(reference)
    }
}

fn document(report: &v1::AdfReport) -> serde_json::Value {
    value(prost_types::value::Kind::StructValue(
        report.adf.clone().unwrap(),
    ))
}

fn value(kind: prost_types::value::Kind) -> serde_json::Value {
    use prost_types::value::Kind as Wire;
    match kind {
        Wire::NullValue(_) => serde_json::Value::Null,
        Wire::NumberValue(number) => (number as i64).into(),
        Wire::StringValue(text) => text.into(),
        Wire::BoolValue(flag) => flag.into(),
        Wire::ListValue(list) => list
            .values
            .into_iter()
            .map(|it| value(it.kind.unwrap()))
            .collect(),
        Wire::StructValue(fields) => {
            let fields = fields.fields.into_iter();
            fields
                .map(|(name, it)| (name, value(it.kind.unwrap())))
                .collect()
        }
    }
}

#[rstest]
#[tokio::test]
async fn descriptions_are_converted_afresh_and_their_losses_told(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let loses = "<h2>Plan</h2><p>See <a href='/wiki'>this</a> and <a href='/more'>that</a>.</p>";
    let tickets = vec![
        ticket("plain"),
        described("loses", loses),
        described("empty", ""),
    ];
    let bench = Bench::new(kind, tickets).await;
    let answer = bench.try_out(&[], false).await;
    assert_eq!(
        (answer.tickets_tested, answer.failed, answer.all_passed),
        (3, 0, true)
    );
    let titles: Vec<_> = answer
        .results
        .iter()
        .map(|it| it.ticket_title.as_str())
        .collect();
    assert_eq!(
        titles,
        [
            "The work on plain",
            "The work on loses",
            "The work on empty"
        ]
    );

    let plain = &answer.results[0];
    let adf = document(plain);
    check_adf(&adf).expect("a document that Jira takes");
    assert_eq!(plain_text(&adf), "What is to be done about plain.");
    assert_eq!(plain.adf_size_bytes, adf.to_string().len() as i64);
    let html = bench.tickets().await[0].description.chars().count() as i64;
    assert_eq!(plain.character_reduction, html - 31);
    assert!(plain.passed && plain.losses.is_empty() && plain.attachment_status.is_none());

    let losses = &answer.results[1].losses;
    assert_eq!(losses.len(), 1, "{losses:?}");
    assert_eq!(losses[0].node, "a");
    assert!(
        losses[0].reason.contains("/wiki") && losses[0].reason.contains("/more"),
        "{losses:?}"
    );
    assert!(!losses[0].suggested_fix.is_empty());
    assert!(bench.jira.requests().is_empty(), "Jira is not asked");
}

#[tokio::test]
async fn some_tickets_are_tried_alone_and_those_of_others_are_refused() {
    let bench = Bench::new(Kind::Sqlite, vec![ticket("a"), ticket("b")]).await;
    let ids: Vec<String> = bench.tickets().await.into_iter().map(|it| it.id).collect();
    let answer = bench.try_out(&[&ids[1]], false).await;
    let told: Vec<_> = answer
        .results
        .iter()
        .map(|it| it.ticket_id.clone())
        .collect();
    assert_eq!(told, [ids[1].clone()]);

    let ask = |session: &str, ids: &[&str]| {
        let request = v1::TestAdfConversionRequest {
            session_id: session.to_owned(),
            ticket_ids: ids.iter().map(|&id| id.to_owned()).collect(),
            include_attachments: false,
        };
        let mut exports = bench.exports();
        async move { exports.test_adf_conversion(request).await.unwrap_err() }
    };
    let other = bench.open(Vec::new()).await;
    let foreign = ask(
        &bench.session,
        &[&ids[0], &uuid::Uuid::now_v7().to_string()],
    )
    .await;
    assert_eq!(fields(&foreign), ["ticket_ids[1]"]);
    let twice = ask(&bench.session, &[&ids[0], &ids[0]]).await;
    assert_eq!(fields(&twice), ["ticket_ids[1]"]);
    assert_eq!(reason(&ask(&other, &[]).await), "SESSION_EMPTY");
    assert_eq!(
        ask(&uuid::Uuid::now_v7().to_string(), &[]).await.code(),
        Code::NotFound
    );
    let request = v1::TestAdfConversionRequest::default();
    let mut user = bench.server.exports(Role::EndUser);
    let denied = user.test_adf_conversion(request).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
}

#[rstest]
#[tokio::test]
async fn files_are_held_against_jiras_limit_and_none_is_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut site = Site::demo();
    site.upload_limit = 1000;
    let options = Options {
        site,
        ..Options::default()
    };
    let image = "<p><img src='data:image/png;base64,iVBORw0KGgo=' alt='a'></p>";
    let bench = Bench::with(kind, options, vec![described("a", image), ticket("b")]).await;
    let ids: Vec<String> = bench.tickets().await.into_iter().map(|it| it.id).collect();
    bench
        .attach(&ids[0], "small.txt", 1000, ScanStatus::Clean)
        .await;
    bench
        .attach(&ids[0], "large.txt", 1001, ScanStatus::Skipped)
        .await;
    bench
        .attach(&ids[0], "bad.txt", 1, ScanStatus::Infected)
        .await;
    bench
        .attach(&ids[0], "new.txt", 1, ScanStatus::Pending)
        .await;

    let answer = bench.try_out(&[], true).await;
    let files = answer.results[0].attachment_status.clone().unwrap();
    assert_eq!(files.total_files - files.ready_files, 3);
    assert!(files.ready_files >= 1, "the small one at least");
    let told: Vec<_> = files
        .problems
        .iter()
        .map(|it| (it.field.as_str(), it.reason.as_str()))
        .collect();
    let expected = [
        ("large.txt", "ATTACHMENT_TOO_LARGE"),
        ("bad.txt", "ATTACHMENT_INFECTED"),
        ("new.txt", "ATTACHMENT_NOT_SCANNED"),
    ];
    assert_eq!(told, expected);
    let none = answer.results[1].attachment_status.clone().unwrap();
    assert_eq!((none.total_files, none.ready_files), (0, 0));
    assert_eq!(bench.jira.requests().len(), 1);
    assert_eq!(bench.jira.requests_of(Operation::AttachmentMeta).len(), 1);

    bench
        .jira
        .change_site(|site| site.attachments_enabled = false);
    let answer = bench.try_out(&[&ids[0]], true).await;
    let files = answer.results[0].attachment_status.clone().unwrap();
    assert_eq!(
        (files.ready_files, files.problems.len() as i32),
        (0, files.total_files)
    );
}

#[tokio::test]
async fn files_of_a_session_without_an_integration_are_not_said_to_be_ready() {
    let bench = Bench::new(Kind::Sqlite, vec![ticket("a")]).await;
    let off = v1::SetIntegrationEnabledRequest {
        id: bench.integration.clone(),
        enabled: false,
    };
    let mut integrations = bench.server.integrations(Role::Manager);
    integrations.set_integration_enabled(off).await.unwrap();
    let id = bench.tickets().await.remove(0).id;
    bench.attach(&id, "small.txt", 1, ScanStatus::Clean).await;
    let answer = bench.try_out(&[], true).await;
    let files = answer.results[0].attachment_status.clone().unwrap();
    assert_eq!((files.total_files, files.ready_files), (1, 0));
    assert_eq!(files.problems[0].reason, "INTEGRATION_DISABLED");
    assert!(bench.jira.requests().is_empty());
}

#[tokio::test]
async fn of_many_documents_the_largest_are_left_out_and_a_deep_one_too() {
    let row = "<tr><td>one</td><td>two</td><td>three</td></tr>";
    let large = format!("<table>{}</table>", row.repeat(1200));
    let deep = format!("{}deep{}", "<ul><li>x".repeat(12), "</li></ul>".repeat(12));
    let mut tickets: Vec<_> = (0..10)
        .map(|n| described(&format!("large {n}"), &large))
        .collect();
    tickets.push(ticket("small"));
    tickets.push(described("deep", &deep));
    let bench = Bench::new(Kind::Sqlite, tickets).await;
    let answer = bench.try_out(&[], false).await;
    assert!(answer.all_passed);
    let shown: Vec<bool> = answer.results.iter().map(|it| it.adf.is_some()).collect();
    let large = shown[..10].iter().filter(|&&shown| shown).count();
    assert!((1..10).contains(&large), "{shown:?}");
    assert_eq!(
        shown[10..],
        [true, false],
        "the small one, and the one that nests too deep"
    );
    assert!(answer.results.iter().all(|it| it.adf_size_bytes > 0));
}

#[rstest]
#[tokio::test]
async fn what_the_converter_reads_gets_as_far_as_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let cases = [
        (
            "<p style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·</span>Item</p>",
            "bulletList",
            "Item",
            None,
        ),
        (
            "<div data-panel-type='warning'>Care</div>",
            "\"warning\"",
            "Care",
            None,
        ),
        (
            "<ul><li role='checkbox' aria-checked='true'>Done</li></ul>",
            "\"DONE\"",
            "Done",
            None,
        ),
        (
            "<p style='font:bold 12px x'>Bold</p>",
            "\"strong\"",
            "Bold",
            None,
        ),
        (
            "<title>Never</title><dialog>Never</dialog><template>Never</template><p>Shown</p>",
            "paragraph",
            "Shown",
            None,
        ),
        (
            "<div popover>Never</div><pre data-highlight-language='sql'>x</pre>",
            "\"sql\"",
            "x",
            None,
        ),
        (
            "<p><span style='background: rgb(255, 255, 0)'>Marked</span></p>",
            "paragraph",
            "Marked",
            Some("style: background-color"),
        ),
        (
            "<p>Title<span style='float:right'>12</span></p>",
            "paragraph",
            "Title 12",
            None,
        ),
        (
            "<p><a href='javascript:x()'>Run</a></p>",
            "paragraph",
            "Run",
            Some("a"),
        ),
        (
            "<p>Film</p><video src='https://e.com/v.mp4'></video>",
            "paragraph",
            "Film",
            Some("embedded content"),
        ),
        (
            "Ada <ada@example.com> opens <file>",
            "paragraph",
            "Ada <ada@example.com> opens <file>",
            None,
        ),
    ];
    let tickets = cases.iter().enumerate();
    let tickets = tickets.map(|(n, (html, ..))| described(&format!("case-{n}"), html));
    let bench = Bench::new(kind, tickets.collect()).await;
    let answer = bench.try_out(&[], false).await;
    for (report, (html, holds, text, loss)) in answer.results.iter().zip(cases) {
        let adf = document(report);
        check_adf(&adf).expect("a document that Jira takes");
        assert!(adf.to_string().contains(holds), "{html}: {adf}");
        assert_eq!(plain_text(&adf).trim(), text, "{html}");
        let losses = report.losses.iter().map(|loss| loss.node.as_str());
        assert_eq!(losses.collect::<Vec<_>>(), Vec::from_iter(loss), "{html}");
    }
}
