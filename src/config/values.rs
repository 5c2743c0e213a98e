//! Reading values from text. Each function fails with a sentence that says what is allowed.

use std::{fmt::Display, net::IpAddr, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration};

use data_encoding::BASE64;
use ipnet::IpNet;
use tracing::Level;
use zeroize::Zeroizing;

use super::types::{CorsOrigins, LogFormat, Registration, TronNetwork};
use crate::domain::{origin::Origin, seal::MasterKey, wallet::Address};

/// The longest [`data_dir`], in bytes: a Unix socket in it must fit the 108 bytes of `sockaddr_un` (unix(7)).
const MAX_DATA_DIR: usize = 90;
/// The longest path, in bytes, with room for its NUL (`PATH_MAX` of Linux).
const MAX_PATH: usize = 4095;

/// `true`, `1`, `yes`, `on` and their opposites, in any case.
pub(super) fn boolean(text: &str) -> Result<bool, &'static str> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("expected true or false (1, 0, yes, no, on and off are understood)"),
    }
}

/// One of a few words, in any case.
fn word<T: Copy>(text: &str, words: &[(&str, T)], allowed: &'static str) -> Result<T, &'static str> {
    let text = text.trim();
    words.iter().find(|(word, _)| text.eq_ignore_ascii_case(word)).map(|(_, value)| *value).ok_or(allowed)
}

pub(super) fn registration(text: &str) -> Result<Registration, &'static str> {
    let words = [("open", Registration::Open), ("closed", Registration::Closed)];
    word(text, &words, "expected open or closed")
}

pub(super) fn tron_network(text: &str) -> Result<TronNetwork, &'static str> {
    let words = [
        ("mainnet", TronNetwork::Mainnet),
        ("shasta", TronNetwork::Shasta),
        ("nile", TronNetwork::Nile),
        // What the old service called TRON's first test network.
        ("testnet", TronNetwork::Shasta),
    ];
    word(text, &words, "expected mainnet, shasta or nile")
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, &'static str> {
    let words = [("auto", LogFormat::Auto), ("json", LogFormat::Json), ("text", LogFormat::Text)];
    word(text, &words, "expected auto, json or text")
}

/// A level by the name that `tracing` gives it, or by Python's.
pub(super) fn log_level(text: &str) -> Result<Level, &'static str> {
    let words = [
        ("TRACE", Level::TRACE),
        ("DEBUG", Level::DEBUG),
        ("INFO", Level::INFO),
        ("WARN", Level::WARN),
        ("WARNING", Level::WARN),
        ("ERROR", Level::ERROR),
        ("CRITICAL", Level::ERROR),
    ];
    word(text, &words, "expected TRACE, DEBUG, INFO, WARN, WARNING, ERROR or CRITICAL")
}

/// A whole number within `range`.
pub(super) fn whole(range: RangeInclusive<u32>) -> impl Fn(&str) -> Result<u32, String> {
    counted(range, "")
}

/// Whole minutes within `range`.
pub(super) fn minutes(range: RangeInclusive<u32>) -> impl Fn(&str) -> Result<Duration, String> {
    length(range, " of minutes", 60)
}

/// Whole hours within `range`.
pub(super) fn hours(range: RangeInclusive<u32>) -> impl Fn(&str) -> Result<Duration, String> {
    length(range, " of hours", 60 * 60)
}

/// Whole days within `range`.
pub(super) fn days(range: RangeInclusive<u32>) -> impl Fn(&str) -> Result<Duration, String> {
    length(range, " of days", 24 * 60 * 60)
}

fn length(
    range: RangeInclusive<u32>,
    unit: &'static str,
    seconds: u64,
) -> impl Fn(&str) -> Result<Duration, String> {
    let count = counted(range, unit);
    move |text| Ok(Duration::from_secs(u64::from(count(text)?) * seconds))
}

fn counted(range: RangeInclusive<u32>, unit: &'static str) -> impl Fn(&str) -> Result<u32, String> {
    move |text| {
        text.trim()
            .parse()
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| format!("expected a whole number{unit} from {} to {}", range.start(), range.end()))
    }
}

