//! Searches among many tickets: what common words cost beside rare ones.

use docket::proto::v1::ListTicketsRequest;

use super::{
    client,
    figures::{Figure, ms},
    median,
    server::Server,
};

/// Queries for the texts that `docket bench-data` writes; the first is the rarest.
const QUERIES: [(&str, &str); 7] = [
    ("a rare word", "E00042"),
    ("a middling one", "web007"),
    ("a common one", "works"),
    ("two common ones", "works restart"),
    ("a common phrase", "\"next to it\""),
    ("a beginning", "web0*"),
    ("a common one without another", "works -restart"),
];

/// Asks for the newest 50 of each, and for the 50 best.
pub(crate) async fn compare(server: &Server) -> Vec<Figure> {
    let mut tickets = client(server);
    let mut figures = Vec::new();
    for order in ["create_time desc", "relevance desc"] {
        let mut rarest = None;
        for (name, query) in QUERIES {
            let request = ListTicketsRequest {
                query: Some(query.to_owned()),
                order_by: Some(order.to_owned()),
                ..ListTicketsRequest::default()
            };
            let took = median(&mut tickets, &request).await;
            let rarest = *rarest.get_or_insert(took);
            let told = format!("search, {order}: {name}");
            figures.push(match query.contains('*') {
                // It is as many words as begin so.
                true => Figure::told(told, ms(took)),
                false => Figure::below(
                    format!("{told}: {}", ms(took)),
                    took / rarest,
                    5.0,
                    " times",
                ),
            });
        }
    }
    figures
}
