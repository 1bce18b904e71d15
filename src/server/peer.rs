//! Who is at the other end of a call: the connection's peer or, behind proxies that are trusted, whom they say they call for.

use std::net::IpAddr;

use axum::extract::Request;
use http::{HeaderMap, HeaderName, header::FORWARDED};
use ipnet::IpNet;
use tonic::transport::server::TcpConnectInfo;

/// What most proxies write: addresses, the client's first and each proxy's own peer behind it.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that a call came from, as an extension of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller(pub(crate) Option<IpAddr>);

/// The proxies whose word is taken for whom they call for.
#[derive(Clone, Debug, Default)]
pub(super) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Proxies in these networks.
    pub(super) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Where the request came from.
    pub(super) fn caller(&self, request: &Request) -> Caller {
        let connection = request.extensions().get::<TcpConnectInfo>();
        let peer = connection.and_then(TcpConnectInfo::remote_addr);
        Caller(peer.map(|peer| self.client(peer.ip(), request.headers())))
    }

    /// The nearest address that is no trusted proxy's. Each header is read from its end, where the nearest proxy wrote; whatever stands
    /// before the word of a stranger is the stranger's, and is not believed.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        let told = [
            entries(headers, &X_FORWARDED_FOR).map(|entries| self.walk(peer, &entries, address)),
            entries(headers, &FORWARDED).map(|entries| self.walk(peer, &entries, forwarded_for)),
        ];
        match told {
            // A proxy that writes the one header passes the other on as the client sent it, so that two that differ prove nothing.
            [Some(one), Some(other)] if one != other => peer,
            [Some(one), _] | [None, Some(one)] => one,
            [None, None] => peer,
        }
    }

    fn walk(
        &self,
        peer: IpAddr,
        entries: &[String],
        address: impl Fn(&str) -> Option<IpAddr>,
    ) -> IpAddr {
        let mut nearest = peer;
        for entry in entries.iter().rev() {
            if !self.trusts(nearest) {
                break;
            }
            // What cannot be read is as far as the proxies' word goes.
            let Some(address) = address(entry) else {
                break;
            };
            nearest = address;
        }
        nearest
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The entries of all lines of a comma list, in their order; commas within quotes are part of an entry (RFC 9110, section 5.6.1). `None`
/// where there is no such header.
fn entries(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<String>> {
    let lines = headers.get_all(name).iter();
    let text: Vec<&str> = lines
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    (!text.is_empty()).then(|| split(&text.join(","), ','))
}

/// The parts between separators that are outside of quotes.
fn split(text: &str, separator: char) -> Vec<String> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(|c: char| {
        let splits = c == separator && !quoted;
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        splits
    });
    parts.map(|part| part.trim().to_owned()).collect()
}

/// The address in one element of `Forwarded` (RFC 7239, section 4), such as `for="[2001:db8::1]:4711";proto=https`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = split(element, ';');
    let mut nodes = pairs.iter().filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("for")
            .then_some(value.trim())
    });
    let (Some(node), None) = (nodes.next(), nodes.next()) else {
        return None;
    };
    let bare = node
        .strip_prefix('"')
        .and_then(|node| node.strip_suffix('"'));
    address(bare.unwrap_or(node))
}

/// An address with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`. One of IPv4 that
/// is written as one of IPv6 is the former.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let bare = match bracketed {
        Some((address, "")) => address,
        Some((address, port)) if is_port(port.strip_prefix(':')?) => address,
        Some(_) => return None,
        None => match text.split_once(':') {
            Some((address, port)) if !port.contains(':') && is_port(port) => address,
            _ => text,
        },
    };
    bare.parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use rstest::rstest;

    use super::*;

    fn client(peer: &str, headers: &[(HeaderName, &str)]) -> String {
        let networks = ["10.0.0.0/8", "2001:db8:1::/48", "127.0.0.1/32"];
        let networks = networks.map(|network| network.parse().unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value.parse().unwrap());
        }
        let proxies = TrustedProxies::new(networks.to_vec());
        proxies.client(peer.parse().unwrap(), &map).to_string()
    }

    #[rstest]
    // Nobody else is believed.
    #[case("192.0.2.9", "198.51.100.1", "192.0.2.9")]
    #[case("::ffff:192.0.2.9", "198.51.100.1", "192.0.2.9")]
    // A trusted proxy is, in every form of its address and of the client's.
    #[case("10.1.1.1", "198.51.100.1", "198.51.100.1")]
    #[case("::ffff:10.1.1.1", "::ffff:198.51.100.1", "198.51.100.1")]
    #[case("2001:db8:1::5", "2001:db8:2::7", "2001:db8:2::7")]
    #[case("10.1.1.1", "[2001:db8:2::7]:443", "2001:db8:2::7")]
    #[case("10.1.1.1", "[2001:db8:2::7]", "2001:db8:2::7")]
    #[case("10.1.1.1", "198.51.100.1:4711", "198.51.100.1")]
    // The rightmost that is no proxy's, whatever a client put before it.
    #[case("10.1.1.1", "1.1.1.1, 198.51.100.1, 10.2.2.2", "198.51.100.1")]
    #[case("10.1.1.1", "10.3.3.3, 10.2.2.2", "10.3.3.3")]
    // What is no address ends the search at the last one that is.
    #[case("10.1.1.1", "198.51.100.1, unknown, 10.2.2.2", "10.2.2.2")]
    #[case("10.1.1.1", "198.51.100.1, ", "10.1.1.1")]
    #[case("10.1.1.1", "198.51.100.1:99999", "10.1.1.1")]
    #[case("10.1.1.1", "[2001:db8:2::7", "10.1.1.1")]
    #[case("10.1.1.1", "", "10.1.1.1")]
    fn x_forwarded_for(#[case] peer: &str, #[case] value: &str, #[case] expected: &str) {
        assert_eq!(client(peer, &[(X_FORWARDED_FOR, value)]), expected);
    }

    #[rstest]
    #[case("192.0.2.9", "for=198.51.100.1", "192.0.2.9")]
    #[case("10.1.1.1", "for=198.51.100.1", "198.51.100.1")]
    #[case(
        "10.1.1.1",
        "proto=https;For=\"[2001:db8:2::7]:4711\";by=10.1.1.1",
        "2001:db8:2::7"
    )]
    #[case(
        "10.1.1.1",
        "for=1.1.1.1, for=198.51.100.1;host=\"a,b;for=2.2.2.2\", for=10.2.2.2",
        "198.51.100.1"
    )]
    #[case("10.1.1.1", "for=198.51.100.1, for=_hidden", "10.1.1.1")]
    #[case("10.1.1.1", "for=198.51.100.1;for=1.1.1.1", "10.1.1.1")]
    #[case("10.1.1.1", "proto=https", "10.1.1.1")]
    fn forwarded(#[case] peer: &str, #[case] value: &str, #[case] expected: &str) {
        assert_eq!(client(peer, &[(FORWARDED, value)]), expected);
    }

    #[test]
    fn lines_count_as_one_list_and_headers_that_differ_for_nothing() {
        let lines = [
            (X_FORWARDED_FOR, "1.1.1.1"),
            (X_FORWARDED_FOR, "198.51.100.1, 10.2.2.2"),
        ];
        assert_eq!(client("10.1.1.1", &lines), "198.51.100.1");
        let both = |other| [(X_FORWARDED_FOR, "198.51.100.1"), (FORWARDED, other)];
        assert_eq!(
            client("10.1.1.1", &both("for=198.51.100.1")),
            "198.51.100.1"
        );
        assert_eq!(client("10.1.1.1", &both("for=1.1.1.1")), "10.1.1.1");
    }
}