pub(super) fn port(text: &str) -> Result<u16, &'static str> {
    text.trim().parse().map_err(|_| "expected a port: a whole number from 0 to 65535")
}

pub(super) fn ip_address(text: &str) -> Result<IpAddr, &'static str> {
    text.trim().parse().map_err(|_| "expected an IPv4 or IPv6 address, such as 0.0.0.0 or ::1")
}

pub(super) fn origin(text: &str) -> Result<Origin, String> {
    item(text.trim())
}

pub(super) fn origins(text: &str) -> Result<Vec<Origin>, String> {
    list(text, item)
}

/// `*`, or exact origins.
pub(super) fn cors_origins(text: &str) -> Result<CorsOrigins, String> {
    match items(text)?.as_slice() {
        [one] if one == "*" => Ok(CorsOrigins::Any),
        _ => origins(text).map(CorsOrigins::These),
    }
}

pub(super) fn addresses(text: &str) -> Result<Vec<Address>, String> {
    list(text, item)
}

/// Networks; a bare address is the network of that address alone.
pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    list(text, |text| {
        let network = text.parse::<IpNet>().map(|network| network.trunc());
        let network = network.or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map_err(|_| "expected addresses or networks, such as 10.0.0.1 or 10.0.0.0/8".to_owned())
    })
}

fn item<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn list<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let items = items(text)?;
    let parse_item = |(index, item): (usize, &String)| match parse(item) {
        Err(why) if items.len() > 1 => Err(format!("{why} (item {} is not)", index + 1)),
        result => result,
    };
    items.iter().enumerate().map(parse_item).collect()
}

/// The items of a list: separated by commas, or as the JSON list that the old service took too.
fn items(text: &str) -> Result<Vec<String>, String> {
    let text = text.trim();
    let items = if text.starts_with('[') {
        serde_json::from_str(text).map_err(|_| "expected a list: separated by commas, or a JSON list")?
    } else {
        text.split(',').map(str::to_owned).collect::<Vec<_>>()
    };
    Ok(items.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect())
}

/// A name for people: 1 to 64 printable ASCII characters.
pub(super) fn service_name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let good = (1..=64).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if good { Ok(text.to_owned()) } else { Err("expected 1 to 64 printable ASCII characters") }
}

/// A claim of a token: 1 to 255 printable ASCII characters without spaces.
pub(super) fn claim(text: &str) -> Result<String, &'static str> {
    let good = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if good {
        Ok(text.to_owned())
    } else {
        Err("expected 1 to 255 printable ASCII characters without spaces")
    }
}

pub(super) fn path(text: &str) -> Result<PathBuf, &'static str> {
    let good = (1..=MAX_PATH).contains(&text.len()) && !text.contains('\0');
    if good { Ok(PathBuf::from(text)) } else { Err("expected a path of 1 to 4095 bytes") }
}

pub(super) fn data_dir(text: &str) -> Result<PathBuf, String> {
    if text.len() > MAX_DATA_DIR {
        return Err(format!("expected a path of at most {MAX_DATA_DIR} bytes: a Unix socket must fit in it"));
    }
    path(text).map_err(str::to_owned)
}

