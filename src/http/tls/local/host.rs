//! What this machine is called, and which addresses it has.

use std::{
    collections::BTreeSet,
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::Name;
use crate::domain::origin::Origin;

/// The most names that go into a certificate: a machine with containers has many addresses.
const MAX_NAMES: usize = 100;

/// What browsers may call this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its own name, without a domain.
    pub(super) label: String,
    /// All names and addresses.
    pub(super) names: BTreeSet<Name>,
}

impl Host {
    /// This machine as it is now, which browsers see at `origin` too. Blocks as long as the system takes to tell.
    #[must_use]
    pub fn this(origin: Option<&Origin>) -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        // Not from a file: a sandbox may hide /proc/sys, and /etc/hostname does not know a name that the network gave.
        let system = rustix::system::uname();
        let name = system.nodename().to_string_lossy();
        let v4 = addresses_v4(&read("/proc/self/net/fib_trie")).into_iter().map(IpAddr::from);
        let v6 = addresses_v6(&read("/proc/self/net/if_inet6")).into_iter().map(IpAddr::from);
        Self::new(&name, v4.chain(v6), origin)
    }

    /// A machine of this name, with these addresses, which browsers see at `origin` too.
    #[must_use]
    pub fn new(name: &str, addresses: impl IntoIterator<Item = IpAddr>, origin: Option<&Origin>) -> Self {
        let name = name.trim().to_ascii_lowercase();
        let name = Some(name.as_str()).filter(|name| is_host_name(name)).unwrap_or("localhost");
        let label = name.split('.').next().unwrap_or(name).to_owned();
        let mut names: BTreeSet<_> = ["localhost", name].map(|name| Name::Dns(name.to_owned())).into();
        if label != "localhost" {
            names.extend([label.clone(), format!("{label}.local")].map(Name::Dns));
        }
        names.extend([Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()].map(Name::Address));
        names.extend(origin.map(|origin| of_host(origin.host())));
        let left = MAX_NAMES - names.len();
        let addresses: BTreeSet<_> = addresses.into_iter().map(Name::Address).collect();
        names.extend(addresses.into_iter().take(left));
        Self { label, names }
    }
}

/// The host of a URL.
fn of_host(host: &str) -> Name {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse().map_or_else(|_| Name::Dns(host.to_owned()), Name::Address)
}

/// RFC 1123 §2.1.
fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(label) && text.parse::<Ipv4Addr>().is_err()
}

/// The machine's own addresses in the routing table that Linux shows as a tree: below each address are the lines of its
/// prefixes, and one says that it is the machine's own.
fn addresses_v4(fib_trie: &str) -> BTreeSet<Ipv4Addr> {
    let (mut found, mut last) = (BTreeSet::new(), None);
    for line in fib_trie.lines().map(str::trim_start) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse().ok();
        } else if line == "/32 host LOCAL" {
            found.extend(last.filter(|address: &Ipv4Addr| !address.is_loopback()));
        }
    }
    found
}

