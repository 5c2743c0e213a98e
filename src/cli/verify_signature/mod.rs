//! `verify-signature`: tell whether a wallet signed a message, and if not, why.

mod diagnosis;

#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE, HEXUPPER};
use serde::Serialize;

use crate::domain::wallet::{Address, Scheme, Signature, SignatureError};

/// Tell whether a wallet signed a message
///
/// Exits with 0 if the signature verifies, with 1 if it does not, and with 2 if the question cannot be asked.
// No Debug: a signature is as good as a password until its challenge is used.
#[derive(clap::Args)]
pub(super) struct Args {
    /// TRON address of the wallet: T and 33 more characters
    #[arg(long)]
    address: Address,
    #[command(flatten)]
    message: Message,
    /// What the wallet gave: 65 bytes in hex
    #[arg(long, value_name = "HEX", allow_hyphen_values = true)]
    signature: String,
    /// How the wallet signed: tron-v2, eip191 or trezor-tx
    #[arg(long, default_value_t = Scheme::TronV2)]
    scheme: Scheme,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Message {
    /// The message that was signed
    #[arg(long = "message", value_name = "TEXT", allow_hyphen_values = true)]
    text: Option<String>,
    /// A file with exactly the message, at most 1 MiB; - is the standard input
    #[arg(long = "message-file", value_name = "PATH")]
    file: Option<PathBuf>,
    /// The bytes of the message in hex
    #[arg(long = "message-hex", value_name = "HEX")]
    hex: Option<String>,
}

/// Why the question cannot be asked, or the answer not given.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The message is not hex.
    #[error("expected --message-hex to be an even number of hex digits")]
    Hex,
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is over the limit.
    #[error("the message is larger than 1 MiB")]
    TooLarge,
    /// The answer cannot be written.
    #[error("cannot write the answer: {0}")]
    Output(#[from] io::Error),
}

/// The most bytes of a message file that are read.
const MAX_MESSAGE: u64 = 1 << 20;

/// The answer, in the order in which it is written.
#[derive(Serialize)]
struct Report {
    verified: bool,
    scheme: Scheme,
    digest: String,
    ledger_nano_shows: String,
    address: Address,
    recovered: Option<Address>,
    reason: Option<String>,
    advice: Vec<String>,
}

/// Write to `output` whether the signature verifies, and return it. A message file named `-` is read from `input`.
///
/// # Errors
///
/// [`Error`] if the message cannot be read or the answer not be written.
pub(super) fn run(args: &Args, input: &mut impl Read, output: &mut impl Write) -> Result<bool, Error> {
    let message = args.message.read(input)?;
    let report = Report::new(args, &message);
    if args.json {
        serde_json::to_writer(&mut *output, &report).map_err(io::Error::from)?;
        writeln!(output)?;
    } else {
        report.write(output)?;
    }
    output.flush()?;
    Ok(report.verified)
}

impl Message {
    /// The bytes of the message.
    fn read(&self, input: &mut impl Read) -> Result<Vec<u8>, Error> {
        if let Some(hex) = &self.hex {
            let digits = hex.strip_prefix("0x").unwrap_or(hex);
            HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).map_err(|_| Error::Hex)
        } else if let Some(path) = &self.file {
            let bytes = if path == Path::new("-") {
                read_limited(input)
            } else {
                File::open(path).and_then(|file| read_limited(&mut &file))
            };
            let bytes = bytes.map_err(|source| Error::File { path: path.clone(), source })?;
            if bytes.len() as u64 > MAX_MESSAGE { Err(Error::TooLarge) } else { Ok(bytes) }
        } else {
            Ok(self.text.clone().unwrap_or_default().into_bytes())
        }
    }
}

/// All of `input`, or the first bytes of it if they are more than [`MAX_MESSAGE`].
fn read_limited(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(MAX_MESSAGE + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Report {
    fn new(args: &Args, message: &[u8]) -> Self {
        let digest = args.scheme.digest(args.address, message);
        let verdict = args
            .signature
            .parse::<Signature>()
            .and_then(|signature| args.scheme.verify(args.address, message, &signature));
        let recovered = match &verdict {
            Ok(()) => Some(args.address),
            Err(SignatureError::OtherAddress(other)) => Some(*other),
            Err(_) => None,
        };
        Self {
            verified: verdict.is_ok(),
            scheme: args.scheme,
            digest: HEXLOWER.encode(&digest),
            ledger_nano_shows: ledger_nano(&digest),
            address: args.address,
            recovered,
            reason: verdict.as_ref().err().map(ToString::to_string),
            advice: verdict.err().map_or_else(Vec::new, |error| diagnosis::advice(args, message, error)),
        }
    }

    fn write(&self, output: &mut impl Write) -> io::Result<()> {
        writeln!(output, "scheme       {}", self.scheme)?;
        writeln!(output, "digest       {}", self.digest)?;
        writeln!(output, "Ledger Nano  {}", self.ledger_nano_shows)?;
        writeln!(output, "address      {}", self.address)?;
        if let Some(recovered) = self.recovered {
            writeln!(output, "recovered    {recovered}")?;
        }
        match &self.reason {
            None => writeln!(output, "verdict      verified"),
            Some(reason) => writeln!(output, "verdict      NOT verified: {reason}"),
        }?;
        self.advice.iter().try_for_each(|advice| writeln!(output, "  - {advice}"))
    }
}

/// A digest as a Ledger Nano shows it: the first and last two bytes.
fn ledger_nano(digest: &[u8; 32]) -> String {
    let hex = HEXUPPER.encode(digest);
    format!("{}…{}", &hex[..4], &hex[60..])
}
