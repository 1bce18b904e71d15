//! Why no connection came about, told from the client's errors, with words for a person: none of them repeats what another machine says.

use std::{error::Error as StdError, io};

use rustls::CertificateError;

/// Why no connection came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    /// The name leads to no address, or no name server answers.
    #[error("no address was found for its name")]
    Name,
    /// Nobody listens there.
    #[error("the connection was refused")]
    Closed,
    /// The network knows no way.
    #[error("no network leads there")]
    NoRoute,
    /// It took too long.
    #[error("it did not take the connection in time")]
    Timeout,
    /// Nobody whom docket trusts has issued its certificate.
    #[error("docket does not trust whoever issued its TLS certificate")]
    Untrusted,
    /// The certificate is for something else.
    #[error("its TLS certificate is for another name")]
    OtherName,
    /// The certificate is too old, or too new.
    #[error("its TLS certificate has expired or is not valid yet")]
    Expired,
    /// Whoever answers there speaks no TLS that docket speaks.
    #[error("no TLS connection could be agreed upon with what answers there")]
    Tls,
    /// Anything else.
    #[error("no connection came about")]
    Other,
}

impl Unreached {
    /// What the client's error tells of it.
    pub(super) fn by(error: &reqwest::Error) -> Self {
        if error.is_dns() {
            return Self::Name;
        }
        if error.is_timeout() {
            return Self::Timeout;
        }
        let mut cause: Option<&(dyn StdError + 'static)> = error.source();
        while let Some(error) = cause {
            if let Some(told) = error.downcast_ref::<io::Error>().and_then(of_io) {
                return told;
            }
            cause = error.source();
        }
        Self::Other
    }

    /// What whoever runs docket or the platform does about it, where the address is not the first thing to look at: the beginning of a
    /// sentence.
    pub(super) fn remedy(self) -> Option<&'static str> {
        match self {
            Self::Untrusted => Some(
                "Ask an administrator of docket to have the issuer trusted: docket trusts the system's certificates, or those of the file in SSL_CERT_FILE",
            ),
            Self::OtherName => Some(
                "Correct the address in the integration's settings to the name that the certificate is for",
            ),
            Self::Expired => Some("Ask whoever runs the platform to renew its certificate"),
            _ => None,
        }
    }
}

fn of_io(error: &io::Error) -> Option<Unreached> {
    if let Some(inner) = error.get_ref() {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return Some(of_tls(tls));
        }
        // The connector wraps what TLS says once more, and such a wrapping is no source of itself.
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            return of_io(io);
        }
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some(Unreached::Closed),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Some(Unreached::NoRoute)
        }
        _ => None,
    }
}

fn of_tls(error: &rustls::Error) -> Unreached {
    let rustls::Error::InvalidCertificate(why) = error else {
        return Unreached::Tls;
    };
    match why {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => Unreached::Expired,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Unreached::OtherName
        }
        _ => Unreached::Untrusted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_told_by_what_is_wrong_with_it() {
        let of = |why| of_tls(&rustls::Error::InvalidCertificate(why));
        assert_eq!(of(CertificateError::Expired), Unreached::Expired);
        assert_eq!(of(CertificateError::NotValidForName), Unreached::OtherName);
        assert_eq!(of(CertificateError::UnknownIssuer), Unreached::Untrusted);
        let other = rustls::Error::HandshakeNotComplete;
        assert_eq!(of_tls(&other), Unreached::Tls);
        let inner = io::Error::other(rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer,
        ));
        let wrapped = io::Error::other(inner);
        assert_eq!(of_io(&wrapped), Some(Unreached::Untrusted));
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(of_io(&refused), Some(Unreached::Closed));
    }
}