/// The addresses of the machine's interfaces that others can name: no loopback and link-local ones, and none that the
/// system soon takes back or is not sure of.
///
/// A line is the address, the number of the interface, the length of the prefix, scope, flags, and the interface's name,
/// all but the last in hexadecimal.
fn addresses_v6(if_inet6: &str) -> BTreeSet<Ipv6Addr> {
    /// `linux/if_addr.h`: `IFA_F_TEMPORARY`, `IFA_F_DADFAILED`, `IFA_F_TENTATIVE`.
    const PASSING: u8 = 0x01 | 0x08 | 0x40;
    let address = |line: &str| {
        let mut words = line.split_whitespace();
        let address = u128::from_str_radix(words.next()?, 16).ok()?;
        let flags = u8::from_str_radix(words.nth(3)?, 16).ok()?;
        (flags & PASSING == 0).then_some(Ipv6Addr::from_bits(address))
    };
    let can_be_named = |address: &Ipv6Addr| !address.is_loopback() && !address.is_unicast_link_local();
    if_inet6.lines().filter_map(address).filter(can_be_named).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(host: &Host) -> Vec<String> {
        host.names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_machine_is_known_by_its_name_its_addresses_and_its_public_host() {
        let addresses = || ["192.168.1.5", "2001:db8::5"].map(|text| text.parse().unwrap());
        let public = |text: &str| text.parse::<Origin>().unwrap();
        #[rustfmt::skip]
        let cases = [
            // name               public                           label        names before the addresses
            ("Pi\n",              None,                            "pi",        vec!["localhost", "pi", "pi.local"]),
            ("pi.lan",            None,                            "pi",        vec!["localhost", "pi", "pi.lan", "pi.local"]),
            ("pi.local",          Some("https://pi.local:8089"),   "pi",        vec!["localhost", "pi", "pi.local"]),
            ("pi",                Some("https://auth.a.org"),      "pi",        vec!["auth.a.org", "localhost", "pi", "pi.local"]),
            ("pi",                Some("https://192.168.1.5"),     "pi",        vec!["localhost", "pi", "pi.local"]),
            ("pi",                Some("https://[2001:db8::5]:1"), "pi",        vec!["localhost", "pi", "pi.local"]),
            ("localhost",         None,                            "localhost", vec!["localhost"]),
            ("",                  None,                            "localhost", vec!["localhost"]),
            ("no host name",      None,                            "localhost", vec!["localhost"]),
            ("-pi",               None,                            "localhost", vec!["localhost"]),
            ("10.0.0.1",          None,                            "localhost", vec!["localhost"]),
        ];
        for (name, origin, label, names) in cases {
            let host = Host::new(name, addresses(), origin.map(public).as_ref());
            let expected = [names, vec!["127.0.0.1", "192.168.1.5", "::1", "2001:db8::5"]].concat();
            assert_eq!(
                (host.label.as_str(), shown(&host)),
                (label, expected.iter().map(ToString::to_string).collect()),
                "{name:?}"
            );
        }
    }

    #[test]
    fn names_are_bounded_and_those_of_the_machine_come_first() {
        let many = (0..1000).map(|number: u32| Ipv4Addr::from_bits(number).into());
        let host = Host::new("pi", many, None);
        assert_eq!(host.names.len(), MAX_NAMES);
        assert!(host.names.contains(&Name::Dns("pi.local".into())));
    }

    #[test]
    fn the_addresses_of_interfaces_are_found_in_what_linux_shows() {
        let fib_trie = "\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.1
              /32 host LOCAL
     +-- 192.168.1.0/24 2 0 2
           |-- 192.168.1.0
              /32 link BROADCAST
              /24 link UNICAST
           |-- 192.168.1.5
              /32 host LOCAL
        |-- 192.168.1.255
           /32 link BROADCAST
Local:
           |-- 192.168.1.5
              /32 host LOCAL
           |-- 172.17.0.1
              /32 host LOCAL
";
        let found: Vec<_> = addresses_v4(fib_trie).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["172.17.0.1", "192.168.1.5"]);
        let if_inet6 = "\
00000000000000000000000000000001 01 80 10 80       lo
20010db8000000000000000000000005 02 40 00 00     eth0
fd000000000000000000000000000006 02 40 00 80     eth0
20010db8000000000000000000000007 02 40 00 01     eth0
20010db8000000000000000000000008 02 40 00 40     eth0
fe8000000000000000fc00fffe000001 02 40 20 80     eth0
nonsense
";
        let found: Vec<_> = addresses_v6(if_inet6).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["2001:db8::5", "fd00::6"]);
    }

    #[test]
    fn this_machine_has_a_name_and_can_be_asked_twice() {
        let host = Host::this(None);
        assert!(host.names.len() >= 3, "{host:?}");
        assert_eq!(host, Host::this(None));
    }

    proptest! {
        #[test]
        fn whatever_the_system_shows_it_is_read(text in "(\\PC|\n){0,200}") {
            addresses_v4(&text);
            addresses_v6(&text);
            prop_assert!(Host::new(&text, [], None).names.len() >= 3);
        }
    }
}
