//! `/branding…`: the name, the colour and the logo of whoever runs this service.

mod folder;

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use data_encoding::HEXLOWER;
use hyper::{
    StatusCode,
    body::Bytes,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, HeaderValue},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    app::App,
    code::Code,
    problem::Problem,
    reply::{self, Outcome, Reply, Response, respond},
    request::{Head, Request},
    schemas::Schemas,
    security,
    web::{self, File},
};
use crate::domain::{
    palette::{Colour, Palette},
    profile::DisplayName,
};

/// For an image that somebody opens by itself: its own styles, and nothing that runs or is fetched.
const IMAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
);

/// What pages show of whoever runs this service; what is missing is this service's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brand {
    name: Option<DisplayName>,
    accent: Option<Colour>,
    logo: Option<Image>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Image {
    kind: ImageKind,
    data: Bytes,
    etag: HeaderValue,
}

/// The kinds of images that every browser shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ImageKind {
    Svg,
    Png,
    Webp,
}

impl ImageKind {
    const ALL: [Self; 3] = [Self::Svg, Self::Png, Self::Webp];

    const fn media_type(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

impl Image {
    fn new(kind: ImageKind, data: Vec<u8>) -> Option<Self> {
        let hash = HEXLOWER.encode(&Sha256::digest(&data)[..16]);
        let etag = HeaderValue::try_from(format!("\"{hash}\"")).ok()?;
        Some(Self { kind, data: data.into(), etag })
    }
}

/// The brand in a folder, which can be read again while the service runs.
#[derive(Debug)]
pub struct Branding {
    folder: PathBuf,
    current: RwLock<Arc<Brand>>,
}

impl Branding {
    /// The brand in `folder`, and what in it is wrong: that part is left out. Blocks for as long as the disk takes.
    #[must_use]
    pub fn read(folder: PathBuf) -> (Self, Vec<String>) {
        let (brand, mistakes) = folder::read(&folder);
        (Self { folder, current: RwLock::new(Arc::new(brand)) }, mistakes)
    }

    /// Read the folder again, and return what in it is wrong. Blocks for as long as the disk takes.
    #[must_use]
    pub fn reload(&self) -> Vec<String> {
        let (brand, mistakes) = folder::read(&self.folder);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(brand);
        mistakes
    }

    fn current(&self) -> Arc<Brand> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What pages show of whoever runs this service; null is this service's own.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Brand")]
pub(super) struct BrandReply {
    name: Option<DisplayName>,
    /// As it was asked for; `/branding.css` has the colours that can be read.
    #[schemars(regex(pattern = "^#[0-9a-f]{6}$"))]
    accent: Option<String>,
    /// Whether there is something at `/branding/logo`.
    logo: bool,
}

/// Tell what pages show of whoever runs this service.
pub(super) async fn get(app: Arc<App>, _: Request<(), ()>) -> Result<BrandReply, Problem> {
    let brand = app.branding.current();
    Ok(BrandReply {
        name: brand.name.clone(),
        accent: brand.accent.map(|accent| accent.to_string()),
        logo: brand.logo.is_some(),
    })
}

/// Give the colours that follow from the accent colour.
pub(super) async fn style(app: Arc<App>, request: Request<(), ()>) -> Result<Style, Problem> {
    let brand = app.branding.current();
    let colours = brand.accent.map_or_else(|| "/* The colours of the pages stay. */\n".into(), css);
    let named = brand.name.is_some() || brand.logo.is_some();
    let style = colours + if named { HIDE_DEFAULT } else { "" };
    File::new("text/css; charset=utf-8", style.into_bytes(), &request.head).map(Style)
}

/// The pages begin with a name of their own, which nobody is to see flash by where there is another.
const HIDE_DEFAULT: &str = ".brand:not(.shown) { visibility: hidden; }\n";

/// The custom properties of the pages' style sheet that depend on the accent colour.
fn css(accent: Colour) -> String {
    let (light, dark) = (Palette::light(accent), Palette::dark(accent));
    let pairs = [
        ("accent", light.accent, dark.accent),
        ("accent-hover", light.hover, dark.hover),
        ("on-accent", light.on_accent, dark.on_accent),
        ("tint", light.tint, dark.tint),
    ];
    let line = |(name, light, dark)| format!("  --{name}: light-dark({light}, {dark});\n");
    format!(":root {{\n{}}}\n", pairs.map(line).concat())
}

/// A style sheet.
#[derive(Debug)]
pub(super) struct Style(File);

impl Reply for Style {
    fn into_response(self) -> Result<Response, Problem> {
        self.0.into_response()
    }

    fn outcomes(_: &mut Schemas) -> Vec<Outcome> {
        web::outcomes("text/css; charset=utf-8", reply::text())
    }
}

/// Give the logo.
pub(super) async fn logo(app: Arc<App>, request: Request<(), ()>) -> Result<Logo, Problem> {
    let image = app.branding.current().logo.clone().ok_or_else(|| Problem::new(Code::PathUnknown))?;
    Ok(Logo::new(image, &request.head))
}

/// An image, for one client.
#[derive(Debug)]
pub(super) struct Logo {
    image: Image,
    /// Whether the client has it already.
    known: bool,
}

impl Logo {
    fn new(image: Image, head: &Head) -> Self {
        let known = image.etag.to_str().is_ok_and(|etag| web::is_known(&head.headers, etag));
        Self { image, known }
    }
}

impl Reply for Logo {
    fn into_response(self) -> Result<Response, Problem> {
        let Self { image: Image { kind, data, etag }, known } = self;
        let mut response = if known {
            security::empty(StatusCode::NOT_MODIFIED)
        } else {
            respond(StatusCode::OK, kind.media_type(), data)
        };
        let headers = response.headers_mut();
        headers.insert(ETAG, etag);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(CONTENT_SECURITY_POLICY, IMAGE_POLICY);
        Ok(response)
    }

    fn outcomes(_: &mut Schemas) -> Vec<Outcome> {
        ImageKind::ALL.into_iter().flat_map(|kind| web::outcomes(kind.media_type(), json!({}))).collect()
    }
}
