//! Dependencies as links: in the words that the site has, and the right way around.

use std::time::Duration;

use docket::sandbox::{Action, Fault, LinkType, Operation, Options, Site};
use rstest::rstest;

use super::bench::{Bench, assert_completed, chain};
use crate::support::database::Kind;

const RELATES: (&str, &str, &str) = ("Relates", "relates to", "relates to");

/// Each type by its name and its inward and outward texts; the first one is not what is meant.
#[rstest]
#[case::the_usual(&[RELATES, ("Blocks", "is blocked by", "blocks")], "Blocks", true)]
#[case::another_name(&[RELATES, ("Gate", "is blocked by", "blocks")], "Gate", true)]
#[case::told_backwards(&[RELATES, ("Gate", "blocks", "is blocked by")], "Gate", false)]
#[case::in_another_language(&[RELATES, ("Blocks", "wird blockiert von", "blockiert")], "Blocks", true)]
#[case::a_dependency(&[RELATES, ("Dependency", "is depended on by", "depends on")], "Dependency", false)]
#[case::a_dependency_backwards(&[RELATES, ("Dependency", "depends on", "is depended on by")], "Dependency", true)]
#[case::named_so_and_told_backwards(&[RELATES, ("Blocks", "blocks", "is blocked by")], "Blocks", false)]
#[case::nothing_like_it(&[("Cloners", "is cloned by", "clones"), RELATES], "Relates", true)]
#[tokio::test]
async fn a_dependency_is_told_in_the_nearest_words(
    #[case] types: &[(&str, &str, &str)],
    #[case] name: &str,
    #[case] blocker_is_inward: bool,
) {
    let types = types
        .iter()
        .zip(1..)
        .map(|((name, inward, outward), id)| LinkType::new(&id.to_string(), name, inward, outward));
    let options = Options {
        site: Site::demo().with_link_types(types.collect()),
        ..Options::default()
    };
    let tickets = chain(&[("first", &[]), ("second", &["first"])]);
    let bench = Bench::with(Kind::Sqlite, options, Duration::ZERO, tickets).await;
    assert_completed(&bench.run().await);
    let results = bench.results().await;
    // Words that do not say who waits are told as a fix by hand.
    let unlike = usize::from(name == "Relates");
    assert_eq!(
        results.manual_fixes.len(),
        unlike,
        "{:?}",
        results.manual_fixes
    );
    let [first, second] = [0, 1].map(|n: usize| results.jira_tickets[n].jira_key.clone());
    let links = bench.jira.links();
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].type_name, name);
    let (inward, outward) = match blocker_is_inward {
        true => (first, second),
        false => (second, first),
    };
    assert_eq!((&links[0].inward, &links[0].outward), (&inward, &outward));
}

/// A link that says something else is worse than none.
#[tokio::test]
async fn a_dependency_is_no_copy() {
    let types = vec![
        LinkType::new("1", "Cloners", "is cloned by", "clones"),
        LinkType::new("2", "Duplicate", "is duplicated by", "duplicates"),
    ];
    let options = Options {
        site: Site::demo().with_link_types(types),
        ..Options::default()
    };
    let tickets = chain(&[("first", &[]), ("second", &["first"])]);
    let bench = Bench::with(Kind::Sqlite, options, Duration::ZERO, tickets).await;
    assert_completed(&bench.run().await);
    assert!(bench.jira.links().is_empty());
    let fixes = bench.results().await.manual_fixes;
    assert_eq!(fixes.len(), 1);
    assert_eq!(
        (fixes[0].field.as_str(), fixes[0].sent.as_str()),
        ("depends_on", "")
    );
}

/// Whether a link whose answer was lost is there is looked for in the words that it was sent in.
#[rstest]
#[case::the_usual("is blocked by", "blocks")]
#[case::told_backwards("blocks", "is blocked by")]
#[case::a_dependency("is depended on by", "depends on")]
#[tokio::test]
async fn a_link_whose_answer_is_lost_is_found_and_not_sent_again(
    #[case] inward: &str,
    #[case] outward: &str,
) {
    let options = Options {
        site: Site::demo().with_link_types(vec![LinkType::new("1", "Gate", inward, outward)]),
        ..Options::default()
    };
    let tickets = chain(&[("first", &[]), ("second", &["first"])]);
    let bench = Bench::with(Kind::Sqlite, options, Duration::ZERO, tickets).await;
    let lost = Fault::on(Operation::CreateLink, Action::DropAfter);
    bench.jira.order(lost);
    assert_completed(&bench.run().await);
    assert_eq!(bench.jira.links().len(), 1);
    assert_eq!(bench.jira.requests_of(Operation::CreateLink).len(), 1);
    assert_eq!(bench.results().await.manual_fixes, []);
}
