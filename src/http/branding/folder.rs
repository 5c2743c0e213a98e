//! Reading a brand from a folder: `branding.json` and a logo, each of which may be missing.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
    str::FromStr,
};

use serde::Deserialize;

use super::{Brand, Image, ImageKind};

/// The most that is read of a logo, in bytes.
const MAX_LOGO: u64 = 256 * 1024;
/// The most that is read of `branding.json`, in bytes.
const MAX_JSON: u64 = 4 * 1024;

/// What may stand in `branding.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    name: Option<String>,
    accent: Option<String>,
}

impl ImageKind {
    const fn file_name(self) -> &'static str {
        match self {
            Self::Svg => "logo.svg",
            Self::Png => "logo.png",
            Self::Webp => "logo.webp",
        }
    }

    /// Whether `data` begins as such an image does. A browser is told the kind and not to guess.
    fn begins(self, data: &[u8]) -> bool {
        match self {
            Self::Svg => str::from_utf8(data).is_ok_and(|text| {
                let text = text.trim_start_matches('\u{feff}').trim_start();
                ["<svg", "<?xml", "<!--", "<!DOCTYPE svg"].iter().any(|start| text.starts_with(start))
            }),
            Self::Png => data.starts_with(b"\x89PNG\r\n\x1a\n"),
            Self::Webp => data.starts_with(b"RIFF") && data.get(8..12) == Some(b"WEBP"),
        }
    }
}

/// The brand in `folder`, and what in it is wrong, for a person to mend.
pub(super) fn read(folder: &Path) -> (Brand, Vec<String>) {
    let (mut brand, mut mistakes) = (Brand::default(), Vec::new());
    match read_said(&folder.join("branding.json")) {
        Ok(None) => {}
        Ok(Some(Said { name, accent })) => {
            brand.name = part("name", name, &mut mistakes);
            brand.accent = part("accent", accent, &mut mistakes);
        }
        Err(why) => mistakes.push(format!("branding.json: {why}")),
    }
    for kind in ImageKind::ALL {
        match read_logo(&folder.join(kind.file_name()), kind) {
            Ok(None) => continue,
            Ok(logo) => brand.logo = logo,
            Err(why) => mistakes.push(format!("{}: {why}", kind.file_name())),
        }
        // The first that is there counts.
        break;
    }
    (brand, mistakes)
}

/// A member of `branding.json` as what it must be.
fn part<T: FromStr<Err: ToString>>(
    name: &str,
    text: Option<String>,
    mistakes: &mut Vec<String>,
) -> Option<T> {
    match text?.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            mistakes.push(format!("branding.json: {name}: {}", error.to_string()));
            None
        }
    }
}

fn read_said(path: &Path) -> Result<Option<Said>, String> {
    let Some(bytes) = read_file(path, MAX_JSON)? else { return Ok(None) };
    let said = serde_json::from_slice(&bytes);
    said.map(Some).map_err(|error| {
        format!("expected an object like {{\"name\": \"Example\", \"accent\": \"#0f766e\"}}: {error}")
    })
}

fn read_logo(path: &Path, kind: ImageKind) -> Result<Option<Image>, String> {
    let Some(data) = read_file(path, MAX_LOGO)? else { return Ok(None) };
    if !kind.begins(&data) {
        return Err(format!("expected an image of the type {}", kind.media_type()));
    }
    Ok(Image::new(kind, data))
}

/// The file at `path`, if there is one.
fn read_file(path: &Path, most: u64) -> Result<Option<Vec<u8>>, String> {
    let read = || {
        // Opening a pipe would wait for ever.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) if bytes.len() as u64 > most => Err(format!("expected a file of at most {most} bytes")),
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("expected a file that this service can read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The brand in a folder of these files, and the mistakes in it.
    fn of(files: &[(&str, &[u8])]) -> (Brand, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        read(folder.path())
    }

    #[test]
    fn what_is_not_there_is_no_mistake() {
        assert_eq!(of(&[]), (Brand::default(), Vec::new()));
        assert_eq!(read(Path::new("/nowhere/at all")), (Brand::default(), Vec::new()));
        assert_eq!(of(&[("branding.json", b"{}")]), (Brand::default(), Vec::new()));
    }

    #[test]
    fn one_mistake_costs_nothing_but_what_it_is_in() {
        let (brand, mistakes) =
            of(&[("branding.json", br#"{"name": "Example", "accent": "teal"}"#), ("logo.svg", b"<svg/>")]);
        assert_eq!(brand.name.unwrap().as_str(), "Example");
        assert_eq!((brand.accent, brand.logo.unwrap().kind), (None, ImageKind::Svg));
        assert_eq!(mistakes.len(), 1);
        assert!(mistakes[0].contains("accent: expected a colour like #0f766e"), "{mistakes:?}");
    }

    #[test]
    fn each_mistake_is_named_with_what_was_expected() {
        let big = vec![b' '; 300_000];
        #[rustfmt::skip]
        let cases: [(&str, &[u8], &str); 8] = [
            ("branding.json", b"{",                       "expected an object like"),
            ("branding.json", br##"{"colour": "#000000"}"##, "unknown field `colour`"),
            ("branding.json", br#"{"name": "two\nlines"}"#, "name: expected 1 to 64 characters"),
            ("branding.json", &big,                       "at most 4096 bytes"),
            ("logo.svg",      &big,                       "at most 262144 bytes"),
            ("logo.svg",      b"<html></html>",           "type image/svg+xml"),
            ("logo.png",      b"<svg/>",                  "type image/png"),
            ("logo.webp",     b"RIFF....WAVE",            "type image/webp"),
        ];
        for (name, content, expected) in cases {
            let (brand, mistakes) = of(&[(name, content)]);
            assert_eq!((brand, mistakes.len()), (Brand::default(), 1), "{name}: {mistakes:?}");
            assert!(mistakes[0].starts_with(name) && mistakes[0].contains(expected), "{mistakes:?}");
        }
    }

    #[test]
    fn every_kind_of_logo_is_known_by_how_it_begins() {
        let logos: [(&str, &[u8], ImageKind); 4] = [
            ("logo.svg", b"\xef\xbb\xbf<?xml version=\"1.0\"?><svg/>", ImageKind::Svg),
            ("logo.svg", b"  <svg xmlns=\"http://www.w3.org/2000/svg\"/>", ImageKind::Svg),
            ("logo.png", b"\x89PNG\r\n\x1a\n....", ImageKind::Png),
            ("logo.webp", b"RIFF....WEBPVP8 ", ImageKind::Webp),
        ];
        for (name, content, kind) in logos {
            let (brand, mistakes) = of(&[(name, content)]);
            assert_eq!((brand.logo.map(|logo| logo.kind), mistakes), (Some(kind), Vec::new()), "{name}");
        }
        // A folder in its place is not opened.
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("logo.png")).unwrap();
        assert!(read(folder.path()).1[0].contains("no regular file"));
    }
}
