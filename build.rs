//! Copies the pages of `web/`, and the document of the API, to where they are embedded from: text compressed, the rest as
//! it is.

use std::{
    env,
    error::Error,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

type Outcome = Result<(), Box<dyn Error>>;

/// What describes the API: `src/http/openapi.rs` makes it in a test, and serves it.
const DOCUMENT: &str = "tests/openapi.json";

/// What compresses well; images and fonts are compressed already.
const TEXT: [&str; 8] = ["html", "css", "js", "mjs", "json", "svg", "txt", "webmanifest"];

fn main() -> Outcome {
    println!("cargo::rerun-if-changed=web");
    println!("cargo::rerun-if-changed={DOCUMENT}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=LUCID_AUTH_TARGET={}", env::var("TARGET")?);
    let target = PathBuf::from(env::var("OUT_DIR")?).join("web");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    copy(Path::new("web"), &target)?;
    embed(Path::new(DOCUMENT), &target.join("openapi.json"))
}

/// Copy what is in the folder `from` to the folder `to`, but nothing hidden.
fn copy(from: &Path, to: &Path) -> Outcome {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, name) = (entry.path(), entry.file_name());
        let target = to.join(&name);
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&source, &target)?;
            continue;
        }
        embed(&source, &target)?;
    }
    Ok(())
}

/// Copy one file.
fn embed(source: &Path, target: &Path) -> Outcome {
    let bytes = fs::read(source)?;
    let extension = source.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let gzipped = gzip(&bytes)?;
    // What is small or made of noise does not shrink.
    if TEXT.contains(&extension) && gzipped.len() < bytes.len() {
        fs::write(format!("{}.gz", target.display()), gzipped)?;
        fs::write(format!("{}.br", target.display()), brotli(&bytes)?)?;
    } else {
        fs::write(target, &bytes)?;
    }
    Ok(())
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters)?;
    Ok(compressed)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
