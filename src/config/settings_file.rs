//! The file of settings: lines `NAME=value`, of which systemd, Docker and a shell would make the same.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

/// The values of `text` by name. The last of a name counts.
///
/// Empty lines and those that begin with `#` or `;` are left out, as are the quotes around a value.
///
/// # Errors
///
/// The number of the first line that could be understood in another way, and what is expected there. Says nothing of what
/// the line holds.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, Zeroizing<String>>, String> {
    let mut values = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let refuse = |expected| format!("expected {expected} in line {}", index + 1);
        let (name, value) = line.split_once('=').ok_or_else(|| refuse("NAME=value"))?;
        if !is_name(name) {
            return Err(refuse("a name of letters, digits and _ before the ="));
        }
        let value = unquoted(value.trim());
        if value.contains(['"', '\'', '\\']) {
            return Err(refuse("a value without quotes or backslashes inside"));
        }
        values.insert(name.to_owned(), Zeroizing::new(value.to_owned()));
    }
    Ok(values)
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `value` without the quotes around it.
fn unquoted(value: &str) -> &str {
    let inside = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Pairs = &'static [(&'static str, &'static str)];

    #[test]
    #[rustfmt::skip]
    fn lines_are_names_and_values() {
        let cases: [(&str, Result<Pairs, &str>); 14] = [
            ("",                               Ok(&[])),
            ("# A=1\n; B=2\n\n  \n",           Ok(&[])),
            ("A=1\nB=2",                       Ok(&[("A", "1"), ("B", "2")])),
            ("A=1\r\nB=2\r\n",                 Ok(&[("A", "1"), ("B", "2")])),
            ("A=1\nA=2\n",                     Ok(&[("A", "2")])),
            (" A= 1 # 2 ",                     Ok(&[("A", "1 # 2")])),
            ("A=",                             Ok(&[("A", "")])),
            ("A=\"x y\"\nB='z'\nC=a=b",        Ok(&[("A", "x y"), ("B", "z"), ("C", "a=b")])),
            ("A=1\nB",                         Err("expected NAME=value in line 2")),
            ("export A=1",                     Err("expected a name of letters, digits and _ before the = in line 1")),
            ("1A=1",                           Err("expected a name of letters, digits and _ before the = in line 1")),
            ("=1",                             Err("expected a name of letters, digits and _ before the = in line 1")),
            ("A=\"x",                          Err("expected a value without quotes or backslashes inside in line 1")),
            ("A=x\\",                          Err("expected a value without quotes or backslashes inside in line 1")),
        ];
        for (text, expected) in cases {
            let parsed = parse(text);
            let parsed = parsed.as_ref().map(|values| {
                values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>()
            });
            assert_eq!(parsed.map_err(String::as_str), expected.map(<[_]>::to_vec), "{text:?}");
        }
    }

    #[test]
    fn the_file_that_is_shipped_sets_nothing() {
        assert_eq!(parse(&super::super::environment_file()), Ok(BTreeMap::new()));
    }

    proptest! {
        #[test]
        fn whatever_is_in_it_nothing_breaks(text in "(?s).{0,200}") {
            drop(parse(&text));
        }

        #[test]
        fn a_value_comes_back_in_quotes(value in "[^\"'\\\\\\p{C}\u{2028}\u{2029}]{0,40}") {
            let values = parse(&format!("NAME=\"{value}\"\n")).unwrap();
            prop_assert_eq!(values["NAME"].as_str(), value.as_str());
        }
    }
}
