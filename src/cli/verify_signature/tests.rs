//! The answers that an operator reads.

use clap::Parser;
use serde_json::Value;

use super::*;

const ADDRESS: &str = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH";
/// tronweb 6.5.1, `signMessageV2("hello world")`, from `tests/vectors`.
const HELLO: &str = "0x00bb67c0ef81d9bec5a055145e93ced601f0699cd3391e2f3506044ca56899145c287d0b82657c7d493f38120e1646bddfe3465ad782d2a9143a89ac33fd47001c";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn parse(arguments: &[&str]) -> Result<Args, clap::Error> {
    Line::try_parse_from([&["verify-signature"], arguments].concat()).map(|line| line.args)
}

fn answer(arguments: &[&str], input: &str) -> (bool, String) {
    let mut output = Vec::new();
    let verified = run(&parse(arguments).unwrap(), &mut input.as_bytes(), &mut output).unwrap();
    (verified, String::from_utf8(output).unwrap())
}

fn hello(address: &str, signature: &str) -> (bool, String) {
    answer(&["--address", address, "--message", "hello world", "--signature", signature], "")
}

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/vectors/wallet-signatures.json")).unwrap()
}

/// Ask about a vector of `tests/vectors` under the default scheme.
fn ask(vector: &Value, after: &str) -> (bool, String) {
    let message = vector["message"].as_str().unwrap_or_default().to_owned() + after;
    let text = |field: &str| vector[field].as_str().unwrap().to_owned();
    let (address, signature) = (text("address"), text("signature_hex"));
    answer(&["--address", &address, "--message-file", "-", "--signature", &signature], &message)
}

#[test]
fn a_good_signature_is_reported_whole() {
    assert_eq!(
        hello(ADDRESS, HELLO),
        (
            true,
            "scheme       tron-v2\n\
             digest       cf02daeb2bea196ed5692322a66ed50080ce74ff8cb711199f1b04f3c13bc10d\n\
             Ledger Nano  CF02…C10D\n\
             address      TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH\n\
             recovered    TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH\n\
             verdict      verified\n"
                .to_owned()
        )
    );
}

#[test]
fn json_says_the_same() {
    let json = |message: &str| -> Value {
        let arguments = ["--json", "--address", ADDRESS, "--message", message, "--signature", HELLO];
        serde_json::from_str(&answer(&arguments, "").1).unwrap()
    };
    let good = json("hello world");
    assert_eq!(good["verified"], true);
    assert_eq!(good["scheme"], "tron-v2");
    assert_eq!(good["ledger_nano_shows"], "CF02…C10D");
    assert_eq!((&good["recovered"], &good["reason"]), (&ADDRESS.into(), &Value::Null));
    let bad = json("hello");
    assert_eq!(bad["verified"], false);
    assert_ne!(bad["recovered"], ADDRESS);
    assert!(bad["reason"].is_string() && bad["advice"][0].is_string(), "{bad}");
}

#[test]
#[rustfmt::skip]
fn each_refusal_says_why_and_what_to_do() {
    let (rs, n) = (&HELLO[2..130], "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140");
    let r = &rs[..64];
    let cases = [
        // case               signature                             says
        ("not hex",           format!("{rs}1g"),                    "hex digits only"),
        ("v missing",         rs.to_owned(),                        "v, is missing"),
        ("DER",               format!("3044{rs}1c"),                "such as DER"),
        ("v of EIP-155",      format!("{rs}25"),                    "v must come last"),
        ("out of range",      format!("{}{r}1c", "0".repeat(64)),   "damaged"),
        ("high s",            format!("{r}{n}1c"),                  "No known wallet gives a high s"),
        ("no point",          format!("{}5{r}1c", "0".repeat(63)),  "in another order"),
        ("another account",   format!("{rs}1b"),                    "Another account was selected"),
    ];
    for (case, signature, says) in cases {
        let (verified, text) = hello(ADDRESS, &signature);
        assert!(!verified && text.contains("NOT verified: ") && text.contains(says), "{case}: {text}");
    }
    let (verified, text) = hello("TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC", HELLO);
    assert!(!verified && text.contains(&format!("NOT verified: the signature recovers {ADDRESS}\n")), "{text}");
}

#[test]
fn what_else_was_signed_is_found() {
    let mut seen = [0; 4];
    for vector in vectors()["positive"].as_array().unwrap() {
        let Some(message) = vector["message"].as_str() else { continue };
        let (says, kind) = match vector["scheme"].as_str().unwrap() {
            "tron-v1" if message.len() == 32 => continue,
            "tron-v1" => ("It verifies as the old tron-v1 for the message, which is not accepted", 0),
            "eip191" => ("It verifies as eip191 for the message: the wallet signed an Ethereum message", 1),
            _ => ("verdict      verified\n", 2),
        };
        let (verified, text) = ask(vector, "");
        assert!(verified == (kind == 2) && text.contains(says), "{vector}: {text}");
        seen[kind] += 1;
        for newline in ["\n", "\r\n"] {
            let (verified, text) = ask(vector, newline);
            assert!(!verified && text.contains("without its final newline"), "{vector}: {text}");
            seen[3] += 1;
        }
    }
    assert_eq!(seen, [5, 18, 46, 2 * 69]);
}

