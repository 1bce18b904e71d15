//! The address guard: keeps a configured site from being used to reach into docket's own network.

use std::{
    error::Error as StdError,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Why an address is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not on the public internet, and not allowed by the settings.
    #[error("{0} is not a public address")]
    NotPublic(String),
    /// It would be called without TLS, and is not allowed by the settings.
    #[error("{0} may be called over https only")]
    Plain(String),
    /// It is neither http nor https, or names no host.
    #[error("the address is not http(s)://host")]
    Scheme,
}

/// Decides which addresses may be called: public ones over https, and those of the allow-list over https or http.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allowed: Arc<[IpNet]>,
}

impl Guard {
    /// A guard that lets these networks through besides public addresses.
    pub fn new(allowed: impl IntoIterator<Item = IpNet>) -> Self {
        Self {
            allowed: allowed.into_iter().collect(),
        }
    }

    /// Whether the address may be called; `secure` tells that TLS is used.
    pub fn admits(&self, address: IpAddr, secure: bool) -> bool {
        let address = fold(address);
        self.allowed.iter().any(|net| net.contains(&address)) || (secure && is_public(address))
    }

    /// Checks what can be checked before a name is resolved: the scheme, and a host that is an address itself.
    /// (The resolver is never asked about such a host.) Returns whether TLS is used.
    pub fn check_url(&self, url: &Url) -> Result<bool, Refused> {
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(Refused::Scheme),
        };
        let address = match url.host() {
            None => return Err(Refused::Scheme),
            Some(Host::Domain(_)) => return Ok(secure),
            Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
            Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
        };
        if self.admits(address, secure) {
            Ok(secure)
        } else {
            Err(refusal(&address.to_string(), secure))
        }
    }

    /// A resolver for the client that hands out admitted addresses only, so that what is checked is what is called.
    pub(super) fn resolver(&self, secure: bool) -> GuardedResolver {
        GuardedResolver {
            guard: self.clone(),
            secure,
        }
    }
}

fn refusal(host: &str, secure: bool) -> Refused {
    if secure {
        Refused::NotPublic(host.to_owned())
    } else {
        Refused::Plain(host.to_owned())
    }
}

/// Resolves names with the system's resolver and filters what it says.
#[derive(Debug)]
pub(super) struct GuardedResolver {
    guard: Guard,
    secure: bool,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, secure) = (self.guard.clone(), self.secure);
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let admitted = filter(&guard, &host, secure, found)?;
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

fn filter(
    guard: &Guard,
    host: &str,
    secure: bool,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, Box<dyn StdError + Send + Sync>> {
    let admitted: Vec<_> = found.filter(|a| guard.admits(a.ip(), secure)).collect();
    if admitted.is_empty() {
        return Err(Box::new(refusal(host, secure)));
    }
    Ok(admitted)
}

/// An IPv4 address in IPv6 clothing is that IPv4 address: mapped (RFC 4291), NAT64 (RFC 6052) and 6to4 (RFC 3056).
fn fold(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return v4.into();
    }
    let s = v6.segments();
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        _ => address,
    }
}

/// Whether the address is on the public internet, by IANA's special-purpose registries.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let special = v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local() // holds the clouds' metadata service, 169.254.169.254
        || v4.is_multicast()
        || v4.is_documentation()
        || a == 0 // this network
        || a >= 240 // reserved, and broadcast
        || (a == 100 && (64..128).contains(&b)) // carrier-grade NAT; holds a metadata service, 100.100.100.200
        || (a == 192 && b == 0 && c == 0) // protocol assignments; holds a metadata service, 192.0.0.192
        || (a == 192 && b == 88 && c == 99) // the retired 6to4 relays
        || (a == 198 && (18..20).contains(&b)); // benchmarking
    !special
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let s = v6.segments();
    match (s[0], s[1]) {
        (0x2001, 0..0x200) => false,  // protocol assignments, among them Teredo
        (0x2001, 0xdb8) => false,     // documentation
        (0x3fff, 0..0x1000) => false, // documentation
        // Global unicast is 2000::/3; everything else is loopback, local, multicast or unassigned.
        (first, _) => (first & 0xe000) == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_pass_by_default() {
        let guard = Guard::default();
        let refused = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        for text in refused {
            assert!(!guard.admits(text.parse().unwrap(), true), "{text} passed");
        }
        let public = [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ];
        for text in public {
            let address = text.parse().unwrap();
            assert!(guard.admits(address, true), "{text} was refused");
            assert!(!guard.admits(address, false), "{text} passed without TLS");
        }
    }

    #[test]
    fn the_allow_list_opens_its_networks_alone() {
        let guard = Guard::new(["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        for text in ["127.0.0.1", "::ffff:127.0.0.1", "fd00::1"] {
            let address = text.parse().unwrap();
            assert!(
                guard.admits(address, true) && guard.admits(address, false),
                "{text}"
            );
        }
        for text in ["10.0.0.1", "::1", "fe80::1"] {
            assert!(!guard.admits(text.parse().unwrap(), true), "{text}");
        }
    }

    #[test]
    fn urls_are_checked_by_scheme_and_literal_host_in_every_spelling() {
        let guard = Guard::default();
        let check = |text: &str| guard.check_url(&Url::parse(text).unwrap());
        assert_eq!(check("https://example.atlassian.net"), Ok(true));
        assert_eq!(check("http://example.atlassian.net"), Ok(false));
        assert_eq!(check("ftp://example.com"), Err(Refused::Scheme));
        for text in [
            "https://127.0.0.1",
            "https://2130706433",
            "https://0x7f.1",
            "https://[::1]",
            "https://[::ffff:a00:1]",
        ] {
            assert!(matches!(check(text), Err(Refused::NotPublic(_))), "{text}");
        }
        assert!(matches!(check("http://1.1.1.1"), Err(Refused::Plain(_))));
    }

    #[test]
    fn a_name_keeps_its_admitted_addresses_and_fails_without_any() {
        let addresses = ["10.0.0.1:0", "1.1.1.1:0", "[::1]:0"].map(|a| a.parse().unwrap());
        let kept = filter(
            &Guard::default(),
            "mixed.example",
            true,
            addresses.into_iter(),
        )
        .unwrap();
        assert_eq!(kept, [addresses[1]]);
        let error = filter(
            &Guard::default(),
            "inner.example",
            true,
            addresses[2..].iter().copied(),
        )
        .unwrap_err();
        assert_eq!(
            error.downcast_ref(),
            Some(&Refused::NotPublic("inner.example".into()))
        );
    }
}
