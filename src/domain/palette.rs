//! The colours of the pages that follow from one accent colour, so that text in them can be read ([WCAG 2.2 §1.4.3]).
//!
//! [WCAG 2.2 §1.4.3]: https://www.w3.org/TR/WCAG22/#contrast-minimum

use std::{fmt, str::FromStr};

/// A colour of sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// The text is no colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a colour like #0f766e: # and six hexadecimal digits")]
pub struct ColourError;

/// The least contrast between text and what is behind it: 4.5 to 1.
pub const CONTRAST: f64 = 4.5;

const WHITE: Colour = Colour([0xff; 3]);
const BLACK: Colour = Colour([0; 3]);

impl Colour {
    /// How bright it is to the eye, from 0 to 1 ([relative luminance]).
    ///
    /// [relative luminance]: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|byte| {
            let part = f64::from(byte) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// The [contrast ratio] to `other`, from 1 to 21.
    ///
    /// [contrast ratio]: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// This colour with so many percent of `other`.
    fn mixed(self, other: Self, percent: u16) -> Self {
        let mut mixed = self.0;
        for (part, with) in mixed.iter_mut().zip(other.0) {
            let sum = u16::from(*part) * (100 - percent) + u16::from(with) * percent;
            *part = u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX);
        }
        Self(mixed)
    }
}

impl FromStr for Colour {
    type Err = ColourError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('#').ok_or(ColourError)?;
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).map_err(|_| ColourError)?;
        bytes.try_into().map(Self).map_err(|_| ColourError)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// What the pages put colours on, in a light and in a dark one: `--page` and `--card` of their style sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surfaces {
    /// Behind everything.
    pub page: Colour,
    /// Behind what matters.
    pub card: Colour,
}

/// Of a light page.
pub const LIGHT: Surfaces = Surfaces { page: Colour([0xf4, 0xf6, 0xf5]), card: WHITE };
/// Of a dark page.
pub const DARK: Surfaces = Surfaces { page: Colour([0x10, 0x15, 0x14]), card: Colour([0x18, 0x1f, 0x1d]) };

/// The colours that follow from an accent colour, of a light or a dark page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Of buttons, and of text that can be clicked: the colour asked for, darker or lighter as far as it must be.
    pub accent: Colour,
    /// Of a button that is pointed at.
    pub hover: Colour,
    /// Of text on either.
    pub on_accent: Colour,
    /// Behind text, of the ordinary colour and of the accent's.
    pub tint: Colour,
}

impl Palette {
    /// The colours of a light page.
    #[must_use]
    pub fn light(asked: Colour) -> Self {
        Self::on(LIGHT, asked, BLACK, 10, WHITE)
    }

    /// The colours of a dark page.
    #[must_use]
    pub fn dark(asked: Colour) -> Self {
        Self::on(DARK, asked, WHITE, 16, BLACK)
    }

    /// The colours on `surfaces`: `asked`, moved towards the `far` end until it can be read on all of them.
    fn on(surfaces: Surfaces, asked: Colour, far: Colour, tint_percent: u16, on_accent: Colour) -> Self {
        let tint = surfaces.card.mixed(asked, tint_percent);
        let read = |colour: &Colour| {
            [surfaces.page, surfaces.card, tint].iter().all(|behind| colour.contrast(*behind) >= CONTRAST)
        };
        let accent = (0..=100).map(|percent| asked.mixed(far, percent)).find(read).unwrap_or(far);
        Self { accent, hover: accent.mixed(far, 20), on_accent, tint }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn contrast_is_that_of_wcag() {
        let colour = |text: &str| text.parse::<Colour>().unwrap();
        // From https://webaim.org/resources/contrastchecker, to two places.
        let cases = [
            ("#000000", "#ffffff", 21.0),
            ("#ffffff", "#ffffff", 1.0),
            ("#777777", "#ffffff", 4.47),
            ("#767676", "#ffffff", 4.54),
            ("#ff0000", "#ffffff", 3.99),
            ("#0000ff", "#ffffff", 8.59),
        ];
        for (one, two, expected) in cases {
            let found = colour(one).contrast(colour(two));
            assert!((found - expected).abs() < 0.01, "{one} on {two}: {found}");
        }
    }

    #[test]
    fn a_colour_is_six_digits_and_nothing_else() {
        for (text, written) in [("#0f766e", "#0f766e"), ("#ABCDEF", "#abcdef")] {
            assert_eq!(text.parse::<Colour>().unwrap().to_string(), written);
        }
        for text in
            ["", "#", "0f766e", "#0f7", "#0f766", "#0f766e0", "#0f766g", "teal", "#0f766e;}", " #0f766e"]
        {
            assert_eq!(text.parse::<Colour>(), Err(ColourError), "{text}");
        }
    }

    #[test]
    fn a_colour_that_can_be_read_is_left_as_it_is() {
        let asked: Colour = "#0f6b63".parse().unwrap();
        assert_eq!(Palette::light(asked).accent, asked);
        let asked: Colour = "#5eead4".parse().unwrap();
        assert_eq!(Palette::dark(asked).accent, asked);
    }

    proptest! {
        #[test]
        fn whatever_is_asked_for_can_be_read(asked: [u8; 3]) {
            let asked = Colour(asked);
            // The colours of ordinary text, `--text` of the style sheet.
            let text = [Colour([0x15, 0x20, 0x1d]), Colour([0xe8, 0xef, 0xed])];
            let palettes = [(LIGHT, Palette::light(asked)), (DARK, Palette::dark(asked))];
            for ((surfaces, palette), text) in palettes.into_iter().zip(text) {
                let pairs = [
                    (palette.accent, surfaces.page),
                    (palette.accent, surfaces.card),
                    (palette.accent, palette.tint),
                    (palette.on_accent, palette.accent),
                    (palette.on_accent, palette.hover),
                    (text, palette.tint),
                ];
                for (one, two) in pairs {
                    prop_assert!(one.contrast(two) >= CONTRAST, "{} on {} for {}", one, two, asked);
                }
            }
        }
    }
}