/// 32 bytes in base64 with padding ([RFC 4648 §4]), as `openssl rand -base64 32` writes them.
///
/// [RFC 4648 §4]: https://www.rfc-editor.org/rfc/rfc4648#section-4
pub(super) fn master_key(text: &str) -> Result<MasterKey, &'static str> {
    let allowed = "expected 32 bytes in base64, as `openssl rand -base64 32` makes them";
    let decoded = Zeroizing::new(BASE64.decode(text.trim().as_bytes()).map_err(|_| allowed)?);
    let mut key = Zeroizing::new([0; 32]);
    if decoded.len() != key.len() {
        return Err(allowed);
    }
    key.copy_from_slice(&decoded);
    Ok(MasterKey::new(key))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn booleans_and_levels_are_understood_in_every_spelling() {
        for (on, off) in [("TRUE", "False"), ("1", "0"), ("Yes", "NO"), (" on ", "off")] {
            assert_eq!((boolean(on), boolean(off)), (Ok(true), Ok(false)), "{on} {off}");
        }
        assert!(boolean("maybe").is_err());
        let levels = [
            ("warning", Level::WARN),
            ("WARN", Level::WARN),
            ("Critical", Level::ERROR),
            ("trace", Level::TRACE),
            ("Info", Level::INFO),
        ];
        for (text, expected) in levels {
            assert_eq!(log_level(text), Ok(expected), "{text}");
        }
        assert!(log_level("LOUD").is_err());
    }

    #[test]
    fn numbers_end_where_their_range_ends() {
        let good = minutes(1..=60);
        assert_eq!(good("1"), Ok(Duration::from_secs(60)));
        assert_eq!(good(" 60"), Ok(Duration::from_secs(3600)));
        for bad in ["0", "61", "-1", "1.5", "", "x", "99999999999"] {
            assert_eq!(good(bad), Err("expected a whole number of minutes from 1 to 60".to_owned()), "{bad}");
        }
        assert_eq!((port("0"), port("65535")), (Ok(0), Ok(65535)));
        assert!(port("65536").is_err());
    }

    #[test]
    fn lists_are_separated_by_commas_or_are_json() {
        let expected = CorsOrigins::These(origins("http://a,http://b").unwrap());
        for text in [
            "http://a, http://b",
            "http://a,,http://b,",
            r#"["http://a", "http://b"]"#,
            " [\"http://a/\",\"HTTP://B\"]",
        ] {
            assert_eq!(cors_origins(text), Ok(expected.clone()), "{text}");
        }
        assert_eq!(cors_origins(r#"["*"]"#), Ok(CorsOrigins::Any));
        assert!(cors_origins("http://a,b").unwrap_err().ends_with(" (item 2 is not)"));
        for bad in ["http://a,*", "http://a/path", "[", "[1]", "a"] {
            assert!(cors_origins(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bare_address_is_a_network_of_its_own() {
        let networks = networks("10.1.2.3/8, 127.0.0.1, ::1, fd00::/8").unwrap();
        let texts: Vec<_> = networks.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["10.0.0.0/8", "127.0.0.1/32", "::1/128", "fd00::/8"]);
        for bad in ["10.0.0.0/33", "localhost", "10.0.0"] {
            assert!(super::networks(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn texts_have_their_bounds() {
        assert!(service_name(&"a".repeat(64)).is_ok());
        assert!(service_name(&"a".repeat(65)).is_err());
        assert!(service_name("a\u{7}b").is_err());
        assert!(claim(&"a".repeat(255)).is_ok());
        assert!(claim(&"a".repeat(256)).is_err());
        assert!(claim("a b").is_err());
        assert!(data_dir(&"a".repeat(90)).is_ok());
        assert!(data_dir(&"a".repeat(91)).is_err());
        assert!(path("a\0b").is_err());
    }

    #[test]
    fn a_master_key_is_32_bytes_and_is_not_shown() {
        let key = master_key(&BASE64.encode(&[7; 32])).unwrap();
        assert_eq!(format!("{key:?}"), "[redacted]");
        for bad in [BASE64.encode(&[7; 31]), BASE64.encode(&[7; 33]), "07".repeat(32), "?".to_owned()] {
            assert!(master_key(&bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_parser_panic(text in "(?s).*") {
            let _ = (boolean(&text), log_level(&text), tron_network(&text), registration(&text), log_format(&text));
            let _ = (whole(0..=u32::MAX)(&text), days(0..=u32::MAX)(&text), port(&text), ip_address(&text));
            let _ = (origin(&text), cors_origins(&text), addresses(&text), networks(&text), master_key(&text));
            let _ = (service_name(&text), claim(&text), data_dir(&text));
        }
    }
}
