//! The converter's speed, beside the crate `htmltoadf`, and its cost on inputs made to be expensive.

#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use docket::connectors::jira::adf::{Options, convert_with};

/// The example of htmltoadf's README.
const README: &str = "<h1>Hello world<p>Test</p></h1>";

fn table(cells: usize) -> String {
    let mut html =
        String::from("<table><thead><tr><th>Name</th><th>Value</th></tr></thead><tbody>");
    for n in 0..cells / 2 {
        html.push_str(&format!(
            "<tr><td>Row <b>{n}</b></td><td><a href=\"https://e.com/{n}\">link</a></td></tr>"
        ));
    }
    html + "</tbody></table>"
}

fn page(bytes: usize) -> String {
    let section = "<h2>Heading</h2><p>Some <b>bold</b> and <a href=\"https://example.com/\">linked</a> text, \
        and <code>code</code>.</p><ul><li>One</li><li>Two<ul><li>Nested</li></ul></li></ul>\
        <pre><code class=\"language-rust\">fn main() {}</code></pre><blockquote><p>Quoted text.</p></blockquote>";
    section.repeat(bytes / section.len() + 1)
}

fn whole() -> Options {
    Options {
        text_limit: usize::MAX,
        ..Options::default()
    }
}

fn beside_htmltoadf(criterion: &mut Criterion) {
    for (name, html) in [("readme", README.to_owned()), ("table of 3 KB", table(80))] {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(html.len() as u64));
        // Both give the document as JSON text.
        group.bench_function("docket", |b| {
            b.iter(|| serde_json::to_string(&convert_with(black_box(&html), &whole()).adf));
        });
        group.bench_function("htmltoadf", |b| {
            b.iter(|| htmltoadf::convert_html_str_to_adf_str(black_box(html.clone())));
        });
        group.finish();
    }
}

fn linearity(criterion: &mut Criterion) {
    let attributes: String = (0..100_000).map(|n| format!(" a{n}=v")).collect();
    let cases = [
        ("page of 8 KB", page(8_000)),
        ("page of 1 MB", page(1_000_000)),
        ("20,000 nested lists", "<ul><li>x".repeat(20_000)),
        ("100,000 attributes", format!("<p{attributes}>x</p>")),
        ("table of 10,000 cells", table(10_000)),
    ];
    let mut group = criterion.benchmark_group("linearity");
    group.sample_size(10);
    for (name, html) in cases {
        group.throughput(Throughput::Bytes(html.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| convert_with(black_box(&html), &whole()))
        });
    }
    group.finish();
}

criterion_group!(benches, beside_htmltoadf, linearity);
criterion_main!(benches);