#[test]
fn a_tron_signature_shown_as_an_ethereum_one_is_found() {
    let arguments =
        ["--address", ADDRESS, "--message", "hello world", "--signature", HELLO, "--scheme", "eip191"];
    let (verified, text) = answer(&arguments, "");
    assert!(!verified && text.contains("It verifies as tron-v2 for the message: "), "{text}");
}

#[test]
fn a_transaction_that_a_trezor_signed_verifies_and_is_found_under_another_scheme() {
    let key = k256::ecdsa::SigningKey::from_slice(&[3; 32]).unwrap();
    let sign = |digest: &[u8; 32]| {
        let (signature, recovery) = key.sign_prehash_recoverable(digest);
        format!("{signature:x}{:02x}", recovery.to_byte())
    };
    let address = sign(&[1; 32]).parse::<Signature>().unwrap().recover(&[1; 32]).unwrap();
    let signature = sign(&Scheme::TrezorTx.digest(address, b"hello world"));
    let address = address.to_string();
    let arguments = ["--address", &address, "--message", "hello world", "--signature", &signature];
    assert!(answer(&[&arguments[..], &["--scheme", "trezor-tx"]].concat(), "").0);
    let (verified, text) = answer(&arguments, "");
    assert!(!verified && text.contains("It verifies as trezor-tx for the message: "), "{text}");
}

#[test]
fn a_long_message_that_a_ledger_signed_wrongly_is_explained() {
    let mut seen = 0;
    for vector in vectors()["negative"].as_array().unwrap() {
        if vector["reason"].as_str().unwrap().contains("split over") {
            let (verified, text) = ask(vector, "");
            assert!(!verified && text.contains("messages over 225 bytes"), "{text}");
            seen += 1;
        }
    }
    assert_eq!(seen, 3);
}

#[test]
fn the_digest_is_what_the_device_showed() {
    let mut seen = 0;
    for vector in vectors()["positive"].as_array().unwrap() {
        let note = vector["note"].as_str().unwrap();
        let Some((_, rest)) = note.split_once(r#"["Message hash", ""#) else { continue };
        let shown = rest.split('"').next().unwrap().replace("...", "…");
        assert!(ask(vector, "").1.contains(&format!("Ledger Nano  {shown}\n")), "{note}");
        seen += 1;
    }
    assert_eq!(seen, 11);
}

#[test]
fn the_message_comes_from_one_of_three_places() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("message");
    std::fs::write(&path, "hello world").unwrap();
    let ask = |message: &[&str]| {
        answer(&[&["--address", ADDRESS, "--signature", HELLO], message].concat(), "hello world").0
    };
    assert!(ask(&["--message", "hello world"]));
    assert!(ask(&["--message-file", path.to_str().unwrap()]));
    assert!(ask(&["--message-file", "-"]));
    assert!(ask(&["--message-hex", "68656c6c6f20776f726c64"]));
    assert!(ask(&["--message-hex", "0x68656C6C6F20776F726C64"]));
    assert!(!ask(&["--message", ""]));
    assert!(!ask(&["--message", "--json"]));
}

#[test]
fn a_question_that_makes_no_sense_is_refused() {
    let base = ["--address", ADDRESS, "--signature", HELLO];
    for bad in [
        &[][..],
        &["--message", "a", "--message-hex", "61"],
        &["--message", "a", "--scheme", "tron-v1"],
        &["--message", "a", "--address", "T"],
    ] {
        assert_eq!(parse(&[&base, bad].concat()).err().unwrap().exit_code(), 2, "{bad:?}");
    }
    let error = |message: &[&str], input: &[u8]| {
        let args = parse(&[&base, message].concat()).unwrap();
        run(&args, &mut &*input, &mut Vec::new()).unwrap_err().to_string()
    };
    assert_eq!(error(&["--message-hex", "6"], b""), Error::Hex.to_string());
    assert_eq!(error(&["--message-hex", "zz"], b""), Error::Hex.to_string());
    assert!(error(&["--message-file", "/nowhere/at/all"], b"").starts_with("cannot read /nowhere/at/all: "));
    let large = vec![b'a'; (1 << 20) + 1];
    assert_eq!(error(&["--message-file", "-"], &large), Error::TooLarge.to_string());
    let most = parse(&[&base[..], &["--message-file", "-"]].concat()).unwrap();
    assert!(!run(&most, &mut &large[1..], &mut Vec::new()).unwrap());
}
